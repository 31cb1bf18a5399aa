"""Exports of lists: short ones at once, longer ones by the worker, each with an audit event."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import FileResponse, Http404, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from directives.base.refusals import IllegalMove, Invalid, NotAllowed, Refusal, Stale
from directives.base.replicas import lag_of
from directives.base.states import MANAGER, STAFF, SUPERVISOR
from directives.catalogue.lists import LISTS, find_list
from directives.core import audit, jobs
from directives.core.rules import may
from directives.downloads import export_job
from directives.health.upkeep import upkeep_cache
from directives.models import Event, Export, ListChoice, Membership, Organisation, User
from directives.models.exports import CANCELLED, PAPERS, READY, UNFINISHED
from directives.tables.formats import FORMATS, file_response
from directives.tables.lists import ListRequest, Place

AT_ONCE_ROWS = 5_000  # rows of a file that is written while the user waits
MAX_UNDER_WAY = 3  # unfinished exports of one user
RETENTION = timedelta(days=7)  # for which a finished file is kept
NOT_FILTER = ("export", "page", "after", "before")  # parameters of a page
MARGIN = timedelta(minutes=10)  # longest time between a change of the tree and its commit
MAX_MOVES = 200  # changes of the tree that are examined one by one


def demand_right(user: User, key: str) -> None:
    """Raise PermissionDenied to a user who may not export this list."""
    if not may(user, "export", key):
        raise PermissionDenied(_("Exporting is for staff, managers and supervisors."))


def filter_of(query: QueryDict) -> str:
    """The query string of a page, reduced to the parameters of its filter."""
    filters = query.copy()
    for name in NOT_FILTER:
        filters.pop(name, None)
    return filters.urlencode()


def choice_of(user: User, key: str) -> ListChoice:
    """The stored choice of columns and paper, or an unsaved default."""
    return ListChoice.objects.filter(user=user, list=key).first() or ListChoice(
        user=user, list=key, version=0
    )


def answer(
    request: ListRequest, key: str, place: Place | None = None
) -> FileResponse | HttpResponseRedirect:
    """Return the list in the format of ?export=, or redirect to the page that offers an export.

    Raises PermissionDenied, or Http404 for an unknown format or object.
    """
    demand_right(request.user, key)
    format_key, place = request.GET.get("export", ""), dict(place or {})
    if format_key not in FORMATS:
        raise Http404
    filtered_list, query = find_list(key, request, place), filter_of(request.GET)
    if not filtered_list.at_most(AT_ONCE_ROWS):
        parameters: dict[str, str | int] = {"list": key, **place}
        parameters |= {"format": format_key, "query": query}
        return HttpResponseRedirect(f"{reverse('export_new')}?{urlencode(parameters)}")
    choice = choice_of(request.user, key)
    book = export_job.personal_book(
        filtered_list.make_book(), key, columns=choice.columns, paper=choice.paper, request=request
    )
    lights_on = upkeep_cache.get(request.now).old_lights(request.today)
    book = replace(book, lights_on=lights_on, as_of=request.now - lag_of(request))
    response, rows = file_response(book, format_key)
    with transaction.atomic():
        _record(request.user, request.now, key, query=query, format=format_key, rows=rows)
    return response


def _record(by: User, now: datetime, key: str, **facts: object) -> None:
    """Write the event, about the user's highest membership; about an auditor's account."""
    memberships = by.in_role(SUPERVISOR, MANAGER, STAFF)
    subject: Membership | User = min(
        memberships, key=lambda membership: len(membership.organisation.path), default=by
    )
    with translation.override("zh-hans"):  # stored text
        name = str(LISTS[key].name)
    audit.record("export", subject, by=by, now=now, after={"list": key, "name": name, **facts})


@transaction.atomic
def ask(
    *,
    key: str,
    place: Place,
    query: str,
    format_key: str,
    list_request: ListRequest,
    language: str,
    by: User,
    now: datetime,
) -> Export:
    """Queue an export for the worker, or return the same one if it is unfinished.

    Raises NotAllowed, Http404, or Refusal if the user has MAX_UNDER_WAY unfinished exports.
    """
    if not may(by, "export", key):
        raise NotAllowed(_("Exporting is for staff, managers and supervisors."))
    if format_key not in FORMATS:
        raise Http404
    notes, choice = find_list(key, list_request, place).filter_notes, choice_of(by, key)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    fields = {"list": key, "place": dict(place), "query": query, "format": format_key}
    fields |= {"language": language, "columns": choice.columns, "paper": choice.paper}
    under_way: list[Export] = list(Export.objects.visible_to(by).filter(state__in=UNFINISHED))
    for export in under_way:
        if all(getattr(export, name) == value for name, value in fields.items()):
            return export
    if len(under_way) >= MAX_UNDER_WAY:
        text = _(
            "%(count)s of your files are being generated. Wait for one of them, or cancel one."
        )
        raise Refusal(text % {"count": len(under_way)})
    reach, told = export_job.reach_of(by), [[str(label), str(value)] for label, value in notes]
    export = Export.objects.create(**fields, by=by, asked_at=now, reach=reach, told=told)
    _record(by, now, key, query=query, format=format_key, export=export.pk)
    jobs.enqueue(export)
    return export


@transaction.atomic
def cancel(export: Export, *, by: User, now: datetime) -> None:
    """Cancel an export. Raises IllegalMove if it has ended."""
    ended = {"state": CANCELLED, "finished_at": now, "version": F("version") + 1}
    if not Export.objects.visible_to(by).filter(pk=export.pk, state__in=UNFINISHED).update(**ended):
        raise IllegalMove(_("This file is already finished; no need to cancel."))
    audit.record(
        "cancel_export",
        export,
        by=by,
        now=now,
        before={"state": export.state},
        after={"state": CANCELLED},
    )


@transaction.atomic
def remove(export: Export, *, by: User, now: datetime) -> None:
    """Delete an export and its file. Raises IllegalMove while it is being written."""
    if export.state in UNFINISHED:
        raise IllegalMove(_("The file is still being generated. Cancel it first."))
    audit.record("delete", export, by=by, now=now, before={"name": export.name})
    _forget(export)


def _forget(export: Export) -> None:
    path = export.file.name or export_job.file_path_of(export)
    Export.objects.filter(pk=export.pk).delete()
    transaction.on_commit(partial(default_storage.delete, path))


# the right to download


def refusal(export: Export, user: User, now: datetime) -> str:
    """Why the file may no longer be downloaded, translated; "" if it may."""
    if export.state != READY or export.finished_at is None or export.finished_at + RETENTION < now:
        return _("The file has expired.")
    if not may(user, "export", export.list):
        return _("Exporting is for staff, managers and supervisors.")
    reach = export_job.reach_of(user)
    if any(role not in reach for role in export.reach):
        return _(
            "Your roles in organisations changed after the file was generated. "
            "It may contain rows you can no longer see."
        )
    if export.as_of is not None and _moved_since(export.as_of, export.reach):
        return _(
            "Organisations in your scope were moved or merged after the file was generated. "
            "It may contain rows you can no longer see."
        )
    return ""


def _moved_since(instant: datetime, reach: Sequence[Sequence[str]]) -> bool:
    """Whether an organisation has left these subtrees since this instant, or may have."""
    events = Event.objects.filter(
        subject_type="organisation",
        action__in=("move", "merge", "import"),
        at__gt=instant - MARGIN,
    )
    changes = list(events.order_by().values_list("organisation_id", "before")[: MAX_MOVES + 1])
    if len(changes) > MAX_MOVES:
        return True
    bodies = {pk for body, before in changes for pk in (body, before.get("parent_id")) if pk}
    paths = Organisation.objects.filter(pk__in=bodies).values_list("path", flat=True)
    subtrees = tuple(path for _role, path in reach if path)  # "": an auditor sees everything
    return any(path.startswith(subtrees) for path in paths)


def due(now: datetime) -> QuerySet[Export]:
    """The exports whose files are kept no longer."""
    return Export.objects.filter(finished_at__lt=now - RETENTION)


@transaction.atomic
def purge(*, now: datetime) -> int:
    """Delete the exports that are due; return how many."""
    old = list(due(now)[:1000])
    for export in old:
        _forget(export)
    return len(old)


# columns


@transaction.atomic
def choose(
    *,
    key: str,
    columns: Sequence[str],
    paper: str,
    offered: Mapping[str, object],
    version: int,
    by: User,
    now: datetime,
) -> ListChoice:
    """Store the user's choice for a list: keys of columns in their order, of those `offered`.

    All columns in their usual order are stored as an empty list. Raises Stale, or Invalid without a
    column.
    """
    if key not in LISTS:
        raise Http404
    keys = [name for name in columns if name in offered]
    if offered and not keys:
        raise Invalid({"columns": [_("Select at least one column.")]})
    keys = [] if keys == list(offered) else keys
    ListChoice.objects.get_or_create(user=by, list=key, defaults={"version": 0})
    choice = ListChoice.objects.select_for_update().get(user=by, list=key)
    if choice.version != version:
        raise Stale(theirs=choice)
    before = {"columns": choice.columns, "paper": choice.paper}
    choice.columns, choice.version = keys, version + 1
    choice.paper = paper if paper in dict(PAPERS) else "a4"
    choice.save()
    after = {"columns": choice.columns, "paper": choice.paper}
    audit.record("columns", choice, by=by, now=now, before=before, after=after)
    return choice
