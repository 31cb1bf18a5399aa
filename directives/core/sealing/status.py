"""The state of sealing on this machine, for `manage.py doctor`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from directives.core.sealing import keys
from directives.core.sealing.making import is_in_database

OTHERS = 0o077  # permissions of the group and of other users


@dataclass(frozen=True, slots=True)
class SealStatus:
    """The newest seal that was made with AUDIT_DIR."""

    number: int
    private: bool  # no other user can read the key
    in_database: bool
    anchored: bool  # this seal was sent to the anchors
    anchored_at: datetime | None  # when any seal was last sent


def seal_status() -> SealStatus | None:
    """None if no seal was made. Raises ValueError for a damaged file."""
    state = keys.load_state()
    if state is None:
        return None
    folder, anchor = Path(settings.AUDIT_DIR), keys.read_file("anchored") or {}
    modes = [path.stat().st_mode for path in (folder, folder / "state")]
    return SealStatus(
        state.mark.number,
        not any(mode & OTHERS for mode in modes),
        is_in_database(state.mark),
        anchor.get("hash") == state.mark.hash,
        datetime.fromisoformat(anchor["at"]) if anchor else None,
    )
