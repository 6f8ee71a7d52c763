"""What a command tells of itself while it runs: by Python's audit hooks, whatever its code says."""

from __future__ import annotations

WATCHED = """
import atexit, json, os, resource, sys, threading
resource.setrlimit(resource.RLIMIT_FSIZE, ({disk}, {disk}))
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
_told = open({path!r}, "a", buffering=1, errors="surrogateescape")
_CHANGING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod",
             "os.truncate", "os.utime", "os.chown", "os.setxattr")
_below, _open = threading.local(), os.open
def _opening(path, flags, mode=0o777, *, dir_fd=None):
    _below.folder = dir_fd
    try:
        return _open(path, flags, mode, dir_fd=dir_fd)
    finally:
        _below.folder = None
os.open = _opening
os.supports_dir_fd.add(_opening)
def _place(path, folder=None):
    if isinstance(path, int):
        return None
    path = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0:
        path = os.path.join(os.readlink(f"/proc/self/fd/{{folder}}"), path)
    return path
def _hear(event, given):
    try:
        if event == "open":
            flags = given[2] if isinstance(given[2], int) else 0
            path = _place(given[0], getattr(_below, "folder", None))
            if path is not None:
                path = os.path.abspath(path)
                inside = os.path.join(os.path.realpath(os.path.dirname(path)),
                                      os.path.basename(path))
                real = inside if flags & os.O_NOFOLLOW else os.path.realpath(path)
                changes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
                print(json.dumps(["write" if changes else "read", real]), file=_told)
        elif event in _CHANGING:
            folders = [one for one in given if isinstance(one, int)]
            path = _place(given[0], folders[-1] if len(folders) == 1 else None)
            if path is not None and os.path.isabs(path):
                real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
                print(json.dumps(["write", real]), file=_told)
        elif event in ("os.scandir", "os.listdir"):
            listed = given[0] if given[0] is not None else "."
            listed = f"/proc/self/fd/{{listed}}" if isinstance(listed, int) else os.fsdecode(listed)
            print(json.dumps(["read", os.path.realpath(listed)]), file=_told)
        elif event == "socket.connect":
            print(json.dumps(["connect", str(given[1])]), file=_told)
        elif event == "socket.getaddrinfo":
            print(json.dumps(["look up", str(given[0])]), file=_told)
    except Exception as error:
        print(json.dumps(["deaf", repr(error)]), file=_told)
sys.addaudithook(_hear)
def _sum_up():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    taken = [spent.ru_maxrss // 1024, spent.ru_utime + spent.ru_stime]
    print(json.dumps(["taken", taken]), file=_told)
atexit.register(_sum_up)
"""
"""Put before a command. The hook is not told of the folder that an opening is relative to: that is
taken down by the call."""
