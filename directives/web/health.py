"""Health checks for a proxy: whether the process lives, and whether it can serve.

Anybody may request them, so they reveal little: `manage.py doctor` says the rest.
"""

import logging
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from directives.base import disk
from directives.health.database import unapplied_migrations
from directives.health.upkeep import upkeep_cache
from directives.signin.requests import AppRequest

logger = logging.getLogger(__name__)


def _migrated() -> bool:
    """Whether the database has every migration of this code; an upgrade may have added more."""
    return not unapplied_migrations()


def _state(now: datetime) -> tuple[bool, str]:
    """Whether this node can serve, and what is wrong.

    A fault that other nodes share, such as a dead worker, does not keep it from serving.
    """
    try:
        if not _migrated():
            return False, "the database lacks a migration"
        if disk.full_folders():
            return False, "the disk is full"
        return True, ", ".join(_shared_faults(now))
    except Error:
        return False, "the database does not answer"
    except Exception:
        logger.exception("Whether this node is ready could not be found out")
        return False, "it could not be found out"


def _shared_faults(now: datetime) -> list[str]:
    upkeep = upkeep_cache.get(now)
    faults = {
        "worker": upkeep.silent(now),
        "lights": upkeep.lights_late(now),
        "queue": upkeep.tasks_wait(now),
    }
    return [name for name, present in faults.items() if present]


@login_not_required
@require_GET
def healthz(request: AppRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
@require_GET
def readyz(request: AppRequest) -> HttpResponse:
    ready, why = _state(request.now)
    word = "ready" if ready else "not ready"
    separator = (", but: " if ready else ": ") if why else ""
    text = f"{word}{separator}{why}\n"
    return HttpResponse(text, status=200 if ready else 503, content_type="text/plain")
