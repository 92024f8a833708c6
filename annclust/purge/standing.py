"""Standing: which photos of a group can be compared at all, before anybody looks at their pixels.

What is not there, is not what it was, or is no file of its own is left alone: it neither goes nor
stays instead of another one.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence

from annclust.arrays import ImageId
from annclust.images.content import describe_os_error
from annclust.pipeline.roots import check_root
from annclust.storage.records import ImageRecord, Root


class Standing:
    """Looks at files, and once at each root."""

    def __init__(self) -> None:
        self._offline: dict[int, str | None] = {}

    def left_alone(self, photos: Sequence[ImageRecord]) -> dict[ImageId, str]:
        """Photos of a group that cannot be compared, and why.

        Of several names of one file, the first one stands for it.
        """
        found: dict[ImageId, str] = {}
        names: dict[tuple[int, int], ImageRecord] = {}
        for photo in photos:
            why = self.offline(photo.root)
            if why is None:
                why = _file_fault(photo, names)
            if why is not None:
                found[photo.id] = why
        return found

    def offline(self, root: Root) -> str | None:
        """Why what lies in a root cannot be had."""
        if root.is_remote:
            return "it is not on this machine's disks"
        if root.id not in self._offline:
            why = root.offline or check_root(root).problem
            self._offline[root.id] = None if why is None else f"its folder is offline: {why}"
        return self._offline[root.id]


def _file_fault(photo: ImageRecord, names: dict[tuple[int, int], ImageRecord]) -> str | None:
    try:
        found = photo.full_path.lstat()
    except OSError as error:
        return describe_os_error(error)
    if not stat.S_ISREG(found.st_mode):
        return "it is a link, or no ordinary file"
    if (found.st_size, found.st_mtime_ns) != (photo.size, photo.modified_ns):
        return "it was changed since it was indexed: run annclust index"
    first = names.setdefault((found.st_dev, found.st_ino), photo)
    if first is not photo:
        return f"it is one file with {first.full_path} (a hard link)"
    return None
