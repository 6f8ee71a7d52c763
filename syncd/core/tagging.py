"""Which tags a track's file should carry: a job in, managed fields out (tags.md, "Mapping").

Fields are format-free here; ``local.tags`` knows how each container spells them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal

from syncd.core.harmony import camelot, classical, openkey
from syncd.core.languages import language_code
from syncd.core.lyrics import timed_lines, timed_text
from syncd.core.model import Job, Origin, RemoteTrack
from syncd.core.only import distinct

Fields = Mapping[str, tuple[str, ...]]
"""Managed field -> its values, in order. A field that is absent here is not written."""

MANAGED = (
    "title",
    "artist",
    "albumartist",
    "album",
    "track",
    "date",
    "genre",
    "emotion",
    "occasion",
    "language",
    "bpm",
    "key",
    "lyrics",
    "synced_lyrics",
    "prompt",
    "comment",
    "job_id",
    "origin",
    "task",
    "seed",
    "quality",
    "timesignature",
    "completed_at",
    "liked",
    "duration",
)
"""Every field this program writes. Values are text: ``bpm`` a rounded integer, ``duration``
seconds with three decimals (measured, added by the writer), ``date`` and ``completed_at`` ISO 8601
in UTC, ``language`` ISO 639-2, ``key`` at most three characters, ``liked`` "1", ``synced_lyrics``
LRC with times to the millisecond."""

SERVED = "served "
"""What stands before the name of a field, in the baseline, under which it keeps what the audio
brought along in that field where nothing was to be written."""

OLDER = 3
"""The version of ID3v2 that DJ programs read, and every other program does, too; else it is 4."""

ID3_VERSION = "id3_version"
"""The name, in the baseline, of the version of ID3v2 that a tag was given; absent for v2.4."""

JOBS_OWN = frozenset(MANAGED) - {
    "title", "artist", "albumartist", "album", "track", "comment", "synced_lyrics", "origin",
    "duration",
}  # fmt: skip
"""The fields that follow from a job's object alone, whatever the settings, but for the spelling of
its key."""

_KEYS = {"classical": classical, "camelot": camelot, "openkey": openkey}
_BETWEEN = " - "
"""What stands between the parts of a comment: signs that a player's small display has, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How tags are written: the settings of ``[tags]`` (config.example.toml explains each).

    ``dj`` is for programs that read ID3v2.3, one genre, and the comment rather than the mood.
    """

    profile: Literal["library", "dj"] = "library"
    key: Literal["classical", "camelot", "openkey"] = "classical"
    ownership: Literal["user", "syncd"] = "user"
    synced_lyrics: bool = False

    @property
    def id3_version(self) -> int:
        """The version of ID3v2 that files get."""
        return OLDER if self.profile == "dj" else 4


PLAIN = Style()
"""The style of the defaults."""


def desired_fields(
    job: Job,
    *,
    origin: Origin,
    title: str,
    artist: str,
    album: str,
    number: int | None,
    style: Style = PLAIN,
) -> dict[str, tuple[str, ...]]:
    """The managed fields of ``job``'s file, without ``duration`` (measured when it is written)."""
    fields = {
        "title": _one(title),
        "artist": _one(artist),
        "albumartist": _one(artist),
        "album": _one(album),
        "track": _one(number),
        "date": _one(_iso(job.created_at)),
        "genre": _many(distinct(job.genre)),
        "emotion": _many(distinct(job.emotion)),
        "occasion": _many(distinct(job.occasion)),
        "language": _one(language_code(job.vocal_language) or language_code(job.language)),
        "bpm": _one(round(job.bpm) or None if job.bpm and 0 < job.bpm < math.inf else None),
        "key": _one(_KEYS[style.key](job.keyscale)),
        "lyrics": _one(job.lyrics),
        "synced_lyrics": _synced(job) if style.synced_lyrics else (),
        "prompt": _one(job.prompt),
        "comment": _one(job.prompt),
        "job_id": _one(job.id),
        "origin": _one(str(origin)),
        "task": _one(job.task),
        "seed": _many(str(seed) for seed in (job.actual_seeds or _seed(job))),
        "quality": _one(None if job.quality_score is None else f"{job.quality_score:g}"),
        "timesignature": _one(job.timesignature),
        "completed_at": _one(_iso(job.completed_at)),
        "liked": _one("1" if job.liked else None),
    }
    if style.profile == "dj":
        fields |= _for_djs(fields)
    return {name: values for name, values in fields.items() if values}


def told(track: RemoteTrack) -> str:
    """A digest of all that the account says of a track's tags, but for its title.

    The title has operations of its own; what is equal asks for no other tags.
    """
    said = (
        track.gist,
        track.genre,
        track.emotion,
        track.occasion,
        track.language,
        track.bpm,
        track.keyscale,
        bool(track.liked),
        track.quality_score,
        track.task,
        track.created_at and track.created_at.timestamp(),
    )
    return blake2b(repr(said).encode(), digest_size=8).hexdigest()


def _for_djs(fields: Fields) -> dict[str, tuple[str, ...]]:
    """What DJ programs show: one value a field, since ID3v2.3 has no sign between several."""
    single = {name: _one(", ".join(fields[name])) for name in ("emotion", "occasion", "seed")}
    beat = tuple(f"{bpm} BPM" for bpm in fields["bpm"])
    parts = (*fields["key"], *beat, *single["emotion"], *single["occasion"], *fields["prompt"])
    return {**single, "genre": fields["genre"][:1], "comment": _one(_BETWEEN.join(parts))}


def _synced(job: Job) -> tuple[str, ...]:
    return _one(timed_text(timed_lines(job.lrc_content or "")))


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S")


def _seed(job: Job) -> tuple[int, ...]:
    return () if job.seed is None or job.seed < 0 else (job.seed,)


def _one(value: object) -> tuple[str, ...]:
    # NUL ends a text field in ID3 and Vorbis comments alike, so it cannot be written.
    text = "" if value is None else str(value).replace("\0", "")
    return (text,) if text.strip() else ()


def _many(values: Iterable[str]) -> tuple[str, ...]:
    cleaned = (value.replace("\0", "").strip() for value in values)
    return tuple(dict.fromkeys(value for value in cleaned if value))
