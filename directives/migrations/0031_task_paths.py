"""Tasks that were queued before their modules moved are found where they stand now."""

from django.db import migrations

MOVED = {
    "directives.jobs.running.carry_out": "directives.core.jobs.running.carry_out",
    "directives.notices.mail": "directives.core.notices.mail",
}


def rename(apps, paths):
    tasks = apps.get_model("django_tasks_database", "DBTaskResult").objects
    for old, new in paths.items():
        tasks.filter(task_path=old).update(task_path=new)


def to_present_paths(apps, schema_editor):
    rename(apps, MOVED)


def to_former_paths(apps, schema_editor):
    rename(apps, {new: old for old, new in MOVED.items()})


class Migration(migrations.Migration):
    dependencies = [
        ("directives", "0030_words"),
        ("django_tasks_database", "0018_rename_succeeded_status"),
    ]

    operations = [migrations.RunPython(to_present_paths, to_former_paths)]
