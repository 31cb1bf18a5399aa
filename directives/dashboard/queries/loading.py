"""The dashboard that a person asks for, read from the counts: of one document or of all."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from directives.base.workdays import Workdays
from directives.core.scope import Scope
from directives.dashboard.queries import counts, facts, own_rows
from directives.dashboard.queries.board import LATE_ROWS, Board
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.late import oldest
from directives.dashboard.queries.trend import ON_WALL as WIDE_REPORTS
from directives.dashboard.queries.trend import RIGHT, left, trend
from directives.models import Cycle, Directive, Document, Section, User


def load_board(user: User, choice: BoardChoice, *, today: date, workdays: Workdays) -> Board | None:
    """The dashboard of a body. None: the person may not look from there, or has no place at all.

    Without a scope it is that of the highest body that the person oversees, without a document of
    all documents that they see.
    """
    documents = documents_in_view(user)
    wanted = document_of(choice) if len(documents) > 1 or choice.document is not None else None
    document = next(
        (row for row in documents if row.pk == wanted),
        documents[0] if len(documents) == 1 else None,
    )
    if choice.document is not None and (document is None or document.pk != choice.document):
        return None
    view = counts.vantage(user, choice.scope)
    if view is None:
        return None
    parts = sections_of(document) if document else ()
    choice = _fitting(choice, document, parts, several=len(documents) > 1)
    scope = Scope.of(user)
    empty = Board(
        view,
        choice,
        document,
        documents,
        parts,
        today,
        workdays.add(today, -1),
        (*scope.trees, *scope.bodies),
    )
    if not documents:
        return empty
    return _then(empty) if choice.on else _now(empty, workdays)


def _fitting(
    choice: BoardChoice,
    document: Document | None,
    parts: tuple[Section, ...],
    *,
    several: bool,
) -> BoardChoice:
    """The choice without what is not of the document shown; of several, it names the document."""
    choice = choice.kept() if choice.on else choice
    if document is None:
        nothing = dict.fromkeys(("document", "section", "directive", "cycle"))
        return replace(choice, **nothing, directives=False)
    if choice.section and choice.section not in {section.pk for section in parts}:
        choice = replace(choice, section=None)
    return replace(choice, document=document.pk) if several else choice


def _now(board: Board, workdays: Workdays) -> Board:
    """The board filled with the work as it stands: at most seven queries."""
    view, choice, today, since = board.view, board.choice, board.today, board.since
    document = board.document and board.document.pk
    if view.counted:
        board = replace(board, ground=counts.ground_now(view, document, choice))
        if not board.lights.total:
            return board
        board = replace(board, read=choice.narrows and own_rows.few(view, board.lights.total))
        rows = own_rows.rows_below(view, document, choice) if board.read else ()
        of_rows, of_branch = partial(facts.of_rows, view, rows), partial(facts.of_branch, view)
        reader = of_rows if board.read else of_branch
        found = reader(document, choice, today=today, since=since)
        board = _by_directive(board, document)
    else:
        rows = own_rows.rows(view, document, choice)
        board = replace(
            board,
            ground=own_rows.ground(view, document, rows),
            tasks=own_rows.tasks(rows) if document else None,
        )
        if not board.lights.total:
            return board
        found = facts.of_rows(view, rows, document, choice, today=today, since=since)
    red = board.lights.red
    late = oldest(view, document, choice, red=red, limit=LATE_ROWS) if red else ()
    right = WIDE_REPORTS if choice.wall else RIGHT
    shown = (
        trend(
            found.cycles,
            chosen=choice.cycle,
            missing=found.clock("report"),
            today=today,
            right=right,
        )
        if board.told
        else None
    )
    days = left(shown, today, workdays)
    return replace(board, facts=found, late=late, trend=shown, workdays_left=days)


def _by_directive(board: Board, document: int | None) -> Board:
    """The board with what only the counts by directive tell, where it is shown."""
    if document is not None and (board.choice.directives or board.choice.narrows):
        tasks, unreceived = counts.by_directive(board.view, document, board.choice)
        return replace(board, tasks=tuple(tasks), unreceived=unreceived)
    if document is None and board.part:
        return replace(board, unreceived=counts.unreceived(board.view, board.choice))
    return board


def _then(board: Board) -> Board:
    """The board filled with what is kept of an earlier day: two or three queries."""
    view, choice, document = board.view, board.choice, board.document and board.document.pk
    if not view.copied:
        return board
    board = replace(board, ground=counts.ground_then(view, document, choice))
    if not board.lights.total:
        return replace(board, first_copy=counts.first_copy(view, document))
    day = choice.on + timedelta(days=1)  # copies of the day itself stand in the ground
    return replace(board, facts=facts.of_branch(view, document, choice, today=day, since=day))


def documents_in_view(user: User) -> tuple[Document, ...]:
    """Every document that the person sees, the newest first, with its names and its body's place alone."""
    names = ("title", "title_hans", "title_hant", "fictional", "script", "organisation__path")
    rows = Document.objects.visible_to(user).select_related("organisation").only(*names)
    return tuple(rows.order_by("-registered_at", "-pk"))


def sections_of(document: Document) -> tuple[Section, ...]:
    """The sections of a document, in its order."""
    names = ("number", "order", "title", "title_hans", "title_hant", "document_id")
    rows = Section.objects.filter(document=document).only(*names)
    return tuple(rows.order_by("order"))


def document_of(choice: BoardChoice) -> int | None:
    """The document (id) that a choice names, by itself or by a part of it. At most one query."""
    named = ((Section, choice.section), (Directive, choice.directive), (Cycle, choice.cycle))
    part = next(((model, pk) for model, pk in named if pk), None)
    if choice.document is not None or part is None:
        return choice.document
    return part[0].objects.filter(pk=part[1]).values_list("document_id", flat=True).first()
