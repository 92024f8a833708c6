"""Network disks: where a write-ahead log is not safe, as its readers must share memory."""

from __future__ import annotations

import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs"),
    *("smb3", "smbfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
}
"""Names of file systems whose files other machines may write, as Linux gives them."""


def network_file_system(directory: Path) -> str | None:
    """The name of the network file system that a directory lies on, or will lie on once made.

    None if it lies on a local disk, or if the system does not tell.
    """
    try:
        device = next(p for p in (directory, *directory.parents) if p.exists()).stat().st_dev
        mounts = _MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return None
    number = f"{os.major(device)}:{os.minor(device)}"
    for mount in mounts:
        place, _, kind = mount.partition(" - ")
        if place.split()[2:3] == [number] and kind.split()[0] in _NETWORK:
            return kind.split()[0]
    return None
