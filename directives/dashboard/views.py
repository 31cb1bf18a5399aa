"""The page of the dashboard."""

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_GET

from directives.dashboard.exports import tables
from directives.dashboard.queries.board import WORST_DOCUMENTS, Board
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.figures import FEW_OBLIGATIONS, BoardLine
from directives.dashboard.queries.loading import load_board
from directives.downloads.exporting import answer
from directives.models.documents import KINDS as ABOUTS
from directives.models.organisations import KINDS
from directives.tables.formats import wants_file
from directives.web.doors import page
from directives.web.requests import SignedInRequest

HEAT_ROWS = 10  # rows of the heat map before “all”
ENDS, ENDS_ON_WALL = 6, 4  # rows at each end of the ranking
LONG_LIST = 10  # documents beside whose list two cards fit
PAGE = 100  # bodies or documents on one page of “all”


@require_GET
def dashboard(request: SignedInRequest) -> HttpResponseBase:
    if wants_file(request):
        return answer(request, f"board-{request.GET.get('table', '')}")
    choice = BoardChoice.of(request.GET, request.today)
    board = load_board(request.user, choice, today=request.today, workdays=request.workdays)
    if board is None:
        if choice.scope is not None or choice.document is not None:
            raise Http404
        return page(request, "directives/dashboard/no_organisation.html", {})
    documents = _documents(board)
    context = {
        "board": board,
        "documents": documents,
        "layout": _layout(board, is_long=bool(documents["is_long"])),
        **_bodies(board),
        "abouts": ABOUTS,
        "kinds": KINDS,
        "tables": tables(board),
        "yesterday": request.today - timedelta(days=1),
        "filtered": choice.selects_part or bool(choice.cycle),
    }
    if not board.lights.total:
        return page(request, "directives/dashboard/empty.html", context)
    return page(request, "directives/dashboard/board.html", context)


def _layout(board: Board, *, is_long: bool) -> str:
    """The CSS class by which the cards are laid out."""
    if board.lacks_marks:
        return "part"
    if board.one_section:
        return "one"
    if board.several_documents:
        return "overall long" if is_long else "overall"
    return ""


def _bodies(board: Board) -> dict[str, object]:
    """The context of the ranking and the heat map: their ends, or a page of all bodies."""
    lines, hottest, pages = board.bodies, board.by_off_time, None
    best, heat = lines, hottest[:HEAT_ROWS]
    worst: tuple[BoardLine, ...] = ()
    ends = ENDS_ON_WALL if board.choice.wall else ENDS
    if board.choice.all:
        pages = Paginator(lines, PAGE).get_page(board.choice.page)
        part = slice(pages.start_index() - 1, pages.end_index()) if lines else slice(0)
        best, heat = lines[part], hottest[part]
    elif len(lines) > 2 * ends + 1:
        best, worst = lines[:ends], lines[-ends:]
    return {
        "heat": heat,
        "best": best,
        "worst": worst,
        "omitted_count": len(lines) - len(best) - len(worst) if worst else 0,
        "pages": pages,
        "has_small_bodies": any(line.small for line in (*best, *worst)),
        "small_limit": FEW_OBLIGATIONS,
    }


def _documents(board: Board) -> dict[str, object]:
    """The context of the list of documents: the worst, or a page of all."""
    lines, pages = board.document_lines, None
    shown_lines = lines[:WORST_DOCUMENTS]
    if board.choice.documents:
        pages = Paginator(lines, PAGE).get_page(board.choice.page)
        shown_lines = tuple(pages.object_list)
    not_shown = 0 if pages else len(lines) - len(shown_lines)
    return {
        "lines": shown_lines,
        "pages": pages,
        "not_shown": not_shown,
        "is_long": len(shown_lines) > LONG_LIST,
    }
