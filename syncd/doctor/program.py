"""The program itself: its version, its Python, and the libraries that it works with."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from syncd import __version__
from syncd.doctor.check import Check, ok, warning

_PACKAGE = "audiopod-syncd"


def look() -> Iterator[Check]:
    yield ok("version", f"syncd {__version__}")
    yield ok("python", f"{platform.python_version()} at {sys.executable}, {platform.platform()}")
    yield _libraries()


def _libraries() -> Check:
    try:
        wanted = requires(_PACKAGE) or []
    except PackageNotFoundError:
        return warning(
            "libraries",
            f"the package {_PACKAGE} is not installed: syncd runs from a folder of its source",
            "install it, so that its libraries are looked after: pipx install audiopod-syncd",
        )
    names = [
        found[0]
        for line in wanted
        # An extra is there by choice.
        if "extra ==" not in line and (found := re.match(r"[A-Za-z0-9._-]+", line))
    ]
    installed, missing = [], []
    for name in sorted(names):
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        # What cannot be done without one fails in a check of its own.
        return warning("libraries", f"missing: {', '.join(missing)}", "install syncd anew")
    return ok("libraries", ", ".join(installed))
