"""Checks of the background work: workers, queue, lights, seals, backup, calendar, counts."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from directives import tallies
from directives.core import jobs, notices, sealing
from directives.health.findings import Finding, fine, warning, wrong
from directives.health.upkeep import read_upkeep
from directives.models import Event, JobRun, Obligation, Unsealed

START = "make run starts one; with systemd: systemctl restart qunzhu-worker."
SEALED = timedelta(minutes=10)  # after which an event should have its seal
ANCHORED = timedelta(hours=1)  # after which the newest seal should be anchored
DAY = timedelta(days=1)
LISTED = 5  # faults that are listed one by one


def format_local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def check_worker(now: datetime) -> Iterator[Finding]:
    upkeep = read_upkeep(now)
    living = JobRun.objects.living(now).count()
    last_seen = format_local(upkeep.seen_at) if upkeep.seen_at else "never"
    if living:
        yield fine(f"{living} running, last seen {last_seen}")
    elif upkeep.silent(now):
        message = (
            f"none is running, the last was seen {last_seen}: lights stand still, long work waits"
        )
        yield wrong(message, START)
    else:
        message = f"none is running, the last was seen {last_seen}"
        yield warning(message, f"Look again in a minute. {START}")


def check_queue(now: datetime) -> Iterator[Finding]:
    upkeep, waiting_count = read_upkeep(now), DBTaskResult.objects.ready().count()
    if upkeep.waiting_since and upkeep.tasks_wait(now):
        message = (
            f"{waiting_count} tasks wait, the oldest since {format_local(upkeep.waiting_since)}"
        )
        yield warning(message, "See to the worker, or start a second one.")
    else:
        yield fine(f"{waiting_count} tasks wait")
    unsent = DBTaskResult.objects.filter(
        status=TaskResultStatus.READY,
        task_path__in=jobs.queued_paths(notices.mail.module_path),
        args_kwargs__args__1__isnull=False,
    )
    if count := unsent.count():
        yield warning(
            f"{count} mails could not be sent and are tried again",
            "The worker's log says why; see to the mail server.",
        )
    recent_failures = DBTaskResult.objects.failed().filter(finished_at__gt=now - DAY)
    failed = Counter(map(jobs.present_path, recent_failures.values_list("task_path", flat=True)))
    if failed:
        counts = failed.most_common()
        names = ", ".join(f"{path.rpartition('.')[2]} {count}" for path, count in counts)
        yield warning(
            f"failed within a day: {names}",
            "The worker's log says why; whoever began them can do so again.",
        )


def check_lights(now: datetime) -> Iterator[Finding]:
    upkeep, due = (
        read_upkeep(now),
        Obligation.objects.due_for_light(timezone.localdate(now)).count(),
    )
    if upkeep.lights_late(now):
        message = f"as of {upkeep.lights_on}: {due} obligations wait for the light of a later day"
        yield wrong(message, "See to the worker, or: manage.py tick")
    else:
        yield fine(f"as of {upkeep.lights_on}")


def check_seals(now: datetime) -> Iterator[Finding]:
    first_unsealed = (
        Unsealed.objects.order_by("event_id").values_list("event_id", flat=True).first()
    )
    events = (
        Event.objects.filter(pk=first_unsealed)
        if first_unsealed is not None
        else Event.objects.none()
    )
    oldest_at = events.values_list("at", flat=True).first()
    if oldest_at is not None and now - oldest_at > SEALED:
        count = Unsealed.objects.count()
        message = (
            f"{count} events of the record have no seal, the oldest of {format_local(oldest_at)}"
        )
        yield warning(message, "See to the worker: it seals every minute.")
    else:
        yield fine("the record is sealed")


def check_key(now: datetime) -> Iterator[Finding]:
    """Check the sealing key and the copy of the newest seal outside the database."""
    try:
        state = sealing.seal_status()
    except (OSError, ValueError) as error:
        yield wrong(f"{error}", "Nothing is sealed. docs/record.md says what to do.")
        return
    if state is None:
        yield fine(f"no seal was made with {settings.AUDIT_DIR}")
    elif not state.private:
        message = f"{settings.AUDIT_DIR} can be read by others than this user"
        yield wrong(message, f"chmod -R go-rwx {settings.AUDIT_DIR}")
    elif not state.in_database:
        message = f"the database does not have seal number {state.number}, which was made here"
        yield wrong(message, "manage.py verify_audit; docs/record.md says what may be the cause.")
    else:
        yield fine(f"seal number {state.number} stands as it was made here")
    if settings.PRODUCTION and not settings.AUDIT_ANCHORS:
        yield warning(
            "the newest seal is told nowhere outside", "Set AUDIT_ANCHORS: docs/record.md."
        )
        return
    anchored_at = state.anchored_at if state else None
    late = state and not state.anchored and (anchored_at is None or now - anchored_at > ANCHORED)
    if late and settings.AUDIT_ANCHORS:
        since = format_local(anchored_at) if anchored_at else "never"
        yield warning(f"anchors were last written {since}", "The worker's log says why.")


def check_backup(now: datetime) -> Iterator[Finding]:
    upkeep = read_upkeep(now)
    remedy = "manage.py backup; daily by BACKUP_DIR or the timer: deploy/README.md."
    if upkeep.backed_up_at is None:
        yield warning("none was ever made", remedy)
    elif upkeep.backup_late(now):
        yield wrong(f"the last good one is of {format_local(upkeep.backed_up_at)}", remedy)
    else:
        yield fine(f"the last good one is of {format_local(upkeep.backed_up_at)}")


def check_calendar(now: datetime) -> Iterator[Finding]:
    missing = read_upkeep(now).missing_years
    if missing:
        make_finding = wrong if timezone.localdate(now).year in missing else warning
        years = ", ".join(map(str, missing))
        yield make_finding(
            f"the working days of {years} are not entered: Monday to Friday are counted",
            "Import them once the State Council has announced them: /intakes/new/calendar/",
        )
    else:
        yield fine("the working days are entered")


def check_counts(now: datetime) -> Iterator[Finding]:
    drift = tallies.drift()
    for line in drift[:LISTED]:
        yield wrong(line, "manage.py tallies --rebuild")
    if len(drift) > LISTED:
        yield wrong(f"and {len(drift) - LISTED} more", "manage.py tallies --rebuild")
    if not drift:
        yield fine("every count agrees with a recount")


def check_record(now: datetime) -> Iterator[Finding]:
    faults = sealing.verify()
    for line in faults[:LISTED]:
        yield wrong(
            line,
            "Somebody changed the record beside the product. Keep it as it is, and ask who.",
        )
    if len(faults) > LISTED:
        yield wrong(f"and {len(faults) - LISTED} more", "manage.py verify_audit")
    if not faults:
        yield fine("the record is whole under its seals")
