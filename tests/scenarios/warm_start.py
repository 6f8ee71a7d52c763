"""A process that has imported the program, from which commands are forked.

Loading takes most of the time of a short command; here it is paid once. A forked command runs the
same ``main`` with arguments, environment, folder and standard streams of its own.

Its standard input is a socket. Each request is a JSON object ``{argv, env, cwd, before}`` with four
file descriptors: the three standard streams, and one to which the exit code is written. The answer
is the process id.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from importlib import import_module

from syncd.__main__ import main
from syncd.cli.commands import COMMANDS

COMMAND_MODULES = sorted({f"cli.{place.module}" for place in COMMANDS.values()})

LATER = ("cli.opening", "cli.progress", "catalog.queries", "actions.waiting", "daemon.upkeep")
"""What commands import as they need it."""

for name in ("cli.app", *COMMAND_MODULES, *LATER, "cycle", "engine", "log", "rest"):
    # By name: an import that nothing here uses would be tidied away as such, and each command would
    # load the program anew, which takes longer than what most of them do.
    import_module(f"syncd.{name}")
for name in ("httpcore", "h11", "anyio._backends._asyncio", "certifi", "concurrent.futures.thread"):
    import_module(name)

LARGEST = 1 << 20


def serve(requests: socket.socket) -> dict[str, object] | None:
    """Fork commands until the other end is closed; in the child, return what it is to run."""
    ended, wakes = socket.socketpair()
    for end in (ended, wakes):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes.fileno())
    reports: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is ended:
                    ended.recv(4096)
                    _reap(reports)
                    continue
                data, streams, _, _ = socket.recv_fds(requests, LARGEST, 4)
                if not data:
                    return None
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for number, stream in enumerate(streams[:3]):
                        os.dup2(stream, number)
                    for descriptor in (*streams, *reports.values()):
                        os.close(descriptor)
                    return json.loads(data)
                for stream in streams[:3]:
                    os.close(stream)
                reports[pid] = streams[3]
                requests.send(str(pid).encode())


def _reap(reports: dict[int, int]) -> None:
    while reports:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        report = reports.pop(pid)
        os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(report)


if __name__ == "__main__":
    with socket.socket(fileno=os.dup(0)) as requests:
        command = serve(requests)
    if command is not None:
        os.chdir(str(command["cwd"]))
        os.environ.clear()
        os.environ.update(command["env"])  # type: ignore[call-overload]
        sys.argv[:] = ["syncd", *command["argv"]]  # type: ignore[misc]
        exec(str(command["before"] or ""))
        main()
