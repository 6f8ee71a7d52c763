"""The configuration and the key: where they come from, and who else can read them."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from syncd import config
from syncd.daemon.contact import Contact
from syncd.doctor.check import Check, of_error, ok, unseen, warning
from syncd.doctor.unit import unit_with_credential
from syncd.errors import ConfigError, KeyMissing, SyncdError
from syncd.secret import Secret
from syncd.settings import Settings

BROKEN = "the configuration is broken"


def read(option: Path | None, environ: Mapping[str, str]) -> Settings | ConfigError:
    """The settings in force, or why there are none."""
    try:
        return config.load(option, environ)
    except ConfigError as error:
        return error


def read_key(
    settings: Settings | ConfigError, environ: Mapping[str, str]
) -> Secret | ConfigError | None:
    """The key in force, or why there is none; ``None`` without settings.

    That of a daemon which runs where this process sees none: a credential of systemd is its unit's.
    """
    if isinstance(settings, ConfigError):
        return None
    try:
        return config.load_key(settings, environ)
    except KeyMissing as error:
        with suppress(SyncdError):
            if contact := Contact.find(settings.state.dir):
                return contact.key()
        return error
    except ConfigError as error:
        return error


def look(
    settings: Settings | ConfigError,
    key: Secret | ConfigError | None,
    environ: Mapping[str, str],
) -> Iterator[Check]:
    if isinstance(settings, ConfigError):
        yield of_error("config", settings)
        yield unseen("key", BROKEN)
        return
    if settings.file:
        yield ok("config", str(settings.file))
    else:
        where = config.default_config_path(environ)
        yield ok("config", f"every setting has its default: there is no {where}")
    if settings.playlists and not (settings.exports.playlists or settings.exports.rekordbox):
        yield warning(
            "playlists",
            "[[playlists]] are written nowhere: exports.playlists and exports.rekordbox are empty",
            'set playlists = "Playlists" in [exports]',
        )
    if isinstance(key, KeyMissing) and (unit := unit_with_credential(environ)):
        yield warning(
            "key",
            f"{unit} gives the daemon one, which this command sees only while that runs",
            "run this as the daemon's user while it runs",
        )
    elif isinstance(key, ConfigError):
        yield of_error("key", key)
    elif key is not None:
        yield _key(settings, key)


def _key(settings: Settings, key: Secret) -> Check:
    said = f"{key.masked()} from {key.source}"
    file = settings.api.key_file
    if file is None or key.source != str(file):
        return ok("key", said)
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return warning(
            "key", f"{said}, which other users can read (mode {mode:04o})", f"chmod 600 {file}"
        )
    return ok("key", f"{said} (mode {mode:04o})")
