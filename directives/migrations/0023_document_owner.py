"""Which body a document belongs to, and who asked for what now waits for a decision.

Both are found in what is stored. Who asked is filled in some thousand rows at a time, each a
transaction of its own; broken off, it goes on where it was.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Case, Max, Min, Model, OuterRef, Subquery, When

from directives.base.online import AddFieldAgain

STEP = 6  # characters of one level in a path
BATCH = 5000  # ids of one transaction
# What waits, by the acts that may have asked for it last: only the first of them names who asked.
WAITS = {
    "obligation": (("disputed", "closing"), ("dispute", "request_close")),
    "plan": (("awaiting", "submitted"), ("ask_signature",)),
    "reportentry": (("awaiting", "submitted"), ("ask_signature",)),
}
DIRECTLY = "hand_in"  # without a signature: whoever handed it in stands in a column of its own


def own(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give every document to a body; without any body there is nobody to whom it could belong."""
    documents = apps.get_model("directives", "Document").objects
    bodies = apps.get_model("directives", "Organisation").objects
    top = bodies.filter(parent=None).order_by("-branch", "path").first()
    if top is None:
        return
    for pk, person in documents.filter(organisation=None).values_list("pk", "registered_by"):
        path = _of_person(apps, person) or _above_all(apps, pk)
        body = bodies.filter(path=path).first() if path else None
        documents.filter(pk=pk).update(organisation=body or top)


def _of_person(apps: Apps, person: int | None) -> str:
    """The path of the topmost body that the person supervises."""
    posts = apps.get_model("directives", "Membership").objects.filter(
        user=person, role="supervisor"
    )
    paths = posts.values_list("organisation__path", flat=True)
    return min(paths, key=lambda path: (len(path), path), default="")


def _above_all(apps: Apps, document: int) -> str:
    """The path of the lowest body above all that owe something under a document."""
    owed = apps.get_model("directives", "Obligation").objects.filter(document=document)
    ends = owed.exclude(state="withdrawn").aggregate(
        first=Min("organisation__path"), last=Max("organisation__path")
    )
    first, last = ends["first"] or "", ends["last"] or ""
    path = ""
    for end in range(STEP, len(first) + 1, STEP):
        if not last.startswith(first[:end]):
            break
        path = first[:end]
    return (
        path[:-STEP] if path == first and len(path) > STEP else path
    )  # nobody stands above themselves


def remember(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Say of everything that waits for a decision who asked for it, as the record tells."""
    events = apps.get_model("directives", "Event").objects
    for name, (states, acts) in WAITS.items():
        model = apps.get_model("directives", name)
        asked = events.filter(
            subject_type=name, subject_id=OuterRef("pk"), action__in=(*acts, DIRECTLY)
        )
        who = Case(When(action__in=acts, then="by"))
        latest = Subquery(asked.order_by("-pk").annotate(who=who).values("who")[:1])
        _fill(model, states, latest)


def _fill(model: type[Model], states: tuple[str, ...], asked: Subquery) -> None:
    rows = model.objects.filter(state__in=states, asked_by=None)
    last = model.objects.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last + 1, BATCH):
        rows.filter(pk__gte=start, pk__lt=start + BATCH).update(asked_by=asked)


def asker() -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0022_signed_seals")]

    operations = [
        AddFieldAgain(
            "document",
            "organisation",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="directives.organisation",
                verbose_name="registered by",
            ),
        ),
        AddFieldAgain("obligation", "asked_by", asker()),
        AddFieldAgain("plan", "asked_by", asker()),
        AddFieldAgain("reportentry", "asked_by", asker()),
        migrations.RunPython(own, migrations.RunPython.noop),
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
