"""How far a long act has come."""

from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from directives.overview.jobs import TITLES, found
from directives.views.doors import page

HERE = "directives/jobs/"


@require_GET
def job(request, pk):
    row = get_object_or_404(found(request.user), pk=pk)
    return page(request, HERE + "job.html", {"job": row, "title": TITLES[row.kind]}, fragment=HERE + "_job.html")
