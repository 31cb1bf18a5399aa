"""Background jobs: issuing, opening cycles, relighting, importing tables, exporting lists.

A row of a subclass of `models.BackgroundJob` stores the progress of a job. The row and its task in
the queue are written in the transaction of the request. The worker runs the job in turns of some
seconds. A small job is run by the web process, right after that transaction has committed; its task
is deferred until the request must be over, and then finds nothing to do.

Every job ends in one of these states, shown on its page and sent to the requester as a notice:
- done;
- stopped: the command refused, or several processes ended while they ran the same part; a person
  may resume it;
- failed: an error in the product, logged with an incident number; a person may try again;
- cancelled by a person, which takes precedence over a process that runs it.

A process that is killed leaves its job in a BUSY state. `rescue` (the worker is dead) and `sweep`
(the task is gone) queue the job again with a new task; a job is run only by the task named in its
row. Each process that takes a job raises its version, so that an earlier one that was merely slow
is superseded.
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
