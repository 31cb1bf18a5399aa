"""The register: documents with their counts, and one document beside its source."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from directives.base.numbers import whole_number
from directives.base.script import fold, to_hans
from directives.core.scope import NO_LIGHTS, Lights, Scope, lights_by
from directives.documents.queries.source import (
    Doubt,
    SourceLine,
    doubts,
    paragraph_lines,
    source_lines,
)
from directives.models import (
    ALWAYS,
    Directive,
    Document,
    LeftOut,
    Mark,
    Owing,
    Repair,
    Section,
    User,
)
from directives.models.documents import HEAVY, PROPOSED
from directives.obligations.queries.closing import closed_directives


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document with its counts; `bodies` and `lights` are over the scope of the user."""

    document: Document
    sections: int
    directives: int
    statements: int
    undecided: int  # undecided repairs
    bodies: int
    lights: Lights
    closed: frozenset[int] = frozenset()  # ids of the directives that are closed as a whole

    @property
    def requirements(self) -> int:
        """How many directives are requirements."""
        return self.directives - self.statements


def matching_documents(user: User, *, q: str = "") -> QuerySet[Document]:
    """The documents visible to the user, newest first; `q` is in title, issuer or file name."""
    rows = Document.objects.visible_to(user).defer(*HEAVY)
    if q.strip():
        text = q.strip()
        rows = rows.filter(
            Q(title__icontains=text)
            | Q(title_hans__icontains=to_hans(text))
            | Q(issuer__icontains=text)
            | Q(source_name__icontains=text)
        )
    return rows


def document_rows(user: User, documents: Sequence[Document]) -> tuple[DocumentRow, ...]:
    """These documents with their counts, in seven queries, or nine if any directive is closed."""
    scope = Scope.of(user)
    sections = _counts(Section.objects.filter(document__in=documents))
    sentences = (
        Directive.objects.filter(document__in=documents)
        .values_list("document_id")
        .annotate(n=Count("pk"), s=Count("pk", filter=Q(statement=True)))
    )
    directives = {
        document: (count, statements) for document, count, statements in sentences.order_by()
    }
    undecided = _counts(Repair.objects.filter(document__in=documents, state=PROPOSED))
    bodies = bodies_owing(scope, documents)
    lights = lights_by(scope, "document", document__in=documents)
    closed: dict[int, set[int]] = {}
    for directive, document_id in closed_directives(document__in=documents).items():
        closed.setdefault(document_id, set()).add(directive)
    return tuple(
        DocumentRow(
            document,
            sections.get(document.pk, 0),
            *directives.get(document.pk, (0, 0)),
            undecided.get(document.pk, 0),
            bodies.get(document.pk, 0),
            lights.get(document.pk, NO_LIGHTS),
            frozenset(closed.get(document.pk, ())),
        )
        for document in documents
    )


def bodies_owing(scope: Scope, documents: Sequence[Document]) -> Counter[int]:
    """How many bodies in view have obligations, by document id, from the tallies."""
    bodies: Counter[int] = Counter()
    marks = Mark.objects.filter(
        scope__in=scope.branches, document__in=documents, topic="bodies", day=ALWAYS, word=""
    )
    single_bodies = Owing.objects.filter(
        organisation__in=scope.single_bodies, document__in=documents, count__gt=0
    )
    for rows in (
        marks.values_list("document_id", "count"),
        single_bodies.values_list("document_id").annotate(Count("pk")).order_by(),
    ):
        for document, count in rows:
            bodies[document] += count
    return bodies


def _counts(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.values_list("document_id").annotate(Count("pk")).order_by())


# one document


@dataclass(frozen=True, slots=True)
class DirectiveRow:
    """A directive with its lights over the scope of the user."""

    directive: Directive
    lights: Lights


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with its directives; `lines` is empty where they are not found in the source."""

    lines: tuple[SourceLine, ...]
    rows: tuple[DirectiveRow, ...]


@dataclass(frozen=True, slots=True)
class SectionRows:
    section: Section
    lights: Lights
    heading: tuple[SourceLine, ...]
    paragraphs: tuple[Paragraph, ...]

    @property
    def directives(self) -> tuple[DirectiveRow, ...]:
        return tuple(row for paragraph in self.paragraphs for row in paragraph.rows)


@dataclass(frozen=True, slots=True)
class DocumentView:
    row: DocumentRow
    sections: tuple[SectionRows, ...]
    repairs: tuple[Repair, ...]
    left_out: tuple[LeftOut, ...]
    doubts: tuple[Doubt, ...]
    set_aside: tuple[Directive, ...]  # headings, and what a person left out

    @property
    def matching(self) -> int:
        """How many directives match the filter."""
        return len(self.set_aside) + sum(len(section.directives) for section in self.sections)


def matching_directives(
    document: Document, *, q: str = "", kind: str = "", section: str = ""
) -> QuerySet[Directive]:
    """Directives of a document in order; `q` is a code or words in any script, `section` an id."""
    rows = (
        Directive.objects.filter(document=document)
        .select_related("section__part")
        .prefetch_related("addressees", "items")
        .order_by("order")
    )
    if q.strip():
        rows = rows.filter(Q(code__icontains=q.strip()) | Q(search_key__contains=fold(q)))
    if kind:
        rows = rows.filter(kind=kind)
    if (pk := whole_number(section)) is not None:
        rows = rows.filter(section=pk)
    return rows


def directive_rows(
    user: User, document: Document, directives: Iterable[Directive]
) -> list[DirectiveRow]:
    lights = lights_by(Scope.of(user), "directive", document=document)
    return [
        DirectiveRow(directive, lights.get(directive.pk, NO_LIGHTS)) for directive in directives
    ]


def document_view(user: User, document: Document, directives: Iterable[Directive]) -> DocumentView:
    """The page of a document with these directives; sections without any are left out."""
    repairs, left_out = tuple(document.repairs.order_by("order")), tuple(document.left_out.all())
    source = _Source.of(document, source_lines(document, repairs, left_out))
    totals = lights_by(Scope.of(user), "section", document=document)
    grouped: dict[Section, dict[int, list[DirectiveRow]]] = {}
    set_aside = []
    for row in directive_rows(user, document, directives):
        if row.directive.heading or row.directive.dropped:
            set_aside.append(row.directive)
            continue
        grouped.setdefault(row.directive.section, {}).setdefault(
            row.directive.paragraph, []
        ).append(row)
    sections = []
    for section, by_paragraph in grouped.items():
        paragraphs = tuple(
            Paragraph(source.lines_of(section.pk, number), tuple(rows))
            for number, rows in by_paragraph.items()
        )
        sections.append(
            SectionRows(
                section,
                totals.get(section.pk, NO_LIGHTS),
                source.heading_of(section.pk),
                paragraphs,
            )
        )
    undecided = doubts(document.text_read, repairs)
    return DocumentView(
        document_rows(user, [document])[0],
        tuple(sections),
        repairs,
        left_out,
        undecided,
        tuple(set_aside),
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """Where each paragraph of a document is in its source."""

    lines: tuple[SourceLine, ...]
    places: dict[tuple[int, int], range]  # (section id, paragraph) → numbers of its lines

    @classmethod
    def of(cls, document: Document, lines: tuple[SourceLine, ...]) -> "_Source":
        paragraphs: dict[tuple[int, int], list[str]] = {}
        sentences = (
            Directive.objects.filter(document=document)
            .order_by("order")
            .values_list("section_id", "paragraph", "text")
        )
        for section, paragraph, text in sentences:
            paragraphs.setdefault((section, paragraph), []).append(text)
        numbers = paragraph_lines(document.text_repaired, paragraphs.values())
        return cls(lines, dict(zip(paragraphs, numbers, strict=True)))

    def lines_of(self, section: int, paragraph: int) -> tuple[SourceLine, ...]:
        place = self.places.get((section, paragraph), range(0))
        return tuple(line for line in self.lines if line.number in place)

    def heading_of(self, section: int) -> tuple[SourceLine, ...]:
        """The lines between the paragraph before the section and its first one."""
        first = min(
            (
                place.start
                for (owner, _number), place in self.places.items()
                if owner == section and place
            ),
            default=0,
        )
        before = max(
            (place.stop for place in self.places.values() if place and place.stop <= first),
            default=0,
        )
        return tuple(line for line in self.lines if before <= line.number < first)
