import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

SERVED = {  # foreign keys whose own index another one serves, or nobody reads
    "event": ("organisation_id",),
    "obligation": ("directive_id", "document_id", "organisation_id", "section_id"),
    "reportentry": ("report_id", "submitted_by_id", "decided_by_id", "saved_by_id"),
    "tally": ("scope_id", "document_id", "directive_id"),
    "total": ("scope_id", "document_id", "section_id"),
}


def split_reasons(apps, schema_editor):
    """The reason of a light becomes two columns: its code, and the day that it speaks of."""
    rows = apps.get_model("directives", "Obligation").objects.exclude(light_reason={})
    rows.update(
        light_code=KT("light_reason__code"),
        light_on=Cast(KT("light_reason__on"), models.DateField()),
    )


def forget_tallies(apps, schema_editor):
    """Tallies by kind of body cannot be made from those without: they are made anew when the product starts."""
    apps.get_model("directives", "Tally").objects.all().delete()


def drop_indexes(apps, schema_editor):
    """Drop single indexes by hand: Django would make SQLite's table anew, and lose the triggers of one that has them."""
    for name, columns in SERVED.items():
        model = apps.get_model("directives", name)
        for column in columns:
            for index in schema_editor._constraint_names(
                model, [column], index=True, unique=False, primary_key=False
            ):
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(index)}")


def leave_room(apps, schema_editor):
    """Counts are written over and over: room in each page lets PostgreSQL do that in place, and tidy up early."""
    if schema_editor.connection.vendor == "postgresql":
        for table in ("tally", "total", "mark", "owing"):
            schema_editor.execute(
                f"ALTER TABLE directives_{table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, "
                "autovacuum_vacuum_threshold = 500)"
            )


class Migration(migrations.Migration):
    dependencies = [
        ("directives", "0004_event_by_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=8)),
                ("word", models.CharField(blank=True, max_length=24)),
                ("day", models.DateField(default=datetime.date(1, 1, 1))),
                ("count", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Owing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("count", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="TallyDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("green", models.IntegerField(default=0)),
                ("yellow", models.IntegerField(default=0)),
                ("red", models.IntegerField(default=0)),
                ("closed", models.IntegerField(default=0)),
                ("undue", models.IntegerField(default=0)),
                ("percent_sum", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="tally",
            name="one_tally",
        ),
        migrations.RemoveConstraint(
            model_name="total",
            name="one_total",
        ),
        migrations.RemoveIndex(
            model_name="obligation",
            name="obligation_by_light",
        ),
        migrations.RemoveIndex(
            model_name="obligation",
            name="obligation_by_section",
        ),
        migrations.RemoveIndex(
            model_name="tally",
            name="tally_of_scope",
        ),
        migrations.RemoveIndex(
            model_name="total",
            name="total_of_scope",
        ),
        migrations.AddField(
            model_name="obligation",
            name="light_code",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="obligation",
            name="light_on",
            field=models.DateField(null=True),
        ),
        migrations.RunPython(split_reasons, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="obligation",
            name="light_reason",
        ),
        migrations.RunPython(forget_tallies, migrations.RunPython.noop),
        migrations.AddField(
            model_name="tally",
            name="body_kind",
            field=models.CharField(
                choices=[
                    ("centre", "Central Committee"),
                    ("provincial_committee", "Provincial Party committee"),
                    ("mass_organisation", "Mass organisation"),
                    ("state_organ", "State organ's Party group"),
                    ("party_department", "Party department"),
                    ("military", "Military"),
                    ("committee", "Party committee"),
                    ("other", "Other"),
                ],
                default="other",
                max_length=24,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="tally",
            name="percent_sum",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="total",
            name="percent_sum",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                fields=["document", "light", "light_on"], name="obligation_longest_late"
            ),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                condition=models.Q(("state__in", ("disputed", "closing"))),
                fields=["state", "moved_at"],
                name="obligation_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(
                fields=("scope", "document", "directive", "body_kind", "state", "light"),
                name="one_tally_a_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="total",
            constraint=models.UniqueConstraint(
                fields=("scope", "document", "section", "light"), name="one_total_a_section"
            ),
        ),
        migrations.AddField(
            model_name="mark",
            name="document",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.document",
            ),
        ),
        migrations.AddField(
            model_name="mark",
            name="scope",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.organisation",
            ),
        ),
        migrations.AddField(
            model_name="owing",
            name="document",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.document",
            ),
        ),
        migrations.AddField(
            model_name="owing",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.organisation",
            ),
        ),
        migrations.AddField(
            model_name="tallyday",
            name="document",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.document",
            ),
        ),
        migrations.AddField(
            model_name="tallyday",
            name="scope",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.organisation",
            ),
        ),
        migrations.AddField(
            model_name="tallyday",
            name="section",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directives.section",
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.UniqueConstraint(
                fields=("scope", "document", "topic", "day", "word"), name="one_mark"
            ),
        ),
        migrations.AddConstraint(
            model_name="owing",
            constraint=models.UniqueConstraint(
                fields=("organisation", "document"), name="one_owing"
            ),
        ),
        migrations.AddIndex(
            model_name="tallyday",
            index=models.Index(fields=["document", "day"], name="copies_by_day"),
        ),
        migrations.AddConstraint(
            model_name="tallyday",
            constraint=models.UniqueConstraint(
                fields=("scope", "document", "section", "day"), name="one_copy_a_day"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="organisation",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directives.organisation",
                        verbose_name="body",
                    ),
                ),
                migrations.AlterField(
                    model_name="obligation",
                    name="directive",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="directives.directive",
                        verbose_name="directive",
                    ),
                ),
                migrations.AlterField(
                    model_name="obligation",
                    name="document",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="directives.document",
                    ),
                ),
                migrations.AlterField(
                    model_name="obligation",
                    name="organisation",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="directives.organisation",
                        verbose_name="body",
                    ),
                ),
                migrations.AlterField(
                    model_name="obligation",
                    name="section",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directives.section",
                    ),
                ),
                migrations.AlterField(
                    model_name="reportentry",
                    name="decided_by",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="reportentry",
                    name="report",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="directives.progressreport",
                    ),
                ),
                migrations.AlterField(
                    model_name="reportentry",
                    name="saved_by",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="reportentry",
                    name="submitted_by",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="tally",
                    name="directive",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.directive",
                    ),
                ),
                migrations.AlterField(
                    model_name="tally",
                    name="document",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.document",
                    ),
                ),
                migrations.AlterField(
                    model_name="tally",
                    name="scope",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.organisation",
                    ),
                ),
                migrations.AlterField(
                    model_name="total",
                    name="document",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.document",
                    ),
                ),
                migrations.AlterField(
                    model_name="total",
                    name="scope",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.organisation",
                    ),
                ),
                migrations.AlterField(
                    model_name="total",
                    name="section",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directives.section",
                    ),
                ),
            ],
            database_operations=[migrations.RunPython(drop_indexes, migrations.RunPython.noop)],
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
