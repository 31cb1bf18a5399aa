"""The web server of one node: gunicorn -c deploy/gunicorn.conf.py qunzhu_tracker.wsgi:application

One process for each core, a few threads in each: most of a request is spent waiting for the
database. Keep WEB_WORKERS × DB_POOL_MAX of all nodes within what PostgreSQL or PgBouncer takes.
"""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path


def number(name: str, default: int, least: int = 1) -> int:
    """A whole number from the environment."""
    value = os.environ.get(name, str(default))
    if not value.isdecimal() or int(value) < least:
        sys.stderr.write(f"{name} is “{value}”: a whole number from {least} was expected.\n")
        sys.exit(2)
    return int(value)


def on_starting(server: object) -> None:
    """Before any worker is started: a wrong setting, or no database, is a sentence and exit code 2.

    In a process of its own, so that after a SIGHUP the workers read the settings anew.
    """
    home = Path(__file__).resolve().parent.parent
    demand = [sys.executable, "-m", "qunzhu_tracker.starting"]
    if code := subprocess.run(demand, cwd=home, check=False).returncode:
        sys.exit(code)


bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = number("WEB_WORKERS", multiprocessing.cpu_count())
worker_class = "gthread"
threads = number("WEB_THREADS", 4)
backlog = 256  # what waits longer than this is better sent to another node

# A worker that hangs for so long is replaced. It does not bound a request: the statement timeout
# (15 s) does, and an export may be long.
timeout = 60
# How long what is in hand may take after the node was asked to stop; the proxy sends the rest
# elsewhere.
graceful_timeout = 30
# A worker is replaced after so many requests, not all at once, so that no leak lives long.
max_requests = number("WEB_MAX_REQUESTS", 5000, least=0)
max_requests_jitter = max_requests // 5
# Loaded by each worker for itself: see "Memory" in deploy/README.md for what sharing would save.
preload_app = False

# Whose X-Forwarded-Proto is believed. It decides whether a page counts as sent over HTTPS.
forwarded_allow_ips = os.environ.get("WEB_PROXIES", "127.0.0.1")
# The workers' heartbeat is a file: in memory, so that a slow disk does not look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes the file itself, and unlinks it
control_socket_disable = True
loglevel = "info"
