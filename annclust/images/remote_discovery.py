"""Remote discovery: which objects below a URL may be photos.

The first step of a scan, as :mod:`discovery` is for folders of this machine, with the same rules
for names. Nothing is opened: what has no extension is no photo, as each look would be a request.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from annclust.images.discovery import (
    Finding,
    FoundFile,
    SkippedFile,
    UnlistedFolder,
    is_left_out,
    is_system_folder,
    patterns_of,
)
from annclust.images.formats import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS, extension_of
from annclust.images.remote_files import RemoteEntry, RemoteError, list_folder
from annclust.settings import ScanSettings


def walk_url(
    root: bytes, settings: ScanSettings, *, skip: Collection[bytes] = ()
) -> Iterator[Finding]:
    """Look through what lies below a URL, folder by folder, in the order of names.

    Parameters
    ----------
    root : bytes
        URL of a folder or bucket.
    settings : ScanSettings
    skip : collection of bytes
        URLs of folders that are not entered.

    Yields
    ------
    FoundFile, SkippedFile or UnlistedFolder
        As from `discovery.walk`; no file has a device or an inode.
    """
    patterns, base = patterns_of(settings), root.rstrip(b"/") + b"/"
    pending = [b""]
    while pending:
        folder = pending.pop()
        subfolders = []
        try:
            entries = list_folder((base + folder).rstrip(b"/"))
        except RemoteError as error:
            yield UnlistedFolder(folder, error.reason)
            continue
        for entry in entries:
            path = folder + b"/" + entry.name if folder else entry.name
            if is_left_out(entry.name, path, patterns):
                continue
            if not entry.is_folder:
                yield _file(entry, path)
            elif not is_system_folder(entry.name) and base + path not in skip:
                subfolders.append(path)
        pending.extend(reversed(subfolders))


def _file(entry: RemoteEntry, path: bytes) -> FoundFile | SkippedFile:
    extension = extension_of(entry.name)
    is_video = extension in VIDEO_EXTENSIONS
    if not is_video and extension not in IMAGE_EXTENSIONS:
        return SkippedFile(path)
    return FoundFile(path, entry.size, entry.modified_ns, device=0, inode=0, is_video=is_video)
