"""Bringing a table in, as the pages do it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from directives.catalogue.kinds import KINDS
from directives.intakes import applying, starting, undoing
from directives.models import Intake, User
from directives.tables import child, reader
from tests.factories import NOW

Bring = Callable[..., Intake]
Act = Callable[[Intake], Intake]


@pytest.fixture(autouse=True)
def files_apart(settings: Any, tmp_path: Path) -> None:
    """Files of a test go where the test's other files go."""
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture(autouse=True)
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader's child process answers is computed in this one.

    Starting one takes longer than most of what is tested here; tests/tables reads every one of
    the odd files in a child.
    """
    monkeypatch.setattr(reader, "answer_of", _answer_of)


def _answer_of(command: Sequence[str], stdin: BinaryIO, **limits: float) -> Iterator[bytes]:
    task, _memory, _seconds, *arguments = command[command.index(child.__file__) + 1 :]
    yield from child.answer(stdin, task, *arguments)


@pytest.fixture
def bring(django_capture_on_commit_callbacks: Callable) -> Bring:
    """Bring a file in and have it checked, as far as that goes without asking."""

    def imported(
        by: User,
        content: str | bytes,
        *,
        name: str = "单位.csv",
        kind: str = "bodies",
        **place: int,
    ) -> Intake:
        data = content.encode() if isinstance(content, str) else content
        with django_capture_on_commit_callbacks(execute=True):
            intake = starting.start_intake(
                kind=KINDS[kind],
                place=place,
                upload=SimpleUploadedFile(name, data),
                language=translation.get_language(),
                by=by,
                now=NOW,
            )
        intake.refresh_from_db()
        return intake

    return imported


def _acting(act: Callable, capture: Callable) -> Act:
    def acted(intake: Intake) -> Intake:
        with capture(execute=True):
            act(intake, by=intake.by, now=NOW)
        intake.refresh_from_db()
        return intake

    return acted


@pytest.fixture
def apply(django_capture_on_commit_callbacks: Callable) -> Act:
    """Apply an intake, as its page does."""
    return _acting(applying.apply, django_capture_on_commit_callbacks)


@pytest.fixture
def undo(django_capture_on_commit_callbacks: Callable) -> Act:
    """Take an intake back, as its page does."""
    return _acting(undoing.undo, django_capture_on_commit_callbacks)


@pytest.fixture
def settle(
    sign_in: Callable, key: Callable, cast: Any, django_capture_on_commit_callbacks: Callable
) -> Callable:
    """Say what names of an intake mean, and have it checked again."""

    def settle(intake: Intake, **answers: str) -> Any:
        form = key() | {"version": intake.version}
        for number, (name, means) in enumerate(answers.items(), 1):
            form |= {f"name-{number}": name, f"means-{number}": means}
        with django_capture_on_commit_callbacks(execute=True):
            client = sign_in(cast.supervisor)
            return client.post(reverse("intake_names", args=[intake.pk]), form)

    return settle
