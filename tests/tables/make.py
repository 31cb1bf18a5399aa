"""Writes the files of accept/ and refuse/, the same every time: `python -m tests.tables.make`."""

from collections.abc import Iterable
from pathlib import Path

from tests.tables.manifest import Bad, Good
from tests.tables.odd import BAD, GOOD

HERE = Path(__file__).resolve().parent
ACCEPT, REFUSE = HERE / "accept", HERE / "refuse"


def write(folder: Path, files: Iterable[Good | Bad]) -> None:
    """Write these files, and remove others that stand in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = set()
    for file in files:
        names.add(file.name)
        (folder / file.name).write_bytes(file.content())
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink()


if __name__ == "__main__":
    write(ACCEPT, GOOD)
    write(REFUSE, BAD)
