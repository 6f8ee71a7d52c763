"""Which changes of the settings a running daemon can follow."""

from __future__ import annotations

from syncd.errors import ConfigError
from syncd.settings import Settings


def check_change(before: Settings, after: Settings) -> None:
    """Raise ``ConfigError`` for a change of settings that a running daemon cannot follow."""
    if after.file is None and before.file is not None:
        raise ConfigError(f"{before.file}: the configuration file is gone")
    if after.state.dir != before.state.dir:
        raise ConfigError(
            "state.dir was changed", hint="restart the daemon to work with another catalog"
        )
    if after.metrics != before.metrics:
        raise ConfigError("metrics.listen was changed", hint="restart the daemon")
