"""May this person do this? Predicates over people, memberships and rows; they change nothing.

`may(user, right, subject)` is the only question the other rooms ask. `RIGHTS` is the table of
answers.
"""

from collections.abc import Callable

from django.conf import settings
from django.db.models import Model

from directives.base.duties import PERMISSIONS
from directives.base.states import MANAGER, STAFF, SUPERVISOR
from directives.models import (
    Attachment,
    Directive,
    Document,
    Figure,
    Indicator,
    LogEntry,
    Measure,
    Membership,
    Obligation,
    Organisation,
    Plan,
    ProgressReport,
    Repair,
    ReportEntry,
    Section,
    User,
)

RECORD = "events"  # key of the record among the lists that can be taken away


def organisation_of(subject: Model) -> Organisation:
    """The body that a row belongs to."""
    match subject:
        case Organisation():
            return subject
        case Obligation() | Plan() | ProgressReport() | Indicator() | Figure():
            return subject.organisation
        case ReportEntry():
            return subject.report.organisation
        case Measure():
            return subject.plan.organisation
        case LogEntry():
            return subject.measure.plan.organisation
        case Attachment():
            parent = subject.log_entry or subject.report_entry or subject.plan
            assert parent is not None  # a constraint of the table
            return organisation_of(parent)
    raise TypeError(f"no body for {subject!r}")


def holds(user: User, subject: Model, *roles: str) -> bool:
    """The person has one of these roles in the very body of the row."""
    body = organisation_of(subject)
    return any(m.organisation_id == body.pk for m in user.in_role(*roles))


def is_above(user: User, subject: Model) -> bool:
    """The person supervises a body strictly above the row's: nobody supervises their own."""
    path = organisation_of(subject).path
    return any(
        path != m.organisation.path and path.startswith(m.organisation.path)
        for m in user.in_role(SUPERVISOR)
    )


def has_manager(organisation: Organisation) -> bool:
    """Somebody can sign for the body."""
    return Membership.objects.filter(
        organisation=organisation, role=MANAGER, user__is_active=True
    ).exists()


def can_receive(user: User, subject: Model) -> bool:
    """Acknowledge or dispute what was assigned: the staff of the body."""
    return holds(user, subject, STAFF)


def can_work(user: User, subject: Model) -> bool:
    """Write drafts, log work, ask for close-out: staff and manager of the body."""
    return holds(user, subject, STAFF, MANAGER)


def can_amend(user: User, subject: LogEntry) -> bool:
    """Change or withdraw an entry of the work log: who wrote it, while they work for its body.

    LOG_ACTS says in which states.
    """
    return subject.by_id == user.pk and can_work(user, subject)


def can_sign(user: User, subject: Model) -> bool:
    return holds(user, subject, MANAGER)


def can_hand_in(user: User, subject: Model) -> bool:
    """Hand in without a further signature: the manager, or staff where the body has no manager."""
    return can_sign(user, subject) or (
        holds(user, subject, STAFF) and not has_manager(organisation_of(subject))
    )


def supervises(user: User, subject: Model) -> bool:
    """The person supervises the body of the row, or one above it."""
    path = organisation_of(subject).path
    return any(path.startswith(m.organisation.path) for m in user.in_role(SUPERVISOR))


def can_register(user: User, subject: Organisation | None = None) -> bool:
    """Register documents at all, or for one body: a supervisor of it, or of one above it."""
    return user.supervises if subject is None else supervises(user, subject)


def owns(user: User, subject: Document | Directive | Section | Repair) -> bool:
    """Correct the reading of a document, assign its directives, open its cycles, say which figures
    it asks for.

    It is for the supervisors of the body that registered it, and of those above that body.
    """
    document = subject if isinstance(subject, Document) else subject.document
    return document.organisation is not None and supervises(user, document.organisation)


def can_report(user: User, subject: Model) -> bool:
    """Report figures for a body: its staff and manager, or a supervisor above who brings in a table
    of many bodies.
    """
    return can_work(user, subject) or is_above(user, subject)


def can_export(user: User, subject: str = "") -> bool:
    """Take a list away as a file, named by its key: everybody who works with it; a viewer only
    looks, an auditor takes the record.
    """
    return user.exports or (subject == RECORD and can_audit(user))


def can_audit(user: User) -> bool:
    """Read and export the whole record, with its reasons and values."""
    return user.is_active and user.is_auditor


def keeps_accounts(user: User) -> bool:
    """Makes accounts, puts their names right, says whether they are in use."""
    return user.is_active and (user.is_system_administrator or user.is_superuser)


def keeps_rights(user: User) -> bool:
    """Says who holds which role and duty; gives first passwords, takes away lost second factors."""
    return user.is_active and (user.is_security_administrator or user.is_superuser)


def can_administer(user: User, account: User) -> bool:
    """Change an account or its password: nobody one that may more than they.

    Superusers are changed on the machine only.
    """
    if account.is_superuser:
        return False
    return user.is_superuser or (
        account.duties <= user.duties
        and account.get_all_permissions() <= user.get_all_permissions()
    )


def can_give(user: User, account: User) -> bool:
    """Say which roles and duties somebody else holds: giving them makes the giver no stronger, so
    it may be what they lack themselves.

    Not where the account has permissions that no duty has: those were given on the machine.
    """
    if not keeps_rights(user) or account.is_superuser or account.pk == user.pk:
        return False
    return (
        user.is_superuser
        or account.get_all_permissions() <= user.get_all_permissions() | PERMISSIONS
    )


def can_reset(user: User, account: User) -> bool:
    """Give somebody else a password, or take away their second factor: whoever does could sign in
    as them.

    Where rights are confirmed by a second person, nobody becomes that person so; superusers help
    out.
    """
    confirms = (
        settings.CONFIRM_RIGHTS and account.is_security_administrator and not user.is_superuser
    )
    return (
        keeps_rights(user)
        and account.pk != user.pk
        and can_administer(user, account)
        and not confirms
    )


RIGHTS: dict[str, Callable[..., bool]] = {
    "receive": can_receive,
    "work": can_work,
    "draft": can_work,
    "amend": can_amend,
    "sign": can_sign,
    "hand_in": can_hand_in,
    "review": is_above,
    "oversee": is_above,
    "issue": is_above,
    "register": can_register,
    "own": owns,
    "define": supervises,
    "report": can_report,
    "export": can_export,
    "audit": can_audit,
    "keep_accounts": keeps_accounts,
    "keep_rights": keeps_rights,
}


def may(user: User | None, right: str, subject: Model | str | None = None) -> bool:
    """True if the person holds the right over the row.

    None is the system itself (tick, sample), which holds all.
    """
    return (
        True
        if user is None
        else RIGHTS[right](user, subject)
        if subject is not None
        else RIGHTS[right](user)
    )
