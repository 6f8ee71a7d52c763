"""``syncd run``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from syncd.errors import SyncdError


def run(context: typer.Context) -> None:
    """Keep both sides in step until stopped: the daemon.

    SIGHUP has the configuration read again. Exit code 0 when stopped by SIGTERM or Ctrl-C.
    """
    import asyncio
    import os
    import sys
    from contextlib import suppress

    from syncd import config, log
    from syncd.cli.opening import load_key
    from syncd.config import Settings
    from syncd.daemon.daemon import Daemon
    from syncd.daemon.memory import keep_few_heaps
    from syncd.daemon.pulse import end_in_time
    from syncd.daemon.systemd import Notifier, watchdog_seconds
    from syncd.errors import ExitCode
    from syncd.local.owner import check_owner

    keep_few_heaps()
    notifier, watchdog = Notifier(), watchdog_seconds(os.environ, os.getpid())
    settings = config.load(context.obj)

    def apply(settings: Settings) -> None:
        log.configure(settings.log.level, settings.log.format, keep=True)

    apply(settings)
    with _end_in_the_log():
        check_owner(settings.library.root, settings.state.dir)
        load_key(settings)

    async def work() -> None:
        daemon = Daemon(
            settings,
            load=lambda: config.load(context.obj),
            load_key=config.load_key,
            notifier=notifier,
            watchdog=watchdog,
            adopt_settings=apply,
            on_stop=end_in_time,
        )
        await daemon.run()

    with _end_in_the_log():
        asyncio.run(work())
    # All is closed. What the interpreter would still clear away, the system does in no time; on a
    # machine that has little time for it that takes longer than whoever stops it waits.
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(ExitCode.IN_STEP)


@contextmanager
def _end_in_the_log() -> Iterator[None]:
    """What ends the daemon is a line of its log, in its form and with its priority."""
    try:
        yield
    except SyncdError as error:
        import structlog

        log = structlog.get_logger("syncd.daemon")
        code = int(error.exit_code)
        log.error("ended", why=error.message, hint=error.hint, exit_code=code)
        raise typer.Exit(code) from None
