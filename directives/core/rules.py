"""Permissions: predicates over people, memberships and rows.

Other packages call `may(user, right, subject)`; `RIGHTS` maps each right to its predicate.
"""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Exists, Model, OuterRef

from directives.base.duties import PERMISSIONS
from directives.base.states import (
    INPUT,
    LEAD,
    LIVE,
    MANAGER,
    STAFF,
    SUPERVISOR,
    SUPPORTING,
    WORKING,
)
from directives.models import (
    Attachment,
    Directive,
    Document,
    Extension,
    Figure,
    Indicator,
    LogEntry,
    LookBack,
    Measure,
    Membership,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    Repair,
    ReplyRequest,
    ReportEntry,
    Section,
    User,
    scope,
)

RECORD = "events"  # key of the audit record among the lists that can be exported


def organisation_of(subject: Model) -> Organisation:
    """The body that a row belongs to."""
    match subject:
        case Organisation():
            return subject
        case Obligation() | Plan() | ProgressReport() | Indicator() | Figure() | ReplyRequest():
            return subject.organisation
        case ReportEntry():
            return subject.report.organisation
        case Extension():
            return subject.obligation.organisation
        case Measure():
            return subject.plan.organisation
        case LogEntry():
            return subject.measure.plan.organisation
        case LookBack():
            return subject.obligation.organisation
        case Attachment():
            entry = subject.log_entry or subject.report_entry
            parent = entry or subject.plan or subject.reply_request or subject.look_back
            assert parent is not None  # a constraint of the table
            return organisation_of(parent)
    raise TypeError(f"no body for {subject!r}")


def holds(user: User, subject: Model, *roles: str) -> bool:
    """Whether the person has one of these roles in the body of the row itself."""
    body = organisation_of(subject).pk
    return any(m.organisation_id == body and m.role in roles for m in user.held_memberships)


def is_above(user: User, subject: Model) -> bool:
    """Whether the person supervises a body strictly above the row's."""
    return scope.is_above(user, organisation_of(subject).path)


def can_delegate(user: User, subject: Obligation) -> bool:
    """Break an obligation down to bodies below: its body's own supervisor, or its manager if none.

    Whoever may do this also oversees the parts and reviews what is filed on them.
    """
    body = subject.organisation
    if not body.branch:
        return False
    return holds(user, subject, SUPERVISOR) or (
        holds(user, subject, MANAGER) and not _has_role(body, SUPERVISOR)
    )


def is_over(user: User, subject: Model) -> bool:
    """Whether the person supervises a body above the row's, or broke the row down to its body."""
    return is_above(user, subject) or broke_down(user, subject)


def oversees_part(user: User, subject: Obligation) -> bool:
    """Withdraw a part after its receipt: one that its body would not owe otherwise."""
    is_part = subject.broken_from_id is not None and not subject.owed_before
    return is_part and is_over(user, subject)


def can_release(user: User, subject: Obligation) -> bool:
    """Make a part that was assigned on its own before an obligation of its own again."""
    if subject.broken_from_id is None or not subject.owed_before:
        return False
    return is_above(user, subject) or broke_down(user, subject, owed_before=True)


def broke_down(user: User, subject: Model, *, owed_before: bool = False) -> bool:
    """Whether the row is a part, or filed by a body on parts, of what the manager's body owes.

    Managers of bodies with a supervisor do not oversee parts, and none does those that were
    assigned by others before. No query for anybody but managers of bodies above.
    """
    path = organisation_of(subject).path
    managed = [
        m.organisation_id
        for m in user.in_role(MANAGER)
        if path != m.organisation.path and path.startswith(m.organisation.path)
    ]
    if not managed or (isinstance(subject, Obligation) and subject.broken_from_id is None):
        return False
    supervised = Membership.objects.filter(
        organisation=OuterRef("organisation"), role=SUPERVISOR, user__is_active=True
    )
    parts = Obligation.objects.filter(broken_from=OuterRef("pk"), owed_before=owed_before)
    match subject:
        case Obligation():
            parts = parts.filter(pk=subject.pk)
        case ReportEntry():
            parts = parts.filter(pk=subject.obligation_id)
        case Plan() | ProgressReport():
            parts = parts.filter(
                organisation=subject.organisation_id,
                document=subject.document_id,
                state__in=LIVE,
            )
        case _:
            return False
    owed = Obligation.objects.filter(~Exists(supervised), organisation__in=managed)
    return owed.filter(Exists(parts)).exists()


def _has_role(organisation: Organisation, role: str) -> bool:
    return Membership.objects.filter(
        organisation=organisation, role=role, user__is_active=True
    ).exists()


def has_manager(organisation: Organisation) -> bool:
    """Whether somebody can sign for the body."""
    return _has_role(organisation, MANAGER)


def can_receive(user: User, subject: Model) -> bool:
    """Acknowledge or dispute what was assigned: the staff of the body."""
    return holds(user, subject, STAFF)


def can_work(user: User, subject: Model) -> bool:
    """Write drafts, log work, ask for close-out: staff and manager of the body."""
    return holds(user, subject, *WORKING)


def can_amend(user: User, subject: LogEntry) -> bool:
    """Change or withdraw a log entry: its author, while they work for its body.

    `states.LOG_ACTS` says in which states.
    """
    return subject.by_id == user.pk and can_work(user, subject)


def can_sign(user: User, subject: Model) -> bool:
    return holds(user, subject, MANAGER)


def can_hand_in(user: User, subject: Model) -> bool:
    """Hand in without a further signature: the manager, or staff where the body has no manager."""
    return holds(user, subject, MANAGER) or (
        holds(user, subject, STAFF) and not has_manager(organisation_of(subject))
    )


def supervises(user: User, subject: Model) -> bool:
    """Whether the person supervises the body of the row, or one above it."""
    return scope.covers(user, organisation_of(subject).path, SUPERVISOR)


def can_register(user: User, subject: Organisation | None = None) -> bool:
    """Register documents: any supervisor; for a body: a supervisor of it or of one above it."""
    return user.supervises if subject is None else supervises(user, subject)


def owns(user: User, subject: Document | Directive | Section | Repair) -> bool:
    """Correct the text of a document, assign its directives, open its cycles, set its indicators.

    Supervisors of the body that registered the document, and of bodies above that, may do this.
    """
    document = subject if isinstance(subject, Document) else subject.document
    return document.organisation is not None and supervises(user, document.organisation)


def can_report(user: User, subject: Model) -> bool:
    """Report figures for a body: its staff and manager, or a supervisor above (in a table)."""
    return can_work(user, subject) or is_above(user, subject)


def leads(user: User, subject: Obligation) -> bool:
    """Whether a body for which the person works leads the directive of a supporting obligation."""
    return Obligation.objects.filter(pk=subject.pk).supporting(user).exists()


def can_ask_input(user: User, subject: Obligation) -> bool:
    """Ask a supporting body for an input: who works for the lead body, or a supervisor above."""
    return subject.part == SUPPORTING and (is_above(user, subject) or leads(user, subject))


def can_instruct(user: User, subject: Organisation | Obligation) -> bool:
    """Write an instruction: the manager or supervisor of the body, or of one above it."""
    return scope.covers(user, organisation_of(subject).path, MANAGER, SUPERVISOR)


def can_settle(user: User, subject: ReplyRequest) -> bool:
    """Settle, return or withdraw what was asked.

    Of the lead: who works for a body that leads, or for the body that asked. Of a supervisor or
    manager: that person, while in office, and supervisors of their body or above.
    """
    body = subject.asking_body
    if subject.kind == INPUT and subject.asked_as == LEAD:
        assert subject.obligation is not None  # a constraint of the table
        works = any(
            m.organisation_id == subject.asking_body_id and m.role in WORKING
            for m in user.held_memberships
        )
        return works or leads(user, subject.obligation)
    if body is not None and supervises(user, body):
        return True
    in_office = scope.covers(user, subject.organisation.path, subject.asked_as)
    return subject.asked_by_id == user.pk and in_office


def can_export(user: User, subject: str = "") -> bool:
    """Export the list with this key: everybody but viewers; an auditor only the record."""
    return user.exports or (subject == RECORD and can_audit(user))


def can_audit(user: User) -> bool:
    """Read and export the whole record, with its reasons and values."""
    return user.is_active and user.is_auditor


def keeps_accounts(user: User) -> bool:
    """Create accounts, correct their names, activate and deactivate them."""
    return user.is_active and (user.is_system_administrator or user.is_superuser)


def keeps_rights(user: User) -> bool:
    """Assign roles and duties, set first passwords, reset lost second factors."""
    return user.is_active and (user.is_security_administrator or user.is_superuser)


def can_administer(user: User, account: User) -> bool:
    """Change an account: only one that has no duty or permission which the user lacks.

    Superusers are changed only by command on the server.
    """
    if account.is_superuser:
        return False
    return user.is_superuser or (
        account.duties <= user.duties
        and account.get_all_permissions() <= user.get_all_permissions()
    )


def can_give(user: User, account: User) -> bool:
    """Assign roles and duties to somebody else, including those that the user does not have.

    Accounts with permissions beyond all duties are excluded: those were given on the server.
    """
    if not keeps_rights(user) or account.is_superuser or account.pk == user.pk:
        return False
    if user.is_superuser:
        return True
    return account.get_all_permissions() <= user.get_all_permissions() | PERMISSIONS


def can_reset(user: User, account: User) -> bool:
    """Set somebody else's password or reset their second factor, and so be able to sign in as them.

    If rights are confirmed by a second person (CONFIRM_RIGHTS), only a superuser may do this to a
    security administrator: another could otherwise act as both persons.
    """
    if account.pk == user.pk or not (keeps_rights(user) and can_administer(user, account)):
        return False
    confirms = settings.CONFIRM_RIGHTS and account.is_security_administrator
    return user.is_superuser or not confirms


RIGHTS: dict[str, Callable[..., bool]] = {
    "receive": can_receive,
    "work": can_work,
    "draft": can_work,
    "amend": can_amend,
    "sign": can_sign,
    "hand_in": can_hand_in,
    "review": is_over,
    "oversee": is_over,
    "oversee_part": oversees_part,
    "release": can_release,
    "delegate": can_delegate,
    "issue": is_above,
    "register": can_register,
    "own": owns,
    "define": supervises,
    "report": can_report,
    "ask_input": can_ask_input,
    "instruct": can_instruct,
    "settle": can_settle,
    "export": can_export,
    "audit": can_audit,
    "keep_accounts": keeps_accounts,
    "keep_rights": keeps_rights,
}


def may(user: User | None, right: str, subject: Model | str | None = None) -> bool:
    """Whether the person has the right over the row.

    A `user` of None is the system itself (tick, sample), which has every right.
    """
    if user is None:
        return True
    return RIGHTS[right](user) if subject is None else RIGHTS[right](user, subject)
