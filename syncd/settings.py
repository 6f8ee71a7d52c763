"""What can be set: each section with its keys, their defaults and what they may hold.

``setting_types`` has the kinds of values; a value that is not allowed raises ``ValueError``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from syncd.core.model import FORMATS
from syncd.core.naming import fold
from syncd.setting_types import (
    Address,
    Album,
    Command,
    Duration,
    Export,
    ExportFile,
    Formats,
    Length,
    Listen,
    PathMap,
    PathSetting,
    Query,
    Since,
    Size,
    Template,
    Text,
    Values,
    within,
)


def _default_state_dir() -> Path:
    folder = systemd_folder(os.environ, "STATE_DIRECTORY")
    return folder or platformdirs.user_state_path("syncd")


def systemd_folder(environ: Mapping[str, str], name: str) -> Path | None:
    """The folder that systemd made for the unit and names in ``name``, or ``None`` without one."""
    # systemd gives a list where the unit names several directories; ours names one.
    first = environ.get(name, "").split(":")[0]
    return Path(first) if first else None


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Api(_Section):
    """``[api]``: where the service is, and how often it is asked."""

    base_url: Address = "https://api.audiopod.ai"
    key_file: PathSetting | None = None
    requests_per_minute: Annotated[int, Field(ge=0, le=100_000)] = 120
    timeout: Annotated[Duration, Field(ge=1, le=600)] = 30.0


class OnlySection(_Section):
    """``[library.only]``: which jobs are fetched (``core.only.Only``); all, where none is set."""

    task: Values = ()
    song_type: Values = ()
    genre: Values = ()
    emotion: Values = ()
    occasion: Values = ()
    language: Values = ()
    liked: bool | None = None
    min_quality: Annotated[float, Field(ge=0, le=1)] | None = None
    since: Since | None = None
    duration: Length | None = None
    title: Text | None = None


class Library(_Section):
    """``[library]``: the folder and how files are chosen and named."""

    root: PathSetting = Field(default_factory=lambda: platformdirs.user_music_path() / "AudioPod")
    template: Template = "{album}/{title}.{ext}"
    formats: Formats = FORMATS  # type: ignore[assignment]
    artist: Text = "AudioPod"
    album: Album = "AudioPod {year}-{month}"
    moves: Literal["ask", "auto", "never"] = "ask"
    only: OnlySection = Field(default_factory=OnlySection)


class Tags(_Section):
    """``[tags]``: how the tags of files are written (``core.tagging.Style``)."""

    profile: Literal["library", "dj"] = "library"
    key: Literal["classical", "camelot", "openkey"] = "classical"
    ownership: Literal["user", "syncd"] = "user"
    synced_lyrics: bool = False


class Sync(_Section):
    """``[sync]``: what is sent to the account, what follows it, how much at once, and how often.

    Budgets count tracks over a rolling day; with 0 every single one waits for the user. The
    intervals are the daemon's.
    """

    direction: Literal["both", "down"] = "both"
    deletions: Literal["mirror", "restore", "ignore"] = "mirror"
    deletion_grace: Annotated[Duration, within(days=365)] = 86_400.0
    deletion_budget: Annotated[int, Field(ge=0)] = 10
    rename_budget: Annotated[int, Field(ge=0)] = 100
    remote_deletions: Literal["trash", "keep"] = "trash"
    conflicts: Literal["local", "remote", "hold"] = "local"
    poll_interval: Annotated[Duration, Field(ge=5), within(days=1)] = 60.0
    sweep_interval: Annotated[Duration, Field(ge=60), within(days=30)] = 21_600.0
    scan_interval: Annotated[Duration, Field(ge=10), within(days=30)] = 900.0


class Trash(_Section):
    """``[trash]``: what becomes of files that were taken out of the library."""

    # A century: further back, a day's arithmetic leaves the calendar.
    retention: Annotated[Duration, within(days=36_500)] = 2_592_000.0


class State(_Section):
    """``[state]``: where the catalog is, and how long it remembers what was done."""

    dir: PathSetting = Field(default_factory=_default_state_dir)
    history: Annotated[Duration, Field(ge=86_400), within(days=36_500)] = 31_536_000.0


class Limits(_Section):
    """``[limits]``: what may be used at most. ``bandwidth`` is bytes a second, 0 without limit."""

    bandwidth: Size = 0
    parallel_downloads: Annotated[int, Field(ge=1, le=32)] = 4
    min_free_space: Size = 500_000_000
    max_file_size: Annotated[Size, Field(ge=1)] = 1 << 30


class Log(_Section):
    """``[log]``: what is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json", "journald"] = "auto"


class Hooks(_Section):
    """``[hooks]``: programs that the daemon runs, with their arguments; none where empty."""

    on_added: Command = ()
    on_removed: Command = ()
    on_renamed: Command = ()
    on_pending: Command = ()
    on_held: Command = ()
    on_error: Command = ()
    timeout: Annotated[Duration, Field(ge=1), within(days=1)] = 60.0


class Metrics(_Section):
    """``[metrics]``: where the daemon answers with figures and its health; nowhere where empty."""

    listen: Listen = ""


class Notify(_Section):
    """``[notify]``: how the daemon calls for the person it works for."""

    desktop: bool = False


class Exports(_Section):
    """``[exports]``: what is kept up to date for other programs (``core.exporting.Exports``)."""

    playlists: Export = ""
    rekordbox: ExportFile = ""
    nsp: Export = ""
    path_map: PathMap = Field(default_factory=dict)


class Playlist(_Section):
    """One of ``[[playlists]]``: a saved query, by its name."""

    name: Text
    query: Query


def _told_apart(value: tuple[Playlist, ...]) -> tuple[Playlist, ...]:
    names = [fold(one.name) for one in value]
    if len(set(names)) != len(names):
        raise ValueError("must not name two alike")
    return value


Playlists = Annotated[tuple[Playlist, ...], Field(strict=False), AfterValidator(_told_apart)]


class Settings(_Section):
    """All settings, each with its default. ``file`` is where they came from, if from a file."""

    api: Api = Field(default_factory=Api)
    library: Library = Field(default_factory=Library)
    tags: Tags = Field(default_factory=Tags)
    sync: Sync = Field(default_factory=Sync)
    trash: Trash = Field(default_factory=Trash)
    state: State = Field(default_factory=State)
    limits: Limits = Field(default_factory=Limits)
    log: Log = Field(default_factory=Log)
    hooks: Hooks = Field(default_factory=Hooks)
    metrics: Metrics = Field(default_factory=Metrics)
    notify: Notify = Field(default_factory=Notify)
    exports: Exports = Field(default_factory=Exports)
    playlists: Playlists = ()
    file: Path | None = None

    @property
    def catalog(self) -> Path:
        return self.state.dir / "catalog.sqlite3"
