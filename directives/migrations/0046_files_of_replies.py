"""A file may be that of a reply; supporting bodies are no longer behind schedule."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

from directives.base.online import AddConstraintOnline, AddIndexOnline

PARENTS = ("log_entry", "report_entry", "plan", "reply_request")


def only(parent: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": name != parent for name in PARENTS})


def relight(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The next tick recomputes these lights: their bodies report no percentage any more."""
    rows = apps.get_model("directives", "Obligation").objects
    rows.filter(part="supporting", light_code="behind").update(light_changes_on=F("issued_on"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0045_what_is_asked")]

    operations = [
        AddIndexOnline(
            "attachment",
            models.Index(
                fields=["reply_request"],
                name="attachment_of_reply",
                condition=models.Q(reply_request__isnull=False),
            ),
        ),
        AddConstraintOnline(
            "attachment",
            models.CheckConstraint(
                condition=only("log_entry")
                | only("report_entry")
                | only("plan")
                | only("reply_request"),
                name="attachment_of_one_parent",
            ),
        ),
        migrations.RunPython(relight, migrations.RunPython.noop),
    ]
