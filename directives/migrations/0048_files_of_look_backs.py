from django.db import migrations, models

from directives.base.online import AddConstraintOnline, AddIndexOnline

PARENTS = ("log_entry", "report_entry", "plan", "reply_request", "look_back")


def only(parent: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": name != parent for name in PARENTS})


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("directives", "0047_look_backs")]

    operations = [
        AddIndexOnline(
            "attachment",
            models.Index(
                fields=["look_back"],
                name="attachment_of_look_back",
                condition=models.Q(look_back__isnull=False),
            ),
        ),
        AddConstraintOnline(
            "attachment",
            models.CheckConstraint(
                condition=only("log_entry")
                | only("report_entry")
                | only("plan")
                | only("reply_request")
                | only("look_back"),
                name="attachment_of_one_thing",
            ),
        ),
        migrations.RemoveConstraint("attachment", "attachment_of_one_parent"),
    ]
