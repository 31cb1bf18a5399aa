"""What bodies are asked to reply to, the clock of the reply, and cycles that ask the lead alone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def key(to: str, related: str = "+", **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name=related, to=to, **options
    )


KINDS = [("input", "Input"), ("instruction", "Instruction")]
ASKED_AS = [("lead", "Lead"), ("supervisor", "Supervisor"), ("manager", "Manager")]
STATES = [
    ("asked", "To reply"),
    ("replied", "Replied"),
    ("settled", "Settled"),
    ("returned", "Returned"),
    ("withdrawn", "Withdrawn"),
]
USER, BODY = settings.AUTH_USER_MODEL, "directives.organisation"


class Migration(migrations.Migration):
    dependencies = [("directives", "0044_close_requests")]

    operations = [
        migrations.CreateModel(
            "ReplyRequest",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(choices=KINDS, max_length=12, verbose_name="kind")),
                ("text", models.TextField(verbose_name="what is asked")),
                ("due_on", models.DateField(verbose_name="reply due")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("asked_as", models.CharField(choices=ASKED_AS, max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=STATES, default="asked", max_length=12, verbose_name="state"
                    ),
                ),
                ("reply", models.TextField(blank=True, verbose_name="reply")),
                ("replied_at", models.DateTimeField(null=True, verbose_name="replied at")),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("asked_by", key(USER, null=True)),
                ("asking_body", key(BODY, "requests_made", null=True)),
                ("decided_by", key(USER, null=True, db_index=False)),
                ("directive", key("directives.directive", "reply_requests", null=True)),
                ("document", key("directives.document", null=True)),
                ("obligation", key("directives.obligation", "reply_requests", null=True)),
                ("organisation", key(BODY, "reply_requests", verbose_name="organisation")),
                ("replied_by", key(USER, null=True, db_index=False)),
            ],
            options={
                "verbose_name": "input or instruction",
                "verbose_name_plural": "inputs and instructions",
                "ordering": ["-asked_at", "-id"],
                "indexes": [
                    models.Index(fields=["-asked_at", "-id"], name="reply_request_newest"),
                    models.Index(
                        condition=models.Q(state__in=["asked", "returned"]),
                        fields=["organisation", "due_on"],
                        name="reply_owed",
                    ),
                    models.Index(
                        condition=models.Q(state="replied"),
                        fields=["asking_body"],
                        name="reply_to_settle",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(kind="input") | models.Q(obligation__isnull=False),
                        name="input_is_on_an_obligation",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state__in=["replied", "settled"])
                        | models.Q(replied_at__isnull=False),
                        name="reply_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state__in=("settled", "returned"))
                        | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                        name="reply_verdict_names_who",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="returned") | ~models.Q(reason=""),
                        name="reply_return_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.AddField(
            "obligation",
            "reply_due_on",
            models.DateField(blank=True, null=True, verbose_name="reply due"),
        ),
        migrations.AddField(
            "cycle", "asks_supporting", models.BooleanField(db_default=True, default=False)
        ),
        migrations.RemoveConstraint("attachment", "attachment_has_one_parent"),
        migrations.AddField(
            "attachment",
            "reply_request",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="files",
                to="directives.replyrequest",
            ),
        ),
    ]
