"""What can be set: each section with its keys, their defaults and what they may hold.

``setting_types`` has the kinds of values; a value that is not allowed raises ``ValueError``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from syncd.core.model import FORMATS
from syncd.core.naming import fold
from syncd.setting_types import (
    Address,
    Album,
    AlsoRoot,
    Command,
    Duration,
    Export,
    ExportFile,
    Formats,
    FurtherFormats,
    Ignore,
    Length,
    Listen,
    PathMap,
    PathSetting,
    Query,
    Since,
    Size,
    SongTypes,
    Template,
    Text,
    Tries,
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
    song_type: SongTypes = ()
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
    also: FurtherFormats = ()
    also_root: Annotated[AlsoRoot, Field(validate_default=True)] = "{root} {format}"
    ignore: Ignore = ()
    only: OnlySection = Field(default_factory=OnlySection)

    def root_of(self, format_: str) -> Path:
        """The root of the tree that holds the same tracks as ``format_``."""
        return _root_of(self.also_root, self.root, format_)

    @field_validator("also_root")
    @classmethod
    def _lies_apart(cls, value: str, info: ValidationInfo) -> str:
        root = info.data.get("root")
        if root is None:
            return value  # which is what is wrong, then
        roots = [root, *(_root_of(value, root, one) for one in info.data.get("also", ()))]
        for one, other in permutations(roots, 2):
            if one in (other, *other.parents):
                raise ValueError(f"must keep the trees apart: {other} lies in {one}")
        return value


def _root_of(pattern: str, root: Path, format_: str) -> Path:
    fields = {"{root}": str(root), "{format}": format_}
    text = re.sub(r"{root}|{format}", lambda found: fields[found[0]], pattern)
    return Path(os.path.normpath(Path(text).expanduser()))


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
    retry_failed: Tries = "off"
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
    _first: Settings | None = PrivateAttr(default=None)

    @property
    def catalog(self) -> Path:
        return self.state.dir / "catalog.sqlite3"

    @property
    def first(self) -> Settings | None:
        """The settings that these were derived from (``tree``); ``None``: they are their own."""
        return self._first

    @property
    def format(self) -> str:
        """The only one that a further tree holds."""
        (format_,) = self.library.formats
        return format_

    def tree(self, format_: str) -> Settings:
        """The same settings for the tree of ``library.also`` that holds ``format_``.

        It has a folder and a state of its own, and nothing but that format. A file that is deleted
        in it deletes nothing in the account; what is there once in all is the first tree's.
        """
        library = {"root": self.library.root_of(format_), "formats": (format_,), "also": ()}
        # Where nothing is sent, deleted files are fetched again in either.
        deletions = "restore" if self.sync.direction == "down" else "ignore"
        if self.sync.deletions != "mirror":
            deletions = self.sync.deletions
        sync = {"deletions": deletions, "retry_failed": "off"}
        made = self.model_copy(
            update={
                "library": self.library.model_copy(update=library),
                "sync": self.sync.model_copy(update=sync),
                "state": self.state.model_copy(update={"dir": self.state.dir / "also" / format_}),
                "hooks": Hooks(),
                "metrics": Metrics(),
                "notify": Notify(),
                "exports": Exports(),
                "playlists": (),
            }
        )
        made._first = self
        return made

    @property
    def trees(self) -> dict[str, Settings]:
        """Those of ``library.also``, by format."""
        return {format_: self.tree(format_) for format_ in self.library.also}
