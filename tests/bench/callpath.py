"""Count the functions of ours that one act calls, and the rooms they lie in.

`python -m tests.bench.callpath`.

Run it against a throw-away database of the sample (`manage.py migrate`, `manage.py load_sample`,
DATABASE_URL): the acts are carried out. Each is done once before it is counted, so that templates
are compiled and caches are warm. docs/performance.md has the figures of the releases.
"""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import django
from lxml import html

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qunzhu_tracker.settings")
APP = Path(__file__).resolve().parent.parent.parent / "directives"
BACKEND = "directives.accounts.Door"
HTMX = {"HX-Request": "true"}


class CallPath:
    """What was called while it was watching: `functions` by file and name, and their `rooms`."""

    def __init__(self) -> None:
        self.functions: set[tuple[str, str]] = set()
        self.rooms: set[str] = set()

    def __enter__(self) -> "CallPath":
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_failure: object) -> None:
        sys.setprofile(None)

    def _look(self, frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(f"{APP}/"):
            return
        if code.co_name.startswith("<"):  # a module, a lambda, a generator within a function
            return
        self.functions.add((code.co_filename, code.co_qualname))
        self.rooms.add(Path(code.co_filename).relative_to(APP).parts[0].removesuffix(".py"))


def client(username: str) -> Any:
    from django.test import Client

    from directives.models import User

    signed_in = Client(HTTP_HOST="localhost")
    signed_in.force_login(User.objects.get(username=username), backend=BACKEND)
    return signed_in


def form_at(client: Any, page: str, action: str) -> dict[str, Any]:
    """The fields of the form of that page which is sent to that address."""
    tree = html.fromstring(client.get(page).content.decode())
    actions = [form.get("action") for form in tree.forms]
    if action not in actions:
        raise SystemExit(f"no form for {action} on {page}, but for {actions}")
    form = tree.forms[actions.index(action)]
    return {name: value for name, value in form.form_values() if name}


def post(
    client: Any, action: str, form: dict[str, Any], headers: dict[str, str] | None = None
) -> None:
    response = client.post(action, form, headers=headers)
    if response.status_code not in {200, 302}:
        raise SystemExit(f"{action}: {response.status_code} {response.content.decode()}")


def look(username: str, address: str) -> Iterator[Callable[[], Any]]:
    signed_in = client(username)
    for _time in range(2):
        yield lambda: b"".join(signed_in.get(address))


def saving() -> Iterator[Callable[[], Any]]:
    from directives.models import Membership, ReportEntry

    entry = ReportEntry.objects.filter(
        state="draft",
        report__organisation__in=Membership.objects.filter(role="staff").values("organisation"),
    ).order_by("pk")[0]
    body = entry.report.organisation
    staff = Membership.objects.filter(role="staff", organisation=body).order_by("pk")[0].user
    signed_in = client(staff.username)
    action = f"/entries/{entry.pk}/save/"
    for words in ("召开推进会", "召开推进会，研究了三项措施"):
        form = {**form_at(signed_in, f"/reports/{entry.report_id}/", action), "progress": words}
        yield partial(post, signed_in, action, form, HTMX)


def handing_in() -> Iterator[Callable[[], Any]]:
    from directives.models import Membership, ReportEntry

    managed = Membership.objects.filter(role="staff").values("organisation")
    entries = ReportEntry.objects.filter(state="returned", report__organisation__in=managed)
    reports = entries.order_by("report").values_list("report", flat=True).distinct()[:2]
    for report in reports:
        body = entries.filter(report=report)[0].report.organisation
        staff = Membership.objects.filter(role="staff", organisation=body).order_by("pk")[0].user
        Membership.objects.create(user=staff, organisation=body, role="manager")
        signed_in = client(staff.username)
        for entry in entries.filter(report=report):
            action = f"/entries/{entry.pk}/save/"
            form = form_at(signed_in, f"/reports/{report}/", action)
            filled = {**form, "progress": "已补充完成情况", "percent": "60"}
            post(signed_in, action, filled, HTMX)
        action = f"/reports/{report}/hand-in/"
        form = form_at(signed_in, f"/reports/{report}/", action)
        yield partial(post, signed_in, action, form)


def accepting() -> Iterator[Callable[[], Any]]:
    from directives.models import ReportEntry

    submitted = ReportEntry.objects.filter(state="submitted")
    signed_in = client("supervisor")
    for report in submitted.order_by("report").values_list("report", flat=True).distinct()[:2]:
        action = f"/reports/{report}/decide/"
        form = {**form_at(signed_in, f"/reports/{report}/review/", action), "rest": "accept"}
        yield partial(post, signed_in, action, form)


ACTS: dict[str, Callable[[], Iterator[Callable[[], Any]]]] = {
    "save": saving,
    "hand in": handing_in,
    "accept": accepting,
    "my work": lambda: look("supervisor", "/"),
    "dashboard": lambda: look("supervisor", "/dashboard/"),
    "list": lambda: look("supervisor", "/obligations/"),
    "ledger": lambda: look("supervisor", "/obligations/?export=xlsx"),
}


def main() -> None:
    django.setup()
    print(f"{'act':<10} {'functions':>9} {'rooms':>6}")
    for name, act in ACTS.items():
        times = act()
        next(times)()
        counted = next(times)
        with CallPath() as path:
            counted()
        print(f"{name:<10} {len(path.functions):>9} {len(path.rooms):>6}")
        if "-v" in sys.argv:
            for file, function in sorted(path.functions):
                print(f"    {Path(file).relative_to(APP)} {function}")


if __name__ == "__main__":
    main()
