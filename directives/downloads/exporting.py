"""Taking lists away: short ones come at once, longer ones are written by the worker, and who took what stands in the record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
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
from directives.tables.lists import ListRequest, Notes, Place

AT_ONCE = 5_000  # rows of a file that comes at once
MOST = 3  # unended exports of one person
KEPT = timedelta(days=7)  # a file after it was written
NOT_FILTER = ("export", "page", "after", "before")  # of a page's address
MARGIN = timedelta(
    minutes=10
)  # by which a change of the tree may have begun before it could be seen
MOVES = 200  # changes of the tree that are looked at one by one


def demand_right(user: User, key: str) -> None:
    """Raise PermissionDenied to a person who may not take this list away."""
    if not may(user, "export", key):
        raise PermissionDenied(_("Exporting is for staff, managers and supervisors."))


def filter_of(query: QueryDict) -> str:
    """The filter in an address, without what is not part of it."""
    kept = query.copy()
    for name in NOT_FILTER:
        kept.pop(name, None)
    return kept.urlencode()


def choice_of(user: User, key: str) -> ListChoice:
    """How the person takes this list away; one that is not stored where they never chose."""
    return ListChoice.objects.filter(user=user, list=key).first() or ListChoice(
        user=user, list=key, version=0
    )


def answer(request: HttpRequest, key: str, place: Place | None = None) -> HttpResponse:
    """The list as the file that ?export= asks for, or the page that offers to have it written where it is long.

    Raises PermissionDenied for a person who may not export, Http404 for a format or a thing that is not there.
    """
    demand_right(request.user, key)
    wanted, place = request.GET.get("export", ""), dict(place or {})
    if wanted not in FORMATS:
        raise Http404
    found = find_list(key, request, place)
    if not found.at_most(AT_ONCE):
        return redirect(
            f"{reverse('export_new')}?"
            + urlencode({"list": key, **place, "format": wanted, "query": filter_of(request.GET)})
        )
    choice = choice_of(request.user, key)
    book = export_job.personal_book(
        found.make_book(), key, columns=choice.columns, paper=choice.paper, dated=request
    )
    book = replace(book, lights_on=keeper.ask(request.now).old_lights(request.today))
    response, rows = file_response(replace(book, as_of=data_as_of(request, request.now)), wanted)
    with transaction.atomic():
        _note(
            request.user, request.now, key, query=filter_of(request.GET), format=wanted, rows=rows
        )
    return response


def _note(by: User, now: datetime, key: str, **facts: object) -> None:
    """Who took what away, in the record of the body for which they work or which they oversee; an auditor has none."""
    posts = by.in_role(SUPERVISOR, MANAGER, STAFF)
    subject: Membership | User = min(posts, key=lambda one: len(one.organisation.path), default=by)
    with translation.override(
        "zh-hans"
    ):  # stored words: the bodies' own language, whoever takes it
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
    """Have the worker write the file; what is already being written is not begun twice.

    Raises NotAllowed, Http404 for what is not there, or Refusal where the person has MOST of them under way.
    """
    if not may(by, "export", key):
        raise NotAllowed(_("Exporting is for staff, managers and supervisors."))
    if wanted not in FORMATS:
        raise Http404
    told, choice = find_list(key, asked, place).filter_notes, choice_of(by, key)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    what = {
        "list": key,
        "place": dict(place),
        "query": query,
        "format": wanted,
        "language": language,
    }
    what |= {"columns": choice.columns, "paper": choice.paper}
    under_way = list(Export.objects.visible_to(by).filter(state__in=UNFINISHED))
    for export in under_way:
        if all(getattr(export, name) == value for name, value in what.items()):
            return export
    if len(under_way) >= MOST:
        raise Refusal(
            _("%(count)s of your files are being generated. Wait for one of them, or cancel one.")
            % {"count": len(under_way)}
        )
    export = Export.objects.create(
        **what, by=by, asked_at=now, reach=export_job.reach_of(by), told=_spelt(told)
    )
    _note(by, now, key, query=query, format=wanted, export=export.pk)
    jobs.enqueue(export)
    return export


def _spelt(told: Notes) -> list[list[str]]:
    return [[str(label), str(value)] for label, value in told]


@transaction.atomic
def cancel(export: Export, *, by: User, now: datetime) -> None:
    """Call it off. Raises IllegalMove if it has come to its end."""
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


# who may still have it


def refusal(export: Export, user: User, now: datetime) -> str:
    """Why the file may not be downloaded any more, in words; "" if it may."""
    if export.state != READY or export.finished_at + KEPT < now:
        return _("The file has expired.")
    if not may(user, "export", export.list):
        return _("Exporting is for staff, managers and supervisors.")
    held = export_job.reach_of(user)
    if any(part not in held for part in export.reach):
        return _(
            "Your roles in organisations changed after the file was generated. It may contain rows you can no longer see."
        )
    if _moved(export):
        return _(
            "Organisations in your scope were moved or merged after the file was generated. It may contain rows you can no longer see."
        )
    return ""


def _moved(export: Export) -> bool:
    """Whether a body went, or may have gone, out of the view of this export since."""
    changes = Event.objects.filter(
        subject_type="organisation",
        action__in=("move", "merge", "import"),
        at__gt=export.as_of - MARGIN,
    )
    seen = list(changes.order_by().values_list("organisation_id", "before")[: MOVES + 1])
    if len(seen) > MOVES:
        return True
    bodies = {pk for body, before in seen for pk in (body, before.get("parent_id")) if pk}
    paths = Organisation.objects.filter(pk__in=bodies).values_list("path", flat=True)
    trees = tuple(
        path for _role, path in export.reach if path
    )  # nothing goes out of an auditor's view
    return any(path.startswith(trees) for path in paths)


def due(now: datetime) -> QuerySet[Export]:
    """The exports that were kept their time."""
    return Export.objects.filter(finished_at__lt=now - KEPT)


@transaction.atomic
def purge(*, now: datetime) -> int:
    """Delete what was kept its time; returns how many."""
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
    """Remember how the person takes a list away; `columns` in their order, `offered` those that there are, by key.

    All of them as they come are remembered as none in particular. Raises Stale, or Invalid where nothing would be left.
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
    choice.columns, choice.paper, choice.version = (
        wanted,
        paper if paper in dict(PAPERS) else "a4",
        version + 1,
    )
    choice.save()
    audit.record(
        "columns",
        choice,
        by=by,
        now=now,
        before=before,
        after={"columns": choice.columns, "paper": choice.paper},
    )
    return choice
