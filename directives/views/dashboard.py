"""The dashboard: where the work stands, drilled down body by body."""

from django.http import Http404
from django.views.decorators.http import require_GET

from directives.overview.board import board
from directives.sheets.board import export
from directives.sheets.out import asked
from directives.views.doors import page

SHOWN = 10  # rows of the heat map before “all”
ENDS = 6  # rows at each end of the ranking


def _number(text):
    """An id from an address: None where none is given; what is no number is the id of nothing."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@require_GET
def dashboard(request):
    scope, document = (_number(request.GET.get(name)) for name in ("scope", "document"))
    found = board(request.user, scope=scope, document=document, today=request.today, workdays=request.workdays)
    if found is None:
        if scope is not None or document is not None:
            raise Http404
        return page(request, "directives/dashboard/nowhere.html", {})
    if asked(request):
        return export(request, found)
    every = bool(request.GET.get("all"))
    lines = found.bodies
    hottest = sorted(lines, key=lambda line: -line.lights.yellow - line.lights.red)
    split = not every and len(lines) > 2 * ENDS + 1
    context = {
        "board": found,
        "heat": [found.with_cells(line) for line in (hottest if every else hottest[:SHOWN])],
        "best": lines[:ENDS] if split else lines,
        "worst": lines[-ENDS:] if split else (),
        "between": len(lines) - 2 * ENDS if split else 0,
    }
    return page(request, "directives/dashboard/board.html" if found.census else "directives/dashboard/empty.html", context)
