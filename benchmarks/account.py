"""An account for the service to serve, made ready: rows, answers, audio and covers.

The jobs and their JSON are the simulator's own (``syncd.simulator``), so that they look as they do
in the tests; what it answers to anything but lists of jobs is asked of it once, here. Run as a
process of its own, since 100,000 jobs take memory: ``python -m benchmarks.account FOLDER SPEC``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from syncd import simulator
from syncd.simulator import Switches, World
from syncd.simulator.api import PREFIX, Api
from syncd.simulator.job import Clip, Job, song_type_of
from syncd.simulator.listing import values_of
from syncd.simulator.origin import Request
from syncd.simulator.sound import tone
from syncd.simulator.synthetic import facets
from syncd.simulator.wire import wire_job

KEY = "ap_benchmark"
FILTERS = ("status", "task", "song_type", "language", "genre", "emotion", "occasion", "liked")
EPOCHS = 2
"""How many sets of signatures there are: the service shows one set at a time."""

ROW = 1400
"""Bytes of a job on the wire: what the issue that asked for this measured (1.4 KB)."""

CLIPS = 8
"""How many different audio files there are; the jobs share them."""

_MP3_RATE = 417 * 44100 / 1152
"""Bytes a second of what ``tone`` makes: frames of 417 bytes and 1152 samples at 44.1 kHz."""

_EARLIEST, _LATEST = 1_451_606_400.0, 4_102_444_800.0
"""2016-01-01, when the first job was made, and 2100-01-01, when all addresses run out."""

_GAPS = (0.25, 3_000.0, 4_500.0)
"""Seconds between two jobs: 100,000 of them take eight years, about 1,000 in each monthly album."""

_RECORDED = ("/filters/stats", "/jobs/counts", "/presets", "/model/status", "/sample-data")
_WORDS = (
    *("amber", "quiet", "neon", "paper", "northern", "hollow", "golden", "slow", "salt", "silver"),
    *("harbour", "signal", "winter", "mirror", "engine", "garden", "letter", "tide", "room"),
    *("rain", "lantern", "river", "midnight", "window", "station", "ember", "orbit", "meadow"),
    *("falling", "turning", "waiting", "calling", "drifting", "burning", "shining", "leaving"),
)
_TASKS = ("text2music", "prompt2instrumental", "text2rap", "lyric2vocals", "text2samples")
_LANGUAGES = ("en", "de", "es", "ja")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What an account holds: so many completed jobs, each with an mp3 of about so many bytes.

    ``facets``: jobs say their genre, emotion, occasion, language, type and like themselves. The
    documented object does not (api.md), and each has to be listed by filter then; with large
    accounts that would be measured instead of what is meant. ``covers``: each has a cover.
    """

    jobs: int
    audio: int
    facets: bool = False
    covers: bool = False
    media_url: str = "http://127.0.0.1:1"

    def switches(self) -> Switches:
        said = {*FILTERS} & {"genre", "emotion", "occasion", "language", "song_type", "liked"}
        return Switches(facets=frozenset(said) if self.facets else frozenset())


def build(folder: Path, spec: Spec) -> None:
    """Write the account to ``folder``: ``rows-N`` of each epoch, ``index.json``, the media."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = _make_media(folder, spec)
    world = world_of(spec)
    jobs = world.jobs()
    index: dict[str, Any] = {"ids": [job.id for job in jobs], "sizes": sizes}
    for epoch in range(EPOCHS):
        index["offsets"] = _write_rows(folder / f"rows-{epoch}", jobs, spec, epoch)
    index["filters"] = _filtered(jobs)
    index["answers"] = {path: answer(world, spec, path, {})[0].decode() for path in _RECORDED}
    (folder / "index.json").write_text(json.dumps(index))


def world_of(spec: Spec) -> World:
    """The same account for the simulator."""
    world = World()
    world.grant(KEY)
    world.insert(_jobs(spec, world.user_id))
    return world


def answer(
    world: World, spec: Spec, path: str, query: dict[str, str]
) -> tuple[bytes, Mapping[str, str]]:
    """Body and headers of what the simulator answers to a GET."""
    api = Api(world, spec.switches, lambda job, name, _clip: _address(spec, job, name, 0))
    answered = api(Request("GET", PREFIX + path, query, {"x-api-key": KEY}, b""))
    return answered.body, answered.headers


def audio_of(size: int, seed: int) -> bytes:
    """A valid mp3 of about so many bytes; another one for each seed."""
    return tone("mp3", seed, size / _MP3_RATE)


def _make_media(folder: Path, spec: Spec) -> list[int]:
    """The audio files and the cover; the size of each of the former, in bytes."""
    clips = min(CLIPS, spec.jobs)
    for number in range(clips):
        (folder / f"{number}.mp3").write_bytes(audio_of(spec.audio, number + 1))
    if spec.covers:
        drawn = Path(simulator.__file__).parent / "data/covers/undertow-signal.jpg"
        (folder / "cover.jpg").write_bytes(drawn.read_bytes())
    return [(folder / f"{number}.mp3").stat().st_size for number in range(clips)]


def _jobs(spec: Spec, user_id: int) -> Iterator[Job]:
    source = random.Random(spec.jobs)  # noqa: S311
    clips = [
        Clip(b"", "mp3", _EARLIEST, f'"{hashlib.sha256(bytes([number])).hexdigest()[:32]}"')
        for number in range(min(CLIPS, spec.jobs))
    ]
    cover = Clip(b"", "jpg", _EARLIEST, '"cover"') if spec.covers else None
    id_, created = 48_211, _EARLIEST
    for number in range(spec.jobs):
        id_ += source.randint(1, 9)
        created += source.choice(_GAPS)
        task, language = source.choice(_TASKS), source.choice(_LANGUAGES)
        title = " ".join(source.choices(_WORDS, k=source.randint(2, 4))).title()
        job = Job(
            id=id_,
            user_id=user_id,
            created_at=created,
            completed_at=created + 30,
            task=task,
            display_name=title,
            audio_duration=round(spec.audio / _MP3_RATE, 3),
            actual_seeds=(source.randrange(2**31),),
            quality_score=round(source.random(), 3),
            prompt=" ".join(source.choices(_WORDS, k=12)),
            lyrics="",
            vocal_language=language,
            language=language,
            timesignature="4/4",
            format="mp3",
            **facets(source),
            song_type=song_type_of(task),
            liked=source.random() < 0.2,
            audio={"mp3": clips[number % len(clips)]},
            cover=cover,
        )
        room = ROW - len(_row(job, spec, spec.switches(), 0))
        lines = " ".join(source.choices(_WORDS, k=max(0, room // 6)))
        yield replace(job, lyrics=lines[: max(0, room)])


def _row(job: Job, spec: Spec, switches: Switches, epoch: int) -> bytes:
    wired = wire_job(job, switches, lambda job, name, _clip: _address(spec, job, name, epoch))
    return json.dumps(wired, ensure_ascii=False, separators=(",", ":")).encode()


def _write_rows(path: Path, jobs: Sequence[Job], spec: Spec, epoch: int) -> list[int]:
    """The rows, oldest job first, a comma after each; where each begins, and the end."""
    offsets, at, switches = [], 0, spec.switches()
    with path.open("wb") as stream:
        for job in jobs:
            offsets.append(at)
            at += stream.write(_row(job, spec, switches, epoch) + b",")
    return [*offsets, at]


def _address(spec: Spec, job: Job, name: str, epoch: int) -> str:
    """Signed as the simulator's are, with a key for each epoch: of the same length in all."""
    folder = "covers" if name.startswith("cover.") else "files"
    path = f"/{folder}/{job.id}.{name.rpartition('.')[2]}"
    signature = hmac.digest(f"epoch {epoch}".encode(), path.encode(), hashlib.sha256).hex()
    return f"{spec.media_url}{path}?expires={_LATEST:.0f}&signature={signature}"


def _filtered(jobs: Sequence[Job]) -> dict[str, dict[str, list[int]]]:
    """Filter -> value -> the rows that have it, oldest first."""
    found: dict[str, dict[str, list[int]]] = {name: {} for name in FILTERS}
    for row, job in enumerate(jobs):
        for name in FILTERS:
            value = getattr(job, name)
            values = (str(value).lower(),) if isinstance(value, bool) else values_of(value)
            for one in values:
                found[name].setdefault(one, []).append(row)
    return found


def spec_text(spec: Spec) -> str:
    """As the command line takes it."""
    return json.dumps(asdict(spec))


if __name__ == "__main__":
    build(Path(sys.argv[1]), Spec(**json.loads(sys.argv[2])))
