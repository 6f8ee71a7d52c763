"""What people would use instead, as it is found on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata

from benchmarks.pairs import Trouble

_VERSION: Mapping[str, tuple[str, ...]] = {
    "curl": ("--version",),
    "rclone": ("version",),
    "aria2c": ("--version",),
    "beet": ("version",),
    "find": ("--version",),
    "strace": ("--version",),
}
"""How each is asked for its version."""

_PACKAGES = ("curl", "rclone", "aria2", "beets", "findutils", "strace", "iproute2")
"""The same in Debian."""

_CURL_WITH_PARALLEL = (7, 66)
"""The first curl that knows ``--parallel`` (its own changelog)."""

CLIENT = "audiopod"
"""The official client, from PyPI: in the extra ``test``."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """Name -> version of what is there; ``absent`` says of the others why, in plain words."""

    versions: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.versions


def find_rivals() -> Rivals:
    """Ask each for its version."""
    versions: dict[str, str] = {}
    absent: dict[str, str] = {}
    for name, arguments in _VERSION.items():
        if shutil.which(name) is None:
            absent[name] = f"{name} is not installed (--install gets it from Debian)"
            continue
        said = subprocess.run(
            [name, *arguments], capture_output=True, text=True, check=False
        ).stdout
        versions[name] = version_in(said)
    if "curl" in versions and not knows_parallel(versions["curl"]):
        absent["curl"] = f"curl {versions.pop('curl')} does not know --parallel (7.66 does)"
    try:
        versions[CLIENT] = metadata.version(CLIENT)
    except metadata.PackageNotFoundError:
        absent[CLIENT] = f"{CLIENT} is not installed (pip install --editable '.[test]')"
    return Rivals(versions, absent)


def version_in(text: str) -> str:
    """The first thing in ``text`` that looks like a version."""
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else "of an unknown version"


def knows_parallel(version: str) -> bool:
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return parts >= _CURL_WITH_PARALLEL


def install() -> None:
    """Get what Debian has of them. Raises ``Trouble`` where that cannot be."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Trouble(f"--install needs root and apt-get; install {', '.join(_PACKAGES)} yourself")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends")):
        packages = _PACKAGES if words[0] == "install" else ()
        done = subprocess.run(
            ["apt-get", *words, *packages], env=quiet, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise Trouble(f"apt-get {words[0]} ended with {done.returncode}: {last}")
