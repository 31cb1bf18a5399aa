"""What a machine knows of the record, for whoever looks after it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from directives.core.sealing import keys
from directives.core.sealing.making import is_in_database

OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class SealStatus:
    """The newest seal that was made with AUDIT_DIR.

    `private`: nobody else can read the key; `told`: anchors tell of this seal.
    """

    number: int
    private: bool
    stands: bool
    told: bool
    told_at: datetime | None


def seal_status() -> SealStatus | None:
    """None where no seal was made. Raises ValueError for a key that is damaged."""
    state = keys.load_state()
    if state is None:
        return None
    folder, anchored = Path(settings.AUDIT_DIR), keys.read_file("anchored") or {}
    modes = [path.stat().st_mode for path in (folder, folder / "state")]
    told_at = datetime.fromisoformat(anchored["at"]) if anchored else None
    return SealStatus(
        state.mark.number,
        not any(mode & OTHERS for mode in modes),
        is_in_database(state.mark),
        anchored.get("hash") == state.mark.hash,
        told_at,
    )
