"""Every long act says in which state it is, when it last came further, and how many processes ended over it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RELIGHTING = "directives.ticking.relight_all"  # the task that had no row of its own


def tell_states(apps, schema_editor):
    """What came to its end before says how; what is queued as a task alone gets its row, and the worker finds it."""
    jobs, tasks = (
        apps.get_model("directives", "JobProgress"),
        apps.get_model("django_tasks_database", "DBTaskResult"),
    )
    ended = jobs.objects.exclude(finished_at=None)
    ended.filter(fault="").update(state="done")
    ended.exclude(fault="").update(state="stopped")
    queued = (
        tasks.objects.filter(task_path=RELIGHTING, status__in=("READY", "RUNNING"))
        .order_by("enqueued_at")
        .last()
    )
    if queued is not None:
        count = apps.get_model("directives", "Obligation").objects.count()
        jobs.objects.create(kind="relight", at=queued.enqueued_at, total=count)


def forget_lights(apps, schema_editor):
    """The code before has no rows for work on all lights. One that is not done is not forgotten: the lights would stay wrong."""
    found = apps.get_model("directives", "JobProgress").objects.filter(kind="relight")
    if found.exclude(state__in=("done", "cancelled")).exists():
        raise RuntimeError(
            "Lights are being worked out anew. Let the worker end that, or run manage.py tick --all and delete its row."
        )
    found.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("directives", "0019_all_documents"),
        ("django_tasks_database", "0018_rename_succeeded_status"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="jobprogress",
            options={"verbose_name": "long act", "verbose_name_plural": "long acts"},
        ),
        migrations.AddField(
            model_name="export",
            name="moved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="export",
            name="task",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="export",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="intake",
            name="asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="intake",
            name="moved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="intake",
            name="task",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="intake",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="jobprogress",
            name="moved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="jobprogress",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Under way"),
                    ("done", "Done"),
                    ("stopped", "Stopped"),
                    ("failed", "Failed"),
                    ("cancelled", "Ended early"),
                ],
                db_default="waiting",
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="jobprogress",
            name="task",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="jobprogress",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="jobprogress",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AddField(
            model_name="jobrun",
            name="boot",
            field=models.CharField(blank=True, db_default="", default="", max_length=36),
        ),
        migrations.AlterField(
            model_name="export",
            name="fault",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="export",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Being written"),
                    ("ready", "Ready"),
                    ("stopped", "Stopped"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="export",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AlterField(
            model_name="intake",
            name="fault",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AlterField(
            model_name="intake",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AlterField(
            model_name="jobprogress",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="jobprogress",
            name="document",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.document",
            ),
        ),
        migrations.RunPython(tell_states, forget_lights),
    ]
