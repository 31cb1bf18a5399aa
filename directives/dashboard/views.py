"""The dashboard: where the work stands, drilled down body by body."""

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import Http404
from django.views.decorators.http import require_GET

from directives.dashboard.exports import tables
from directives.dashboard.queries.board import WORST_DOCUMENTS
from directives.dashboard.queries.choice import BoardChoice
from directives.dashboard.queries.figures import FEW
from directives.dashboard.queries.loading import load_board
from directives.downloads.exporting import answer
from directives.models.documents import KINDS as ABOUTS
from directives.models.organisations import KINDS
from directives.tables.formats import wants_file
from directives.web.doors import page

SHOWN = 10  # rows of the heat map before “all”
ENDS, ENDS_ON_WALL = 6, 4  # rows at each end of the ranking
LONG = 10  # documents beside which two cards find room
PAGE = 100  # bodies or documents of one page of “all”


@require_GET
def dashboard(request):
    if wants_file(request):
        return answer(request, f"board-{request.GET.get('table', '')}")
    choice = BoardChoice.of(request.GET, request.today)
    found = load_board(request.user, choice, today=request.today, workdays=request.workdays)
    if found is None:
        if choice.scope is not None or choice.document is not None:
            raise Http404
        return page(request, "directives/dashboard/nowhere.html", {})
    asks = {
        "abouts": ABOUTS,
        "kinds": KINDS,
        "tables": tables(found),
        "yesterday": request.today - timedelta(days=1),
    }
    context = {
        "board": found,
        "documents": _documents(found),
        **_bodies(found),
        **asks,
        "filtered": choice.narrows or bool(choice.cycle),
    }
    return page(
        request,
        "directives/dashboard/board.html"
        if found.lights.total
        else "directives/dashboard/empty.html",
        context,
    )


def _bodies(found):
    """The ends of the ranking and the hottest of the heat map, or a page of all bodies."""
    lines, most = found.bodies, found.hottest
    if found.choice.all:
        pages = Paginator(lines, PAGE).get_page(found.choice.page)
        shown = slice(pages.start_index() - 1, pages.end_index()) if lines else slice(0)
        best, worst, heat = pages.object_list, (), most[shown]
    else:
        ends = ENDS_ON_WALL if found.choice.wall else ENDS
        split = len(lines) > 2 * ends + 1
        pages, best, worst, heat = (
            None,
            lines[:ends] if split else lines,
            lines[-ends:] if split else (),
            most[:SHOWN],
        )
    few = any(line.small for line in (*best, *worst))
    between = len(lines) - len(best) - len(worst) if worst else 0
    return {
        "heat": heat,
        "best": best,
        "worst": worst,
        "between": between,
        "pages": pages,
        "few": few,
        "least": FEW,
    }


def _documents(found):
    """The worst documents, or a page of all of them."""
    lines, pages = found.document_lines, None
    shown = lines[:WORST_DOCUMENTS]
    if found.choice.documents:
        pages = Paginator(lines, PAGE).get_page(found.choice.page)
        shown = pages.object_list
    more = 0 if pages else len(lines) - len(shown)
    return {"lines": shown, "pages": pages, "more": more, "long": len(shown) > LONG}
