"""How a folder can be watched: what its file system tells, and what the system allows.

A network file system tells of what this machine does alone (inotify(7), "Limitations"). The limits
are those of inotify(7), and of each user namespace (user_namespaces(7), "/proc/sys/user").
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import watchfiles

from syncd.local.mounts import mount_of

_NETWORK = frozenset({
    "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.afpfs", "fuse.ceph",
    "fuse.cephfs", "fuse.curlftpfs", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs",
    "fuse.goofys", "fuse.gvfsd-fuse", "fuse.httpdirfs", "fuse.kio-fuse", "fuse.moosefs",
    "fuse.rclone", "fuse.s3fs", "fuse.seaweedfs", "fuse.smbnetfs", "fuse.sshfs",
    "fuse.vmhgfs-fuse", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
    "orangefs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
})  # fmt: skip
"""Types, as /proc/self/mountinfo names them, under which others may write unheard. The folders that
a virtual machine shares with its host are among them."""

_WATCHES = (
    Path("/proc/sys/fs/inotify/max_user_watches"),
    Path("/proc/sys/user/max_inotify_watches"),
)
_INSTANCES = (
    Path("/proc/sys/fs/inotify/max_user_instances"),
    Path("/proc/sys/user/max_inotify_instances"),
)


def is_network(path: Path) -> str | None:
    """The type of the file system that ``path`` lies on, where it is one of the network's."""
    mount = mount_of(path)
    return mount.kind if mount is not None and mount.kind in _NETWORK else None


def watch_limit() -> int | None:
    """How many folders all programs of this user may watch; ``None`` where there is no inotify."""
    return _least(_WATCHES)


def limits() -> tuple[int | None, int | None]:
    """How many folders may be watched, and by how many watchers."""
    return _least(_WATCHES), _least(_INSTANCES)


def watches_ran_out(error: BaseException) -> bool:
    """Whether watchfiles says with ``error`` that no further folder may be watched (ENOSPC)."""
    return "watch limit reached" in str(error) or "(os error 28)" in str(error)


def watchers_ran_out(error: BaseException) -> bool:
    """Whether it says that there may be no further watcher, or open file (EMFILE)."""
    return "(os error 24)" in str(error)


def is_odd_name(error: BaseException) -> bool:
    """Whether it ended at a name that is not UTF-8."""
    return "Unable to decode path" in str(error)


def has_room(root: Path) -> bool:
    """Whether one more folder could be watched.

    A watch that stands leaves out a new folder beyond the limit, and does not say so.
    """
    trial = watchfiles.watch(
        root,
        watch_filter=None,
        recursive=False,
        step=1,
        rust_timeout=1,
        yield_on_timeout=True,
        force_polling=False,
        debug=False,
    )
    try:
        with closing(trial):
            next(trial)
    except (OSError, RuntimeError) as error:
        return not watches_ran_out(error)
    return True


def _least(files: tuple[Path, ...]) -> int | None:
    found = []
    for file in files:
        try:
            found.append(int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return min(found, default=None)
