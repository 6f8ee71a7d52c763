"""Compose the music of the simulator: audio, covers and `tracks.json`.

    python tools/make_music.py [--out DIR]

The same library versions give the same bytes. Exits 1 if the result is larger than `LIMIT`, or if
two tracks sound too alike.
"""

import argparse
import io
import json
import shutil
import struct
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile
from music.covers import paint
from music.instrumental import INSTRUMENTAL
from music.performance import perform
from music.score import Song
from music.sung import SUNG
from music.synth import Samples

DATA = Path(__file__).parent.parent / "syncd" / "simulator" / "data"
SONGS = SUNG + INSTRUMENTAL
LIMIT = 3_000_000  # bytes, of everything that is written
ALIKE = 1.0  # fingerprints nearer than this belong to tracks that a listener would confuse
SUBTYPES = {"flac": "PCM_16", "wav": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}


def encode(sound: Samples, rate: int, kind: str) -> bytes:
    """An audio file of one of `SUBTYPES`, without tags; `sound` has shape (frames, channels)."""
    out = io.BytesIO()
    if kind == "flac":
        # 12 bits are as quiet as this music needs, and FLAC stores the four empty ones for nothing.
        sound = np.round(sound * 2**11) / 2**11
    with soundfile.SoundFile(
        out,
        "w",
        rate,
        sound.shape[1],
        SUBTYPES[kind],
        format=kind.upper(),
        compression_level={"flac": 1.0, "ogg": 0.85, "mp3": 0.7}.get(kind),
    ) as file:
        # In blocks: the Vorbis encoder keeps what it is given on the stack.
        for first in range(0, len(sound), rate):
            file.write(sound[first : first + rate])
    return with_serial(out.getvalue(), 1) if kind == "ogg" else out.getvalue()


def with_serial(ogg: bytes, serial: int) -> bytes:
    """The same Ogg stream under a given serial number, where the encoder chose one at random.

    Page layout and checksum: RFC 3533, section 6.
    """
    pages, place = bytearray(ogg), 0
    while place < len(pages):
        segments = pages[place + 26]
        body = sum(pages[place + 27 : place + 27 + segments])
        end = place + 27 + segments + body
        struct.pack_into("<I", pages, place + 14, serial)
        struct.pack_into("<I", pages, place + 22, 0)
        struct.pack_into("<I", pages, place + 22, ogg_checksum(bytes(pages[place:end])))
        place = end
    return bytes(pages)


def ogg_checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ CHECKSUMS[value >> 24 ^ byte]
    return value


def checksum_row(index: int) -> int:
    value = index << 24
    for _ in range(8):
        value = value << 1 ^ (0x104C11DB7 if value & 0x80000000 else 0)
    return value


CHECKSUMS = [checksum_row(index) for index in range(256)]


def lrc(song: Song) -> str | None:
    """Synchronised lyrics: each line at the bar it is sung on; section marks are left out."""
    if song.lyrics is None:
        return None
    lines = [line for line in song.lyrics.splitlines() if not line.startswith("[")]
    stamped = [f"[ti:{song.title}]"]
    for bar, line in zip(song.sung_bars, lines, strict=True):
        seconds = bar * song.bar_seconds
        stamped.append(f"[{int(seconds // 60):02}:{seconds % 60:05.2f}]{line}")
    return "\n".join(stamped) + "\n"


def write(song: Song, out: Path) -> dict[str, object]:
    """Write the files of one song; its entry of `tracks.json`."""
    sound = perform(song)
    audio = {kind: f"audio/{song.slug}.{kind}" for kind in song.formats}
    for kind, place in audio.items():
        (out / place).write_bytes(encode(sound, song.rate, kind))
    cover = None
    if song.cover is not None:
        cover = f"covers/{song.slug}.{song.cover.format}"
        paint(song.cover, song.seed, out / cover)
    return {
        "slug": song.slug,
        "title": song.title,
        "task": song.task,
        "song_type": song.song_type,
        "prompt": song.prompt,
        "lyrics": song.lyrics,
        "lrc": lrc(song),
        "language": song.language,
        "genre": song.genre,
        "emotion": song.emotion,
        "occasion": song.occasion,
        "bpm": song.bpm,
        "keyscale": song.keyscale,
        "timesignature": song.timesignature,
        "seed": song.seed,
        "quality_score": song.quality_score,
        "liked": song.liked,
        "duration": round(len(sound) / song.rate, 3),
        "cover": cover,
        "audio": audio,
    }


def fingerprint(path: Path) -> Samples:
    """What a listener tells tracks apart by: timbre, harmony and pulse, each of unit length.

    Timbre is the level in 24 bands from 50 Hz to 8 kHz, harmony the power on each of the twelve
    pitch classes, pulse the self-similarity of the onsets over lags of 0.2 to 1 s. The file is
    decoded to its end, so a damaged one raises `soundfile.LibsndfileError`.
    """
    sound, rate = soundfile.read(path, always_2d=True)
    mono = sound.mean(axis=1)
    size, hop = 4096, rate // 100
    frames = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / rate)
    band = np.digitize(hertz, np.geomspace(50, 8000, 25))
    bands = np.stack([power[:, band == i].sum(axis=1) for i in range(1, 25)], axis=1)
    timbre = np.log10(bands.mean(axis=0) / bands.mean() + 1e-5)
    tonal = (hertz > 100) & (hertz < 2000)
    classes = np.round(12 * np.log2(hertz[tonal] / 440)).astype(int) % 12
    harmony = np.array([power[:, tonal][:, classes == i].mean() for i in range(12)])
    rises = np.maximum(0, np.diff(np.log10(bands + 1e-3), axis=0)).sum(axis=1)
    rises -= rises.mean()
    pulse = np.array([np.dot(rises[lag:], rises[:-lag]) for lag in range(20, 100)])
    return np.concatenate(
        [(v - v.mean()) / np.linalg.norm(v - v.mean()) for v in (timbre, harmony, pulse)]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DATA, help="default: %(default)s")
    out: Path = parser.parse_args().out
    for folder in ("audio", "covers"):
        shutil.rmtree(out / folder, ignore_errors=True)
        (out / folder).mkdir(parents=True)
    tracks = [write(song, out) for song in SONGS]
    text = json.dumps(tracks, ensure_ascii=False, indent=1) + "\n"
    (out / "tracks.json").write_text(text, encoding="utf-8")

    files = [*sorted(out.glob("*/*.*")), out / "tracks.json"]
    for path in files:
        print(f"{path.stat().st_size:>9,}  {path.relative_to(out)}")
    total = sum(path.stat().st_size for path in files)
    print(f"{total:>9,}  in all, of {LIMIT:,}")

    prints = {path: fingerprint(path) for path in sorted(out.glob("audio/*.*"))}
    near, first, second = min(
        (float(np.linalg.norm(prints[a] - prints[b])), a.stem, b.stem)
        for a, b in combinations(prints, 2)
        if a.stem != b.stem
    )
    print(f"nearest two: {first} and {second}, {near:.2f} apart")
    if total > LIMIT:
        print("too large", file=sys.stderr)
    if near < ALIKE:
        print("two tracks sound too alike", file=sys.stderr)
    return int(total > LIMIT or near < ALIKE)


if __name__ == "__main__":
    sys.exit(main())
