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
from directives.base.replicas import data_as_of
from directives.base.states import MANAGER, STAFF, SUPERVISOR
from directives.catalogue.lists import LISTS, find_list
from directives.core import audit, jobs
from directives.core.rules import may
from directives.downloads import export_job
from directives.health.upkeep import keeper
from directives.models import Event, Export, ListChoice, Membership, Organisation, User
from directives.models.exports import CANCELLED, PAPERS, READY, UNFINISHED
from directives.tables.formats import FORMATS, file_response
from directives.tables.lists import ListRequest, Place

AT_ONCE = 5_000  # rows of a file that is written while the user waits
MOST = 3  # exports of one user under way
KEPT = timedelta(days=7)  # for which a finished file is kept
NOT_FILTER = ("export", "page", "after", "before")  # parameters of a page
MARGIN = timedelta(minutes=10)  # longest time between a change of the tree and its commit
MOST_MOVES = 200  # changes of the tree that are examined one by one


def demand_right(user: User, key: str) -> None:
    """Raise PermissionDenied to a user who may not export this list."""
    if not may(user, "export", key):
        raise PermissionDenied(_("Exporting is for staff, managers and supervisors."))


def filter_of(query: QueryDict) -> str:
    """The query string of a page without parameters that are no filter."""
    kept = query.copy()
    for name in NOT_FILTER:
        kept.pop(name, None)
    return kept.urlencode()


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
    listed, query = find_list(key, request, place), filter_of(request.GET)
    if not listed.at_most(AT_ONCE):
        parameters: dict[str, str | int] = {"list": key, **place}
        parameters |= {"format": format_key, "query": query}
        return HttpResponseRedirect(f"{reverse('export_new')}?{urlencode(parameters)}")
    choice = choice_of(request.user, key)
    book = export_job.personal_book(
        listed.make_book(), key, columns=choice.columns, paper=choice.paper, request=request
    )
    lights_on = keeper.ask(request.now).old_lights(request.today)
    book = replace(book, lights_on=lights_on, as_of=data_as_of(request, request.now))
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
    wanted: str,
    asked: ListRequest,
    language: str,
    by: User,
    now: datetime,
) -> Export:
    """Have the worker write the file, unless the same export is under way.

    Raises NotAllowed, Http404, or Refusal where the user has MOST exports under way.
    """
    if not may(by, "export", key):
        raise NotAllowed(_("Exporting is for staff, managers and supervisors."))
    if wanted not in FORMATS:
        raise Http404
    notes, choice = find_list(key, asked, place).filter_notes, choice_of(by, key)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    fields = {"list": key, "place": dict(place), "query": query, "format": wanted}
    fields |= {"language": language, "columns": choice.columns, "paper": choice.paper}
    under_way = list(Export.objects.visible_to(by).filter(state__in=UNFINISHED))
    for export in under_way:
        if all(getattr(export, name) == value for name, value in fields.items()):
            return export
    if len(under_way) >= MOST:
        text = _(
            "%(count)s of your files are being generated. Wait for one of them, or cancel one."
        )
        raise Refusal(text % {"count": len(under_way)})
    reach, texts = export_job.reach_of(by), [[str(label), str(value)] for label, value in notes]
    export = Export.objects.create(**fields, by=by, asked_at=now, reach=reach, told=texts)
    _record(by, now, key, query=query, format=wanted, export=export.pk)
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
    """Delete the file and forget the export. Raises IllegalMove while it is being written."""
    if export.state in UNFINISHED:
        raise IllegalMove(_("The file is still being generated. Cancel it first."))
    audit.record("delete", export, by=by, now=now, before={"name": export.name})
    _forget(export)


def _forget(export: Export) -> None:
    where = export.file.name or export_job.place_of(export)
    Export.objects.filter(pk=export.pk).delete()
    transaction.on_commit(partial(default_storage.delete, where))


# the right to download


def refusal(export: Export, user: User, now: datetime) -> str:
    """Why the file may not be downloaded any more, in words; "" if it may."""
    if export.state != READY or export.finished_at is None or export.finished_at + KEPT < now:
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


def _moved_since(day: datetime, reach: Sequence[Sequence[str]]) -> bool:
    """Whether an organisation left these subtrees since, or may have left them."""
    events = Event.objects.filter(
        subject_type="organisation",
        action__in=("move", "merge", "import"),
        at__gt=day - MARGIN,
    )
    changes = list(events.order_by().values_list("organisation_id", "before")[: MOST_MOVES + 1])
    if len(changes) > MOST_MOVES:
        return True
    bodies = {pk for body, before in changes for pk in (body, before.get("parent_id")) if pk}
    paths = Organisation.objects.filter(pk__in=bodies).values_list("path", flat=True)
    subtrees = tuple(path for _role, path in reach if path)  # "": an auditor sees everything
    return any(path.startswith(subtrees) for path in paths)


def due(now: datetime) -> QuerySet[Export]:
    """The exports whose time is over."""
    return Export.objects.filter(finished_at__lt=now - KEPT)


@transaction.atomic
def purge(*, now: datetime) -> int:
    """Delete the exports whose time is over; return how many."""
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
    wanted = [name for name in columns if name in offered]
    if offered and not wanted:
        raise Invalid({"columns": [_("Select at least one column.")]})
    wanted = [] if wanted == list(offered) else wanted
    ListChoice.objects.get_or_create(user=by, list=key, defaults={"version": 0})
    choice = ListChoice.objects.select_for_update().get(user=by, list=key)
    if choice.version != version:
        raise Stale(theirs=choice)
    before = {"columns": choice.columns, "paper": choice.paper}
    choice.columns, choice.version = wanted, version + 1
    choice.paper = paper if paper in dict(PAPERS) else "a4"
    choice.save()
    after = {"columns": choice.columns, "paper": choice.paper}
    audit.record("columns", choice, by=by, now=now, before=before, after=after)
    return choice
