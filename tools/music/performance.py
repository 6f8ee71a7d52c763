"""A song as samples: the melody composed, the parts played, the mix made."""

from collections.abc import Iterator
from itertools import cycle

import numpy as np

from music import drums, synth
from music.score import Part, Song, Step, steps
from music.synth import Samples

LOUDNESS = 0.17  # RMS of the louder half of every track, about -15 dBFS
PEAK = 0.84  # leaves a lossy encoder room to overshoot


def perform(song: Song) -> Samples:
    """The finished track, shape (frames, channels), within ±`PEAK`."""
    frames = round(song.duration * song.rate)
    music = np.zeros((2, frames + 2 * song.rate))
    kit = np.zeros_like(music)
    rng = np.random.default_rng(song.seed)
    for part in song.parts:
        for step, pitches in line(song, part, rng):
            play_note(music, song, part, step, pitches)
    duck = np.ones(music.shape[1])
    for beat in song.beats:
        sound = drums.hit(beat.drum, song.rate)
        for step in steps(beat.pattern, beat.start, song.bars if beat.stop is None else beat.stop):
            first = onset(song, step)
            add(kit, sound * beat.gain * accent(step), first, beat.pan)
            if beat.drum == "kick" and song.pump:
                dip = 1 - song.pump * np.exp(-np.arange(song.rate // 2) / (0.11 * song.rate))
                duck[first : first + dip.size] = dip
    if song.echo:
        music = echo(music, song)
    mix = reverb(music * duck, song.reverb, song.rate) + kit
    mix = mix[:, :frames]
    if song.crackle:
        pops = rng.standard_normal(mix.shape) * (rng.random(mix.shape) < 0.0006)
        mix += song.crackle * (pops + 0.02 * rng.standard_normal(mix.shape))
    return master(mix if song.stereo else mix.mean(axis=0, keepdims=True), song).T


def line(song: Song, part: Part, rng: np.random.Generator) -> Iterator[tuple[Step, list[int]]]:
    """The events of a part with the pitches of each."""
    events = list(steps(part.pattern, part.start, song.bars if part.stop is None else part.stop))
    if part.melody:
        yield from zip(events, ([pitch] for pitch in melody(song, part, events, rng)), strict=True)
        return
    for step in events:
        chord = song.chord(step.at)
        if step.sign.isdigit():
            yield step, [chord.tone(int(step.sign), part.low)]
        else:
            yield step, chord.voicing(part.low)


def melody(song: Song, part: Part, events: list[Step], rng: np.random.Generator) -> list[int]:
    """One pitch an event: a walk on the scale that rests on chord tones and ends on the tonic.

    Two contours, A and B, are drawn once and return as A A B A, two bars each, so a tune is heard.
    """
    ladder = [n for n in range(part.low, part.low + part.span) if n % 12 in song.scale]
    contours = [rng.choice([-2, -1, -1, 0, 1, 1, 2, 3], size=64) for _ in range(2)]
    pitches: list[int] = []
    place, phrase, played = len(ladder) // 2, -1, 0
    for step in events:
        if int(step.at) // 2 != phrase:
            phrase, played, place = int(step.at) // 2, 0, len(ladder) // 2
        place += int(contours[phrase % 4 == 2][played % 64])
        played += 1
        # Reflected at the ends, so that a walk turns round there instead of sticking.
        place = abs(place)
        place = min(place, 2 * (len(ladder) - 1) - place)
        if step.at % 0.5 == 0 or step.length >= 0.25:
            tones = song.chord(step.at).pitch_classes
            near = [i for i, n in enumerate(ladder) if n % 12 in tones]
            place = min((abs(i - place), i) for i in near)[1]
        pitches.append(ladder[place])
    tonics = [n for n in ladder if n % 12 == song.scale[0]]
    if pitches and tonics:
        pitches[-1] = min(tonics, key=lambda n: abs(n - pitches[-1]))
    return pitches


def play_note(bus: Samples, song: Song, part: Part, step: Step, pitches: list[int]) -> None:
    vowels = part.voice.vowels
    vowel = vowels[int(step.at * 16) % len(vowels)] if vowels else ""
    seconds = round(step.length * song.bar_seconds * 0.94, 4)
    for pitch in pitches:
        sound = synth.note(part.voice, pitch, seconds, song.rate, vowel)
        level = part.gain * accent(step) / len(pitches) ** 0.7
        add(bus, sound * level, onset(song, step), part.pan)


def accent(step: Step) -> float:
    return 1.35 if step.sign == "X" else 1.0


def onset(song: Song, step: Step) -> int:
    """The first sample of a step, swing included."""
    return round((step.at + song.swing * step.offbeat) * song.bar_seconds * song.rate)


def add(bus: Samples, sound: Samples, first: int, pan: float) -> None:
    """Mix a mono sound into a stereo bus at constant power; what lies past the end is dropped."""
    room = bus[:, first : first + sound.size]
    angle = (pan + 1) * np.pi / 4
    room += np.array([[np.cos(angle)], [np.sin(angle)]]) * sound[: room.shape[1]] * 2**0.5


def echo(bus: Samples, song: Song) -> Samples:
    """Repeats a dotted eighth apart that change sides."""
    delay = round(song.rate * 60 / song.bpm * 0.75)
    out = bus.copy()
    for repeat, side in zip(range(1, 5), cycle((1, -1))):
        shifted = np.roll(bus, delay * repeat, axis=1) * song.echo**repeat
        shifted[:, : delay * repeat] = 0
        out += shifted[::side]
    return out


def reverb(bus: Samples, wet: float, rate: int) -> Samples:
    """A room: decaying noise, another on each side, convolved by Fourier transform."""
    t = np.arange(int(1.6 * rate)) / rate
    tail = np.random.default_rng(99).standard_normal((2, t.size)) * np.exp(-t / 0.35)
    tail[:, : rate // 80] = 0
    tail = np.cumsum(tail, axis=1) - np.roll(np.cumsum(tail, axis=1), 4, axis=1)
    tail /= np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    size = 1 << (bus.shape[1] + t.size).bit_length()
    room = np.fft.irfft(np.fft.rfft(bus, size) * np.fft.rfft(tail, size), size)
    return bus + wet * room[:, : bus.shape[1]]


def master(mix: Samples, song: Song) -> Samples:
    """Fades, an even loudness, a soft limit."""
    # Loudness is that of the loud half, or a track with a quiet start would be boosted into noise.
    blocks = mix[:, : mix.shape[1] // 1000 * 1000].reshape(mix.shape[0], -1, 1000)
    power = np.sort(np.mean(blocks**2, axis=(0, 2)))
    mix = np.tanh(mix * LOUDNESS / np.sqrt(power[power.size // 2 :].mean()))
    t = np.arange(mix.shape[1]) / song.rate
    faded_in = np.minimum(1, t / max(0.004, song.fade / 10))
    left = (mix.shape[1] - 1) / song.rate - t
    mix = mix * faded_in * np.minimum(1, left / max(0.004, song.fade))
    return mix * min(1, PEAK / float(np.abs(mix).max()))
