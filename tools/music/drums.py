"""The drum kit: sine sweeps and shaped noise, each hit mono and at about unit peak."""

from collections.abc import Callable

import numpy as np

from music.synth import Samples


def noise(count: int, seed: int) -> Samples:
    return np.random.default_rng(seed).uniform(-1, 1, count)


def high(sound: Samples, order: int = 1) -> Samples:
    """A crude high-pass: differences keep the hiss and lose the body."""
    for _ in range(order):
        sound = np.diff(sound, prepend=0.0) * 0.6
    return sound


def low(sound: Samples, width: int) -> Samples:
    """A crude low-pass: a moving average over `width` samples."""
    return np.convolve(sound, np.hanning(width + 2)[1:-1], mode="same") / width**0.5


def sweep(t: Samples, top: float, bottom: float, fall: float) -> Samples:
    """A sine that falls from `top` to `bottom` Hz with time constant `fall`."""
    phase: Samples = bottom * t + (top - bottom) * fall * (1 - np.exp(-t / fall))
    return np.sin(2 * np.pi * phase)


def kick(t: Samples) -> Samples:
    return sweep(t, 170, 48, 0.03) * np.exp(-t / 0.13) + 0.2 * high(noise(t.size, 1)) * (t < 0.003)


def boom(t: Samples) -> Samples:
    return np.tanh(1.6 * sweep(t, 130, 41, 0.05)) * np.exp(-t / 0.4)


def snare(t: Samples) -> Samples:
    body = 0.5 * sweep(t, 240, 180, 0.03) * np.exp(-t / 0.07)
    return body + 0.7 * high(noise(t.size, 2)) * np.exp(-t / 0.09)


def clap(t: Samples) -> Samples:
    bursts = sum(np.where(t >= s, np.exp(-(t - s) / 0.008), 0) for s in (0.0, 0.011, 0.023))
    return high(noise(t.size, 3)) * (0.6 * bursts + 0.5 * np.exp(-t / 0.09))


def hat(t: Samples) -> Samples:
    return high(noise(t.size, 4), 3) * np.exp(-t / 0.025)


def open_hat(t: Samples) -> Samples:
    return high(noise(t.size, 5), 3) * np.exp(-t / 0.14)


def ride(t: Samples) -> Samples:
    ring = sum(np.sin(2 * np.pi * f * t) for f in (3170, 4230, 5410, 6730))
    return (0.12 * ring + 0.4 * high(noise(t.size, 6), 2)) * np.exp(-t / 0.16)


def rim(t: Samples) -> Samples:
    return (np.sin(2 * np.pi * 1710 * t) + 0.6 * np.sin(2 * np.pi * 820 * t)) * np.exp(-t / 0.012)


def shaker(t: Samples) -> Samples:
    return high(noise(t.size, 7), 2) * np.sin(np.pi * np.clip(t / 0.07, 0, 1))


def brush(t: Samples) -> Samples:
    return 0.7 * low(high(noise(t.size, 8)), 4) * np.sin(np.pi * np.clip(t / 0.22, 0, 1)) ** 2


def tom(t: Samples) -> Samples:
    return sweep(t, 190, 95, 0.06) * np.exp(-t / 0.18)


def timpani(t: Samples) -> Samples:
    tones = sum(np.sin(2 * np.pi * 73.4 * r * t) / r for r in (1.0, 1.5, 1.98, 2.44))
    return (0.5 * tones + 0.3 * low(noise(t.size, 9), 40) * (t < 0.02)) * np.exp(-t / 0.5)


def cymbal(t: Samples) -> Samples:
    return high(noise(t.size, 10), 2) * np.minimum(1, t / 0.01) * np.exp(-t / 0.5)


def zap(t: Samples) -> Samples:
    return np.sign(sweep(t, 900, 60, 0.03)) * np.exp(-t / 0.06)


# Each drum with the seconds it needs to die away.
KIT: dict[str, tuple[Callable[[Samples], Samples], float]] = {
    "kick": (kick, 0.5),
    "boom": (boom, 1.2),
    "snare": (snare, 0.4),
    "clap": (clap, 0.4),
    "hat": (hat, 0.12),
    "open_hat": (open_hat, 0.5),
    "ride": (ride, 0.6),
    "rim": (rim, 0.08),
    "shaker": (shaker, 0.07),
    "brush": (brush, 0.22),
    "tom": (tom, 0.7),
    "timpani": (timpani, 1.6),
    "cymbal": (cymbal, 1.8),
    "zap": (zap, 0.3),
}


def hit(drum: str, rate: int) -> Samples:
    """The samples of one hit of a drum of `KIT`."""
    play, seconds = KIT[drum]
    sound = play(np.arange(int(seconds * rate)) / rate)
    return sound * np.minimum(1, np.linspace(20, 0, sound.size))
