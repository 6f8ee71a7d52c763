"""One note of one voice, by adding partials."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from music.score import Voice

Samples = NDArray[np.float64]

MOST_PARTIALS = 28
# Centres of the first three formants in Hz, and their levels: textbook averages of spoken vowels.
FORMANTS = {
    "a": ((730, 1.0), (1090, 0.5), (2440, 0.12)),
    "e": ((530, 1.0), (1840, 0.3), (2480, 0.15)),
    "i": ((300, 1.0), (2290, 0.25), (3010, 0.15)),
    "o": ((570, 1.0), (840, 0.45), (2410, 0.06)),
    "u": ((320, 1.0), (870, 0.25), (2240, 0.03)),
}


def frequency(note: float) -> float:
    """Hertz of a MIDI note number."""
    return float(440 * 2 ** ((note - 69) / 12))


def levels(voice: Voice, hertz: Samples, vowel: str) -> Samples:
    """Level of each partial, by the shape of the wave and, for a singer, the vowel."""
    k = np.arange(1, hertz.size + 1)
    shape = {
        "saw": 1 / k,
        "square": (k % 2) / k,
        "triangle": (k % 2) / k**2,
        "sine": (k == 1) * 1.0,
        "organ": np.isin(k, (1, 2, 3, 4, 6, 8)) / np.sqrt(k),
    }[voice.shape]
    level: Samples = shape * np.exp(-(k - 1) / voice.bright)
    if vowel:
        level = level * sum(
            gain * np.exp(-(((hertz - centre) / 160) ** 2)) for centre, gain in FORMANTS[vowel]
        )
        level = level + 0.002 * shape
    return level / np.sqrt(np.sum(level**2))


@lru_cache(maxsize=2000)
def note(voice: Voice, pitch: int, seconds: float, rate: int, vowel: str = "") -> Samples:
    """A note held for `seconds`, with its release after that; mono, about unit level."""
    count = int((seconds + voice.release) * rate)
    t = np.arange(count) / rate
    copies = (-voice.detune, 0.0, voice.detune) if voice.detune else (0.0,)
    sound = np.zeros(count)
    for copy, apart in enumerate(copies):
        base = frequency(pitch + apart)
        partials = np.arange(1, MOST_PARTIALS + 1) ** voice.stretch
        hertz = base * partials[base * partials < 0.45 * rate]
        # A voice drifts into its vibrato: a note that starts with it sounds like a siren.
        sway = voice.vibrato * np.sin(2 * np.pi * 5.3 * t) * np.minimum(1, t / 0.35)
        cycles = np.cumsum(2 ** (sway / 12)) / rate
        for level, f in zip(levels(voice, hertz, vowel), hertz, strict=True):
            if level < 0.001:
                continue
            partial = level * np.sin(2 * np.pi * f * cycles + copy * 1.7)
            if voice.darkening:
                partial *= np.exp(-voice.darkening * (f / base - 1) * t)
            sound += partial
    sound /= len(copies) ** 0.5
    if voice.breath:
        hiss = np.diff(np.random.default_rng(pitch).standard_normal(count + 1))
        sound += voice.breath * hiss * np.exp(-t / 0.03)
    return sound * envelope(voice, t, seconds)


def envelope(voice: Voice, t: Samples, seconds: float) -> Samples:
    """Attack, decay or hold, release; 0 at both ends so that no note clicks."""
    level = np.minimum(1, t / voice.attack)
    if voice.decay:
        level = level * np.exp(-t / voice.decay)
    released: Samples = np.clip((t - seconds) / voice.release, 0, 1)
    faded: Samples = level * (1 - released) ** 2
    return faded
