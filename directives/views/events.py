"""The audit record, for those who may see it."""

from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from directives.models import Document
from directives.overview.events import SUBJECTS, Asked, events_for, lines
from directives.overview.timeline import WORDS
from directives.sheets.events import EVENTS
from directives.sheets.out import asked, sheet
from directives.views.doors import page, paged

HERE = "directives/events/"


@require_GET
def events(request):
    chosen = Asked.of(request.GET)
    found = events_for(request.user, chosen)
    if asked(request):
        fictional = Document.objects.filter(fictional=True).exists()
        rows = (line for event in found.iterator(chunk_size=2000) for line in lines([event]))
        return sheet(request, name=_("Audit record"), columns=EVENTS, rows=rows, fictional=fictional)
    shown = paged(request, found)
    context = {"page": shown, "rows": lines(shown), "chosen": chosen, "actions": sorted(WORDS), "words": WORDS, "subjects": SUBJECTS}
    return page(request, HERE + "list.html", context, fragment=HERE + "_list.html")
