"""``syncd`` and ``python -m syncd``."""

from __future__ import annotations

import gc
import sys

_NEW_OBJECTS = 50_000
"""After how many Python looks for cycles among them (its own default, 700, is reached a thousand
times while the libraries are imported)."""


def main() -> None:
    """Run the command line; never shows a traceback for a user's mistake or the network's."""
    if sys.platform == "win32":
        sys.exit("syncd runs on Linux and macOS; Windows is not supported")
    gc.set_threshold(_NEW_OBJECTS)
    try:
        from syncd.cli.app import run

        run()
    except KeyboardInterrupt:
        # Before a command has begun to listen for it itself.
        sys.exit(130)
    finally:
        # The system frees it all at once. To look through it for cycles before, as Python does when
        # it ends, takes a quarter of the time of a short command.
        gc.freeze()


if __name__ == "__main__":
    main()
