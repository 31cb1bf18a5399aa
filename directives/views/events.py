"""The audit record, for those who may see it."""

from django.views.decorators.http import require_GET

from directives.overview.events import SUBJECTS, Asked, lines, sees_origin
from directives.overview.record import SEARCHED, events_page
from directives.overview.timeline import WORDS
from directives.sheets.exporting import answer
from directives.sheets.out import asked
from directives.views.doors import page

HERE = "directives/events/"


@require_GET
def events(request):
    if asked(request):
        return answer(request, "events")
    chosen = Asked.of(request.GET)
    shown = events_page(request.user, chosen, request.GET)
    context = {
        "page": shown, "rows": lines(shown.rows, request.user), "chosen": chosen, "actions": sorted(WORDS), "words": WORDS,
        "subjects": SUBJECTS, "searched": SEARCHED, "origin": sees_origin(request.user),
    }  # fmt: skip
    return page(request, HERE + "list.html", context, fragment=HERE + "_list.html")
