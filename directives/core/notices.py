"""Notices to people, in the product and by mail.

Written in the transaction of the change, mailed after it commits.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_tasks import task

from directives.base.states import LEAD, MANAGER, SUPERVISOR, WORKING
from directives.base.wording import format_day, localized_text
from directives.models import (
    Cycle,
    Document,
    Membership,
    Notice,
    Obligation,
    Organisation,
    PendingRight,
    Plan,
    ProgressReport,
    ReplyRequest,
    User,
)
from directives.models.people import CONFIRMED_RIGHTS
from directives.models.sql import insert

# kind → wording. It is filled with the notice's facts when shown, in the reader's language.
KINDS = {
    "issued": gettext_noop(
        "%(document)s: directives assigned to %(body)s: %(count)s. Please acknowledge receipt."
    ),
    "cycle": gettext_noop("The report of %(body)s on %(document)s is due on %(due)s."),
    "to_sign": gettext_noop("Items for you to sign at %(body)s: %(count)s."),
    "handed_in": gettext_noop("%(body)s submitted: %(what)s."),
    "returned": gettext_noop("%(body)s: items returned: %(count)s. %(reason)s"),
    "accepted": gettext_noop("%(body)s: items accepted: %(count)s."),
    "declined": gettext_noop("%(body)s: items returned by the manager: %(count)s. %(reason)s"),
    "merged": gettext_noop(
        "%(body)s was merged into %(into)s: %(over)s directives transferred, %(withdrawn)s "
        "withdrawn."
    ),
    "handed_over": gettext_noop(
        "%(count)s directives disputed by %(body)s were handed over to %(into)s: %(reason)s"
    ),
    "move_dispute": gettext_noop("%(body)s disputes %(code)s: %(reason)s"),
    "move_reassign": gettext_noop("%(code)s is still assigned to %(body)s: %(reason)s"),
    "move_withdraw": gettext_noop("%(code)s is no longer assigned to %(body)s: %(reason)s"),
    "move_reinstate": gettext_noop("%(code)s is assigned to %(body)s again: %(reason)s"),
    "move_suspend": gettext_noop("%(code)s of %(body)s was suspended: %(reason)s"),
    "move_resume": gettext_noop("%(code)s of %(body)s was resumed: %(reason)s"),
    "move_request_close": gettext_noop("%(body)s requests to close %(code)s: %(reason)s"),
    "move_refuse_close": gettext_noop("%(code)s of %(body)s was not closed: %(reason)s"),
    "move_close": gettext_noop("%(code)s of %(body)s was verified and closed: %(reason)s"),
    "move_reopen": gettext_noop("%(code)s of %(body)s was reopened: %(reason)s"),
    "move_withdraw_part": gettext_noop("%(code)s is no longer assigned to %(body)s: %(reason)s"),
    "broken_down": gettext_noop(
        "%(from)s broke down %(code)s of %(document)s and assigned a part of it to %(body)s. "
        "Please acknowledge receipt."
    ),
    "linked": gettext_noop(
        "%(code)s of %(document)s, which %(body)s has already, is now a part of the obligation of "
        "%(from)s."
    ),
    "extension_asked": gettext_noop(
        "%(body)s requests to complete %(code)s later, by %(due)s: %(reason)s"
    ),
    "extension_granted": gettext_noop(
        "Extension granted to %(body)s: %(code)s is due on %(due)s. %(reason)s"
    ),
    "extension_refused": gettext_noop(
        "Extension of %(code)s to %(due)s was not granted to %(body)s: %(reason)s"
    ),
    "due_corrected": gettext_noop(
        "The due date of %(code)s of %(body)s was corrected to %(due)s: %(reason)s"
    ),
    "asked_input": gettext_noop(
        "%(body)s is asked for an input on %(code)s by %(due)s. %(reason)s"
    ),
    "asked_instruction": gettext_noop("Instruction to %(body)s, reply by %(due)s. %(reason)s"),
    "replied": gettext_noop("%(body)s replied: %(reason)s"),
    "reply_settle": gettext_noop("The reply of %(body)s was settled."),
    "reply_return": gettext_noop("The reply of %(body)s was returned: %(reason)s"),
    "reply_withdraw": gettext_noop("%(body)s no longer has to reply: %(reason)s"),
    "rights_wait": gettext_noop(
        "Rights requested by %(who)s and waiting for a second person: %(count)s."
    ),
    "right_confirmed": gettext_noop(
        "%(who)s confirmed your request: %(person)s, %(right)s. %(body)s"
    ),
    "right_declined": gettext_noop(
        "%(who)s declined your request: %(person)s, %(right)s. %(body)s"
    ),
    "export_ready": gettext_noop("Your file is ready: %(name)s."),
    "act_done": gettext_noop("%(act)s: finished. %(what)s"),
    "act_stopped": gettext_noop("%(act)s: stopped. %(what)s %(reason)s"),
    "act_failed": gettext_noop("%(act)s: failed. %(what)s %(reason)s"),
}
ACTS = {
    "issue": gettext_noop("Assigning directives"),
    "open_cycle": gettext_noop("Opening a reporting cycle"),
    "relight": gettext_noop("Updating all lights"),
    "check": gettext_noop("Checking a table"),
    "apply": gettext_noop("Importing a table"),
    "undo": gettext_noop("Undo of an import"),
    "export": gettext_noop("Exporting a list"),
    "read": gettext_noop("Reading a document"),
    "register": gettext_noop("Registering a document"),
}
CODES_NAMED = 5  # directives that one notice names
NOTICE_TEXT = 120  # characters of a request or reply in a notice
TRIES = 24  # of one mail: about a day
# Between two tries; less than the hour after which a waiting task is reported as stuck
PAUSES = tuple(timedelta(minutes=n) for n in (1, 5, 15, 45))
# Moves of an obligation of which people are notified
MOVES = {kind.removeprefix("move_") for kind in KINDS if kind.startswith("move_")}

logger = logging.getLogger(__name__)


def render_text(notice: Notice) -> str:
    """The text of the notice in the active language, with names in its script."""
    facts = dict(notice.facts)
    if translation.get_language() == "zh-hant":
        hant = {name: text for name, text in facts.items() if name.endswith("_hant")}
        facts |= {name.removesuffix("_hant"): text for name, text in hant.items()}
    for name in {"reason", "what", "who", "person"} & facts.keys():
        facts[name] = localized_text(facts[name])
    if "right" in facts:
        facts["right"] = dict(CONFIRMED_RIGHTS)[facts["right"]]
    if "act" in facts:
        title = ACTS[facts["act"]]
        facts["act"] = _(title)
    if "due" in facts:
        facts["due"] = format_day(date.fromisoformat(facts["due"]), timezone.localdate(notice.at))
    return _(KINDS[notice.kind]) % facts


def mark_read(notice: Notice, *, now: datetime) -> None:
    """Mark a notice as read, unless it is already."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now)


def mark_all_read(*, by: User, now: datetime) -> int:
    """Mark all notices of a person as read; returns how many were unread."""
    return Notice.objects.filter(user=by, read_at=None).update(read_at=now)


class Reader(NamedTuple):
    """A person who gets a notice, and a mail if they have an address."""

    pk: int
    email: str


def _readers(bodies: Iterable[int], *roles: str) -> dict[Reader, None]:
    """Everybody with one of these roles in one of these bodies, each once."""
    members = Membership.objects.filter(
        organisation__in=bodies, role__in=roles, user__is_active=True
    )
    return dict.fromkeys(
        Reader(*row) for row in members.order_by("pk").values_list("user_id", "user__email")
    )


def supervisors_of(body: Organisation) -> dict[Reader, None]:
    """Everybody who supervises the body from above."""
    return _readers(body.strict_ancestor_ids, SUPERVISOR)


def send(
    people: Iterable[Reader | User], kind: str, *, url: str, now: datetime, facts: dict[str, Any]
) -> None:
    """Store a notice for each person and queue its mail, in the transaction of the change."""
    _store(
        [
            (person, Notice(user_id=person.pk, kind=kind, facts=facts, url=url, at=now))
            for person in people
        ]
    )


def _store(notices: Sequence[tuple[Reader | User, Notice]]) -> None:
    insert(Notice, [notice for _person, notice in notices])
    for person, notice in notices:
        if person.email:
            mail.enqueue(notice.pk)


@task()
def mail(notice_id: int, failed: int = 0) -> None:
    """Mail one notice in its reader's language.

    `failed` counts earlier attempts. After a failure the task is queued again, with growing pauses;
    the last failure fails the task, which `manage.py doctor` reports.
    """
    notice = Notice.objects.select_related("user").get(pk=notice_id)
    if not notice.user.email:
        return  # the address was removed meanwhile
    try:
        _mail(notice)
    except Exception as error:
        if failed + 1 >= TRIES:
            raise
        logger.warning(
            "The mail of notice %s could not be sent and is tried again: %s", notice_id, error
        )
        pause = PAUSES[min(failed, len(PAUSES) - 1)]
        mail.using(run_after=timezone.now() + pause).enqueue(notice_id, failed + 1)


def _mail(notice: Notice) -> None:
    with translation.override(notice.user.language or settings.LANGUAGE_CODE):
        text = render_text(notice)
        body = f"{text}\n\n{settings.SITE_URL}{notice.url}\n"
        line = " ".join(text.split())  # a reason may have several lines, a subject may not
        send_mail(
            f"{_('Implementation tracker')} · {line[:60]}",
            body,
            settings.DEFAULT_FROM_EMAIL,
            [notice.user.email],
        )


def organisation_facts(body: Organisation, document: Document, **more: object) -> dict[str, Any]:
    """The facts of a notice about an organisation and a document, in both scripts."""
    titles = {
        "document": f"《{document.title_hans}》",
        "document_hant": f"《{document.title_hant}》",
    }
    return {**_names("body", body), **titles, **more}


def _names(key: str, body: Organisation) -> dict[str, str]:
    return {key: body.name_hans, f"{key}_hant": body.name_hant or body.name_hans}


def notify_issued(
    *, document: Document, obligations: Iterable[Obligation], by: User | None, now: datetime
) -> None:
    """Notify the people of each body how many directives were assigned to it."""
    if by is None:
        return  # by the system, as in the sample: nobody needs a notice
    counts = Counter(row.organisation for row in obligations)
    members = Membership.objects.filter(
        organisation__in=counts, role__in=WORKING, user__is_active=True
    )
    bodies = {body.pk: body for body in counts}
    people = {
        (member.user_id, member.organisation_id): member.user
        for member in members.select_related("user")
    }
    notices = []
    for (_user, pk), person in people.items():
        facts = organisation_facts(bodies[pk], document, count=counts[bodies[pk]])
        notices.append((person, Notice(user=person, kind="issued", facts=facts, url="/", at=now)))
    _store(notices)


def notify_broken_down(
    whole: Obligation, parts: Sequence[Obligation], kind: str, *, now: datetime
) -> None:
    """Notify the people of the bodies of these parts; `kind` is broken_down or linked."""
    by_body = {row.organisation_id: row for row in parts}
    members = Membership.objects.filter(
        organisation__in=by_body, role__in=WORKING, user__is_active=True
    )
    notices = {}
    for member in members.select_related("user").order_by("pk"):
        row = by_body[member.organisation_id]
        facts = organisation_facts(
            row.organisation,
            whole.document,
            code=whole.directive.code,
            **_names("from", whole.organisation),
        )
        url = reverse("obligation", args=[row.pk])
        notice = Notice(user_id=member.user_id, kind=kind, facts=facts, url=url, at=now)
        notices[member.user_id, row.pk] = (member.user, notice)
    _store([*notices.values()])


def notify_moved(
    obligation: Obligation, action: str, *, upwards: bool, reason: str, now: datetime
) -> None:
    """Notify the supervisors above of a move, or the body's people if not `upwards`."""
    body = obligation.organisation
    facts = organisation_facts(
        body, obligation.document, code=obligation.directive.code, reason=reason.strip()
    )
    people = supervisors_of(body) if upwards else _readers([body.pk], *WORKING)
    url = reverse("obligation", args=[obligation.pk])
    send(people, f"move_{action}", url=url, now=now, facts=facts)


def notify_due(
    obligations: Sequence[Obligation],
    kind: str,
    *,
    upwards: bool,
    due: date,
    reason: str,
    now: datetime,
) -> None:
    """Notify of a day of completion: the supervisors above, or the people of the body.

    The obligations are of one body and document; the first few directives are named.
    """
    first, codes = obligations[0], [row.directive.code for row in obligations]
    named = "、".join(codes[:CODES_NAMED])
    if len(codes) > CODES_NAMED:
        named += f" … ({len(codes)})"
    facts = organisation_facts(
        first.organisation, first.document, code=named, due=due.isoformat(), reason=reason
    )
    body = first.organisation
    people = supervisors_of(body) if upwards else _readers([body.pk], *WORKING)
    url = reverse("obligation", args=[first.pk]) if len(codes) == 1 else reverse("extensions")
    send(people, kind, url=url, now=now, facts=facts)


def notify_merged(
    body: Organisation, into: Organisation, *, over: int, withdrawn: int, now: datetime
) -> None:
    """Notify the people of a merged body and of its successor what became of its work."""
    facts = {**_names("body", body), **_names("into", into), "over": over, "withdrawn": withdrawn}
    people = _readers([body.pk, into.pk], *WORKING)
    send(people, "merged", url=reverse("organisation", args=[into.pk]), now=now, facts=facts)


def notify_redirected(
    body: Organisation, into: Organisation, *, count: int, reason: str, now: datetime
) -> None:
    """Notify the people of both that directives which one disputed are the other's now."""
    facts = {
        **_names("body", body),
        **_names("into", into),
        "count": count,
        "reason": reason.strip(),
    }
    people = _readers([body.pk, into.pk], *WORKING)
    url = f"{reverse('obligations')}?{urlencode({'body': into.pk})}"
    send(people, "handed_over", url=url, now=now, facts=facts)


def notify_rights_waiting(people: Iterable[User], *, by: User, count: int, now: datetime) -> None:
    """Notify those who could confirm them that rights wait for confirmation."""
    facts = {"who": str(by), "count": count}
    url = reverse("admin:directives_pendingright_changelist")
    send(people, "rights_wait", url=url, now=now, facts=facts)


def notify_right_decided(right: PendingRight, kind: str, *, by: User, now: datetime) -> None:
    """Notify the requester of a right; `kind` is right_confirmed or right_declined."""
    names = _names("body", right.organisation) if right.organisation else {"body": ""}
    facts = {"who": str(by), "person": str(right.person), "right": right.right, **names}
    url = reverse("admin:directives_user_change", args=[right.person_id])
    send([right.asked_by], kind, url=url, now=now, facts=facts)


def notify_to_sign(
    body: Organisation, document: Document, *, count: int, url: str, now: datetime
) -> None:
    facts = organisation_facts(body, document, count=count)
    send(_readers([body.pk], MANAGER), "to_sign", url=url, now=now, facts=facts)


def notify_handed_in(filing: Plan | ProgressReport, *, what: str, url: str, now: datetime) -> None:
    """Notify the supervisors above that something waits for their review."""
    facts = organisation_facts(filing.organisation, filing.document, what=what)
    send(supervisors_of(filing.organisation), "handed_in", url=url, now=now, facts=facts)


def notify_decided(
    filing: Plan | ProgressReport, kind: str, *, count: int, reason: str, url: str, now: datetime
) -> None:
    """Notify the body's people of a verdict; `kind` is returned, accepted or declined."""
    facts = organisation_facts(filing.organisation, filing.document, count=count, reason=reason)
    people = _readers([filing.organisation.pk], *WORKING)
    send(people, kind, url=url, now=now, facts=facts)


def notify_asked(requests: Iterable[ReplyRequest], *, now: datetime) -> None:
    """Notify the people of each body that something is asked of it."""
    requests = tuple(requests)
    people: dict[int, dict[Reader, None]] = {}
    for request in requests:
        body = request.organisation_id
        people[body] = people.get(body) or _readers([body], *WORKING)
        facts = _facts_of_request(request, request.text) | {"due": request.due_on.isoformat()}
        kind, url = f"asked_{request.kind}", _request_url(request)
        send(people[body], kind, url=url, now=now, facts=facts)


def notify_replied(request: ReplyRequest, *, now: datetime) -> None:
    """Notify who asked: the people of the lead body, or the person."""
    askers: Iterable[Reader | User] = ()
    if request.asked_as == LEAD and request.asking_body_id:
        askers = _readers([request.asking_body_id], *WORKING)
    elif request.asked_by is not None and request.asked_by.is_active:
        askers = [request.asked_by]
    url, facts = _request_url(request), _facts_of_request(request, request.reply)
    send(askers, "replied", url=url, now=now, facts=facts)


def notify_reply_decided(request: ReplyRequest, action: str, *, reason: str, now: datetime) -> None:
    """Notify the body's people that its reply was settled or returned, or is needed no more."""
    facts = _facts_of_request(request, reason.strip())
    people = _readers([request.organisation_id], *WORKING)
    send(people, f"reply_{action}", url=_request_url(request), now=now, facts=facts)


def _request_url(request: ReplyRequest) -> str:
    return reverse("reply_request", args=[request.pk])


def _facts_of_request(request: ReplyRequest, text: str) -> dict[str, Any]:
    """`text` is what a notice says of it, shortened; the code is empty without a directive."""
    code = request.directive.code if request.directive else ""
    short = text if len(text) <= NOTICE_TEXT else f"{text[:NOTICE_TEXT]}…"
    return {**_names("body", request.organisation), "code": code, "reason": short}


def notify_cycle_opened(cycle: Cycle, reports: Iterable[ProgressReport], *, now: datetime) -> None:
    """Notify the people of the bodies of these reports when they are due.

    A cycle that opens for thousands of bodies calls this part by part.
    """
    people: dict[int, dict[int, User]] = {}
    reports = tuple(reports)
    bodies = [report.organisation_id for report in reports]
    members = Membership.objects.filter(
        organisation__in=bodies, role__in=WORKING, user__is_active=True
    )
    for member in members.select_related("user"):
        people.setdefault(member.organisation_id, {})[member.user_id] = member.user
    due, notices = cycle.due_on.isoformat(), []
    for report in reports:
        facts = organisation_facts(report.organisation, cycle.document, due=due)
        url = reverse("report", args=[report.pk])
        notices += [
            (person, Notice(user=person, kind="cycle", facts=facts, url=url, at=now))
            for person in people.get(report.organisation_id, {}).values()
        ]
    _store(notices)
