"""The throw-away database of the bench: the sample's document and bodies, every directive owed by every body."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import import_module
from io import StringIO
from random import Random

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from directives import tallies
from directives.issuing import Terms, issue
from directives.models import Directive, Document, Obligation, Organisation, ProgressReport, User
from directives.reporting import begin, open_cycle
from directives.ticking import tick

AGO = timedelta(days=120)  # when everything was assigned
WORK = timedelta(days=240)  # how long it may take
SEED = 2015


@dataclass(frozen=True, slots=True)
class Staged:
    """What the bench needs to know: who is signed in, how much there is, and the entries that are saved."""

    staff: str  # session keys
    supervisor: str
    bodies: int
    directives: int
    obligations: int
    document: int
    entries: list[int]


def stage(now: datetime, *, bodies: int) -> dict:
    """Fill the empty database and sign two people in; returns a `Staged` as JSON holds it."""
    call_command("load_sample", without_progress=True, stdout=StringIO())
    document = Document.objects.defer("source").get()
    directives = list(Directive.objects.filter(document=document, statement=False).order_by("order"))
    then = now - AGO
    owing = _bodies(then, bodies)
    terms = Terms(due_on=timezone.localdate(then + WORK), plan_due_on=timezone.localdate(then + AGO / 2))
    issue(document=document, directives=directives, organisations=owing, terms=terms, by=None, now=then)
    _work(now)
    today = timezone.localdate(now)
    open_cycle(
        document=document, year=today.year, period="quarter", number=(today.month + 2) // 3, opens_on=today - timedelta(days=10),
        due_on=today + timedelta(days=10), by=None, now=now,
    )  # fmt: skip
    tick(now=now, everything=True)
    staff = User.objects.get(username="staff")
    report = ProgressReport.objects.get(organisation=staff.standing[0].organisation_id)
    begin(report=report, by=staff, now=now)
    entries = list(report.entries.order_by("pk").values_list("pk", flat=True))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as the server itself does within a minute of such a load
    sessions = [_session(user) for user in (staff, User.objects.get(username="supervisor"))]
    return asdict(Staged(*sessions, len(owing), len(directives), Obligation.objects.count(), document.pk, entries))


def _bodies(then: datetime, wanted: int) -> list[Organisation]:
    """So many bodies: the top, the demo accounts' own, others of the sample that still exist, and made-up ones for the rest."""
    existing = Organisation.objects.existing_on(timezone.localdate(then)).order_by("code")
    home = {m.organisation_id for m in User.objects.get(username="staff").standing}
    bodies = sorted(existing, key=lambda body: (body.parent_id is not None, body.pk not in home, body.code))[:wanted]
    top = bodies[0]
    while len(bodies) < wanted:
        number = f"{len(bodies):03}"
        bodies.append(Organisation.objects.create(code=f"X{number}", name_hans=f"单位{number}", name_hant=f"單位{number}", parent=top))
    return bodies


def _work(now: datetime) -> None:
    """Made-up progress, written straight into this throw-away database; the tallies are made anew after it."""
    random = Random(SEED)  # noqa: S311 - not a secret
    rows = list(Obligation.objects.all())
    for row in rows:
        row.state, row.percent = random.choice([("acknowledged", 0), ("underway", 30), ("underway", 60), ("underway", 90)])
        row.acknowledge_by = None
        row.plan_due_on = row.plan_due_on if random.random() < 0.1 else None
        row.due_on = row.due_on + timedelta(days=random.randint(-130, 200))
    fields = ["state", "percent", "acknowledge_by", "plan_due_on", "due_on"]
    Obligation.objects.bulk_update(rows, fields, batch_size=500)
    Obligation.objects.update(original_due_on=F("due_on"))
    tallies.rebuild()


def _session(user: User) -> str:
    """A session of this person; its key is the cookie that signs them in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key
