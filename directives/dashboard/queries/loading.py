"""Loading a dashboard, about one document or all, from stored counts."""

from dataclasses import replace
from datetime import date, timedelta

from directives.base.workdays import Workdays
from directives.core.scope import Scope
from directives.dashboard.queries import counts, facts, own_rows
from directives.dashboard.queries.board import LATE_ROWS, Board
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.overdue import longest_overdue
from directives.dashboard.queries.trend import ON_WALL as WIDE_REPORTS
from directives.dashboard.queries.trend import RIGHT, trend, workdays_left
from directives.models import Cycle, Directive, Document, Obligation, Section, User


def load_board(user: User, choice: BoardChoice, *, today: date, workdays: Workdays) -> Board | None:
    """Return the dashboard of a body; None if the user may not see it, or belongs to no body.

    By default it is about the highest body that the user oversees, and all documents they see.
    """
    documents = documents_in_view(user)
    has_several = len(documents) > 1
    document_id = document_of(choice) if has_several or choice.document is not None else None
    only_document = documents[0] if len(documents) == 1 else None
    document = next((row for row in documents if row.pk == document_id), only_document)
    if choice.document is not None and (document is None or document.pk != choice.document):
        return None
    view = counts.vantage(user, choice.scope)
    if view is None:
        return None
    sections = sections_of(document) if document else ()
    scope = Scope.of(user)
    board = Board(
        view=view,
        choice=_adapted(choice, document, sections, has_several=has_several),
        document=document,
        documents=documents,
        sections=sections,
        today=today,
        since=workdays.add(today, -1),
        start_bodies=(*scope.trees, *scope.bodies),
    )
    if not documents:
        return board
    return _on_day(board, choice.on) if choice.on else _today(board, workdays)


def _adapted(
    choice: BoardChoice,
    document: Document | None,
    sections: tuple[Section, ...],
    *,
    has_several: bool,
) -> BoardChoice:
    """Adapt the choice to the document: drop other sections, and name it if there are several."""
    choice = choice.without_tally_filters() if choice.on else choice
    if document is None:
        return replace(
            choice, document=None, section=None, directive=None, cycle=None, directives=False
        )
    if choice.section and choice.section not in {section.pk for section in sections}:
        choice = replace(choice, section=None)
    return replace(choice, document=document.pk) if has_several else choice


def _today(board: Board, workdays: Workdays) -> Board:
    """Fill the board with the current state, in at most seven queries."""
    view, choice, document, rows = board.view, board.choice, board.document_id, None
    days = {"today": board.today, "since": board.since}
    if view.has_counts:
        board = replace(board, lights_by_body=counts.lights_today(view, document, choice))
        total = board.lights.total
        if total and choice.selects_part and own_rows.are_few(view, total):
            rows = own_rows.rows_below(view, document, choice)
        board = replace(board, has_rows_read=rows is not None)
    else:
        rows = own_rows.rows(view, document, choice)
        board = _with_own_rows(board, rows)
    red = board.lights.red
    if not board.lights.total:
        return board
    if rows is None:
        known_facts = facts.of_branch(view, document, choice, **days)
    else:
        known_facts = facts.of_rows(view, rows, document, choice, **days)
    if view.has_counts:
        board = _by_directive(board)
    overdue = longest_overdue(view, document, choice, red=red, limit=LATE_ROWS) if red else ()
    curve = None
    if board.has_marks:
        curve = trend(
            known_facts.cycles,
            selected_cycle=choice.cycle,
            missing=known_facts.clock("report"),
            today=board.today,
            right=WIDE_REPORTS if choice.wall else RIGHT,
        )
    days_left = workdays_left(curve, board.today, workdays)
    return replace(
        board, facts=known_facts, overdue_rows=overdue, trend=curve, workdays_left=days_left
    )


def _with_own_rows(board: Board, rows: list[Obligation]) -> Board:
    """Fill the board of a single body with the lights of its rows."""
    counted, document = [row for row in rows if row.is_counted], board.document_id
    return replace(
        board,
        lights_by_body=own_rows.lights_of_rows(board.view, document, counted),
        tasks=own_rows.tasks(counted) if document else None,
        facts=facts.Facts(marks=facts.broken_down(rows)),
    )


def _by_directive(board: Board) -> Board:
    """Fill in what comes from the counts by directive, if it is shown."""
    view, choice, document = board.view, board.choice, board.document_id
    if document is not None and (choice.directives or choice.selects_part):
        tasks, unreceived = counts.by_directive(view, document, choice)
        return replace(board, tasks=tuple(tasks), unacknowledged=unreceived)
    if document is None and board.lacks_marks:
        return replace(board, unacknowledged=counts.unacknowledged(view, choice))
    return board


def _on_day(board: Board, on: date) -> Board:
    """Fill the board with the state at the end of an earlier day, in two or three queries."""
    view, choice, document = board.view, board.choice, board.document_id
    if not view.has_copies:
        return board
    board = replace(board, lights_by_body=counts.lights_on_day(on, view, document, choice))
    if not board.lights.total:
        return replace(board, first_copy=counts.first_copy(view, document))
    day = on + timedelta(days=1)  # `copies` ends before this day; the day itself is in `ground`
    return replace(board, facts=facts.of_branch(view, document, choice, today=day, since=day))


def documents_in_view(user: User) -> tuple[Document, ...]:
    """Every document that the user sees, the newest first, with titles and path."""
    names = ("title", "title_hans", "title_hant", "fictional", "script", "organisation__path")
    rows = Document.objects.visible_to(user).select_related("organisation").only(*names)
    return tuple(rows.order_by("-registered_at", "-pk"))


def sections_of(document: Document) -> tuple[Section, ...]:
    """The sections of a document, in order."""
    names = ("number", "order", "title", "title_hans", "title_hant", "document_id")
    rows = Section.objects.filter(document=document).only(*names)
    return tuple(rows.order_by("order"))


def document_of(choice: BoardChoice) -> int | None:
    """The id of the document that a choice names, directly or by a part. At most one query."""
    parts = ((Section, choice.section), (Directive, choice.directive), (Cycle, choice.cycle))
    part = next(((model, pk) for model, pk in parts if pk), None)
    if choice.document is not None or part is None:
        return choice.document
    return part[0].objects.filter(pk=part[1]).values_list("document_id", flat=True).first()
