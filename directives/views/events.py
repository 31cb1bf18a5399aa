"""The audit record, for those who may see it."""

from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.models import Document
from directives.overview.events import SUBJECTS, Asked, lines
from directives.overview.record import SEARCHED, events_page, exported
from directives.overview.timeline import WORDS
from directives.sheets.events import EVENTS
from directives.sheets.out import asked, sheet
from directives.views.doors import page

HERE = "directives/events/"


@require_GET
def events(request):
    chosen = Asked.of(request.GET)
    if asked(request):
        fictional = Document.objects.filter(fictional=True).exists()
        return sheet(request, name=_("Audit record"), columns=EVENTS, rows=exported(request.user, chosen), fictional=fictional)
    shown = events_page(request.user, chosen, request.GET)
    context = {
        "page": shown, "rows": lines(shown.rows), "chosen": chosen, "actions": sorted(WORDS), "words": WORDS, "subjects": SUBJECTS,
        "searched": SEARCHED,
    }  # fmt: skip
    return page(request, HERE + "list.html", context, fragment=HERE + "_list.html")
