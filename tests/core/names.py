"""Stems as they are emitted and renamed: what the tests of renames are written with."""

from __future__ import annotations

from datetime import UTC, datetime

from syncd.core.model import Origin, RemoteTrack
from syncd.core.naming import name_track
from syncd.core.policy import Policy
from syncd.core.renaming import new_stem, title_of

PLAIN = "{album}/{title}.{ext}"
NUMBERED = "{album}/{track} {title}.{ext}"
NUMBERED_ARTIST = "{track} - {artist} - {title}.{ext}"
ARTIST = "{artist} - {title}.{ext}"
ARTIST_LAST = "{title} ({artist}).{ext}"
WITH_ID = "{title} [{id}].{ext}"
DATED = "{date}/{title}, {year}.{ext}"
IN_THE_MIDDLE = "{genre} {artist} - {title} - {bpm} {key}.{ext}"
TWICE = "{title}/{title} - {title}.{ext}"
NO_SPACE = "{artist}{title}.{ext}"
LONG = "y" * 160 + " {title}.{ext}"
CON = "con.{title}.{ext}"
BRACES = "{{{track}}} {title} {{live}}.{ext}"
BLANK_ENDS = "a/ {artist} - {title} live .{ext}"

TEMPLATES = (
    PLAIN, NUMBERED, NUMBERED_ARTIST, ARTIST, ARTIST_LAST, WITH_ID, DATED, IN_THE_MIDDLE, TWICE,
    NO_SPACE, LONG, CON, BRACES, BLANK_ENDS,
)  # fmt: skip

JOB = 7


def emitted(
    title: str | None,
    template: str = PLAIN,
    *,
    prompt: str | None = None,
    suffixed: bool = False,
) -> str:
    """The stem under which a track is first placed."""
    policy = Policy(origin=Origin("https://api.audiopod.ai"), template=template)
    made = RemoteTrack(
        id=JOB,
        status="COMPLETED",
        title=title,
        prompt=prompt,
        created_at=datetime(2026, 3, 9, tzinfo=UTC),
        genre=("lo-fi", "jazz/funk"),
        bpm=92.0,
        keyscale="F# minor",
    )
    return name_track(
        made, policy, album="AudioPod 2026-03", number=1, ext="flac", suffixed=suffixed
    ).stem


def asked(
    stem: str,
    title: str | None,
    template: str = PLAIN,
    *,
    placed: str | None = None,
    job_id: int = JOB,
) -> str | None:
    """What a file placed for ``title`` (as ``placed``) asks for under the name ``stem``."""
    return title_of(
        stem,
        placed_title=title,
        placed_stem=emitted(title, template) if placed is None else placed,
        template=template,
        job_id=job_id,
    )


def followed(
    title: str,
    before: str | None,
    template: str = PLAIN,
    *,
    placed: str | None = None,
    suffixed: bool = False,
) -> str:
    """The new stem of a file placed for ``before`` (as ``placed``)."""
    return new_stem(
        title,
        placed_title=before,
        placed_stem=emitted(before, template) if placed is None else placed,
        template=template,
        job_id=JOB,
        suffixed=suffixed,
    )
