"""Steps of asking, replying and settling."""

from django.db.models import Q

from directives.base.states import OPEN, REPLIED, REPLY_OWED, SUPPORTING
from directives.models import Obligation, ReplyRequest
from tests.walk.walker import WHY, NothingToDo, Walker

EXISTING = Q(organisation__valid_to=None)


def support_ask(w: Walker) -> None:
    rows = Obligation.objects.filter(EXISTING, part=SUPPORTING, state__in=OPEN)
    row = w.pick(rows.exclude(organisation__parent=None))
    terms = {"text": w.words(), "due_on": w.day(0, 9)}
    w.send("support_ask", w.supervisor, row.directive_id, to=[row.pk], **terms)


def reply_give(w: Walker) -> None:
    row = w.pick(ReplyRequest.objects.filter(EXISTING, state__in=REPLY_OWED))
    by = w.worker_of(row.organisation_id)
    w.send("reply_give", by, row.pk, version=row.version, reply=w.words())


def reply_decide(w: Walker) -> None:
    row = w.pick(ReplyRequest.objects.filter(EXISTING, state__in=(REPLIED, *REPLY_OWED)))
    if row.replied_by_id == w.supervisor.pk:
        raise NothingToDo
    action = w.random.choice(["settle", "return"]) if row.state == REPLIED else "withdraw"
    w.send("reply_decide", w.supervisor, row.pk, action, version=row.version, reason=WHY)


def instruct_save(w: Walker) -> None:
    row = w.pick(Obligation.objects.filter(EXISTING, state__in=OPEN))
    terms = {"to": [row.pk], "text": w.words(), "due_on": w.day(0, 9)}
    w.send("instruct_save", w.supervisor, directive=row.directive_id, **terms)


STEPS = {step.__name__: step for step in (support_ask, instruct_save, reply_give, reply_decide)}
