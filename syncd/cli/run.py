"""``syncd run``."""

from __future__ import annotations

import typer


def run(context: typer.Context) -> None:
    """Keep both sides in step until stopped: the daemon.

    SIGHUP has the configuration read again. Exit code 0 when stopped by SIGTERM or Ctrl-C.
    """
    import asyncio
    import os

    from syncd import config, log
    from syncd.cli.opening import load_key
    from syncd.config import Settings
    from syncd.daemon.daemon import Daemon
    from syncd.daemon.pulse import end_in_time
    from syncd.daemon.systemd import Notifier, watchdog_seconds

    notifier, watchdog = Notifier(), watchdog_seconds(os.environ, os.getpid())
    settings = config.load(context.obj)

    def apply(settings: Settings) -> None:
        log.configure(settings.log.level, settings.log.format, keep=True)

    apply(settings)
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

    asyncio.run(work())
