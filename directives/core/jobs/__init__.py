"""Long acts: issuing to many, opening cycles, lights, checking, importing and undoing tables,
exports.

One mechanism carries all.

The row that an act is about says how far it has come (`models.BackgroundJob`); the row and its task
in the queue are written in the transaction that asks for it. The worker carries it out, a turn at a
time. A small one the web process carries out at once, once that transaction has committed; its task
waits beyond the time that a request may take, and finds nothing left to do.

Every act ends in one of these ways, on its page and in a notice to who asked for it:
- done;
- stopped: something stands against it, or process after process ended over it without its coming
  further; a person may go on;
- failed: an error of ours, with an incident in the log; a person may try again;
- called off by a person, which wins over carrying it out.

A process that is killed leaves an act BUSY. `rescue` (its worker is dead) and `sweep` (its task is
gone) let it wait for its turn again, with a task of its own: no other one carries it out. Whoever
takes it in hand gives it a new version, so that a process that was only slow finds itself
superseded.
"""

from directives.core.jobs.noting import (
    Act,
    Superseded,
    TooLong,
    change_state,
    finish,
    heartbeat,
    save_progress,
)
from directives.core.jobs.parts import (
    cancel_job,
    in_parts,
    resume_job,
    start_job,
    supervised_body_ids,
)
from directives.core.jobs.running import (
    carry_out,
    enqueue,
    present_path,
    queued_paths,
    rescue,
    run,
    sweep,
)

__all__ = [
    "Act",
    "Superseded",
    "TooLong",
    "heartbeat",
    "enqueue",
    "start_job",
    "cancel_job",
    "carry_out",
    "finish",
    "resume_job",
    "in_parts",
    "save_progress",
    "supervised_body_ids",
    "present_path",
    "queued_paths",
    "rescue",
    "run",
    "change_state",
    "sweep",
]
