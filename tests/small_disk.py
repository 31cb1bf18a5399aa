"""A disk that can be filled and freed under a running node: a small file system of its own, else a
limit to what may be written.
"""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE = 48 * 2**20  # bytes
STEP = 64 * 2**10


@dataclass
class SmallDisk:
    """`way` tells how it is made: "tmpfs" or "limit".

    `fill` and `free` act on it while processes run there.
    """

    folder: Path
    way: str

    def fill(self, pids: Callable[[], list[int]], *, left: int = 0) -> None:
        """Leave so many bytes. As a limit: no file may grow beyond them, whatever is in it."""
        if self.way == "limit":
            self._limit(pids(), left)
            return
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(STEP))
            except OSError:
                size = file.tell()
            if left:
                file.truncate(max(0, size - left))
        assert abs(shutil.disk_usage(self.folder).free - left) <= 2 * 4096

    def free(self, pids: Callable[[], list[int]]) -> None:
        if self.way == "limit":
            self._limit(pids(), resource.RLIM_INFINITY)
        else:
            (self.folder / "filler").unlink(missing_ok=True)

    def _limit(self, pids: list[int], size: int) -> None:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _mounted(folder: Path) -> bool:
    if os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", str(folder)]
    return subprocess.run(mount, capture_output=True, check=False).returncode == 0


@contextmanager
def small_disk(folder: Path, *, way: str = "") -> Iterator[SmallDisk]:
    """A disk at this folder, in the best way that this machine allows, or in the way that is asked
    for.
    """
    folder.mkdir(parents=True)
    if way != "limit" and _mounted(folder):
        try:
            yield SmallDisk(folder, "tmpfs")
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    else:
        yield SmallDisk(folder, "limit")
