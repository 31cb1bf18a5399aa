"""What a proxy asks of a node: whether the process lives, and whether it can serve. Neither tells anything else."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.views.decorators.http import require_GET


def _migrated():
    """Whether the database has every migration that this code knows. It may have more: an upgrade migrates first."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@login_not_required
@require_GET
def healthz(request):
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
@require_GET
def readyz(request):
    try:
        ready, why = _migrated(), "the database lacks a migration"
    except DatabaseError:
        ready, why = False, "the database does not answer"
    return HttpResponse("ready\n" if ready else f"not ready: {why}\n", status=200 if ready else 503, content_type="text/plain")
