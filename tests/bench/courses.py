"""What is measured: every hot page and every hot save, and what is asked for each time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from tests.bench.stage import Staged

CONSTANT, ROWS = "floor: constant", "floor: 50 rows"
LIST, DEEP = "list of 50, supervisor of all", "list of 50, page 1,000"
BOARD = "dashboard, root"
ALL_BOARD = "dashboard, root, all documents"
BOARDS = (BOARD, "dashboard, province", "dashboard, county", "dashboard, leaf")
RANKING, MATRIX = "ranking, root, all bodies", "matrix, first page"
STAFF_LIST, SAVE = "list of 50, staff", "entry save, staff"
EXPORT = "ledger export, one county"
ROWS_PATH, LIST_PATH = "/floor/rows/", "/obligations/"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `body` is made anew each time; None is a GET."""

    path: str
    session: str = ""
    body: Callable[[], dict[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What is measured: its name, and what is asked for each time.

    `rare`: it takes long, and runs in one round of five.
    """

    name: str
    ask: Callable[[], Ask]
    rare: bool = False


def courses(staged: Staged, deep: str) -> list[Course]:
    """The floors and the pages, with the people signed in; `deep` is the list's page 1,000."""
    top, staff = staged.supervisor, staged.staff
    saves, logs, verdicts = _saves(staged), _logs(staged), _verdicts(staged)
    return [
        _page(CONSTANT, "/floor/constant/", ""),
        _page(ROWS, ROWS_PATH, ""),
        _page(LIST, LIST_PATH, top),
        _page(DEEP, deep, top),
        _page(STAFF_LIST, LIST_PATH, staff),
        *_filtered(staged),
        *(_board(staged, name, scope) for name, scope in zip(BOARDS, staged.scopes, strict=True)),
        *([_page(ALL_BOARD, "/dashboard/", top)] if staged.documents > 1 else []),
        _page(RANKING, _board_path(staged, staged.scopes[0], all=1), top),
        _page(MATRIX, f"/documents/{staged.document}/matrix/", top),
        _page("my work, staff", "/", staff),
        _page("my work, supervisor of all", "/", top),
        Course(SAVE, lambda: next(saves)),
        Course("log entry save, staff", lambda: next(logs)),
        Course("review, one entry accepted", lambda: next(verdicts)),
        Course(
            EXPORT, lambda: Ask(_list_path(body=staged.scopes[2], export="xlsx"), top), rare=True
        ),
    ]


def _page(name: str, path: str, session: str) -> Course:
    return Course(name, lambda: Ask(path, session))


def _list_path(**asked: object) -> str:
    return f"{LIST_PATH}?{urlencode(asked)}"


def _board_path(staged: Staged, scope: int, **asked: object) -> str:
    return f"/dashboard/?{urlencode({'scope': scope, 'document': staged.document, **asked})}"


def _board(staged: Staged, name: str, scope: int) -> Course:
    return _page(name, _board_path(staged, scope), staged.supervisor)


def _filtered(staged: Staged) -> list[Course]:
    province = staged.scopes[1]
    return [
        _page(
            "list, red of a province",
            _list_path(document=staged.document, body=province, light="red"),
            staged.supervisor,
        ),
        _page(
            "list, one section, in review",
            _list_path(section=staged.section, state="closing"),
            staged.supervisor,
        ),
        _page(
            "list, one directive, by due day",
            _list_path(directive=staged.directive, sort="due"),
            staged.supervisor,
        ),
        _page(
            "list, words in a county",
            _list_path(body=staged.scopes[2], q="制度"),
            staged.supervisor,
        ),
    ]


def _key() -> dict[str, str]:
    return {"idempotency_key": str(uuid4())}


def _saves(staged: Staged) -> Iterator[Ask]:
    """Saves of one entry after another; each must know the version that the one before left."""
    versions = dict(staged.entries)
    turn = 0
    while True:
        for pk in versions:
            turn += 1
            words = {
                "progress": f"第{turn}次填写：已印发办法。",
                "problems": "人手不足。",
                "next_steps": "",
                "percent": "95",
            }
            typed = words | {"version": str(versions[pk])}
            versions[pk] += 1
            yield Ask(f"/entries/{pk}/save/", staged.staff, lambda typed=typed: typed | _key())


def _logs(staged: Staged) -> Iterator[Ask]:
    """One record of the day after another, on one measure."""
    turn = 0
    while True:
        turn += 1
        typed = {
            "measure": str(staged.measure),
            "on": staged.today,
            "text": f"第{turn}次记录：召开推进会。",
        }
        yield Ask("/log/add/", staged.staff, lambda typed=typed: typed | _key())


def _verdicts(staged: Staged) -> Iterator[Ask]:
    """One entry after another is accepted; each is there once."""
    for report, pk, version in staged.reviews:
        typed = {f"verdict-{pk}": "accept", f"version-{pk}": str(version)}
        yield Ask(
            f"/reports/{report}/decide/", staged.supervisor, lambda typed=typed: typed | _key()
        )
