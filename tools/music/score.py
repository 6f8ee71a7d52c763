"""What a song is: chords, parts and their patterns.

A pattern is a string of bars separated by blanks, repeated for as long as its part plays; a bar is
divided evenly by its characters:

    x        the whole chord, one melody note or one drum hit      X  the same, accented
    0 … 9    one chord tone, counted upwards from the root (a bass line, an arpeggio)
    -        the note before it goes on                            .  silence
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

NOTES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SCALES = {"Major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
CHORDS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7, 12),
    "sus2": (0, 2, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7b5": (0, 3, 6, 10),
    "m9": (0, 3, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """An instrument: a sum of partials with an envelope. Times in seconds."""

    shape: str = "saw"  # saw, square, triangle, sine, or organ
    bright: float = 8.0  # the partial at which the level has fallen to 1/e
    attack: float = 0.005
    decay: float = 0.0  # time constant of the whole note; 0 holds it at full level
    release: float = 0.08
    darkening: float = 0.0  # how much faster each higher partial dies, in 1/s
    vibrato: float = 0.0  # depth in semitones
    detune: float = 0.0  # spread of three copies, in semitones
    stretch: float = 1.0  # exponent of the partial series; other than 1 it is a bell
    breath: float = 0.0  # level of noise at the onset
    vowels: str = ""  # vowels that a singing voice goes through, note by note


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the arrangement, from bar `start` up to, not including, bar `stop`."""

    voice: Voice
    pattern: str
    low: int  # the lowest MIDI note it may play
    gain: float = 0.3
    pan: float = 0.0  # -1 left … 1 right
    start: int = 0
    stop: int | None = None
    melody: bool = False  # 'x' is the next note of the composed melody, not the chord
    span: int = 16  # range of a melody, in semitones


@dataclass(frozen=True, slots=True)
class Beat:
    """One drum of the kit."""

    drum: str
    pattern: str
    gain: float = 0.5
    pan: float = 0.0
    start: int = 0
    stop: int | None = None


class Art(Enum):
    """Motifs of the cover pictures."""

    RINGS = "rings"
    HILLS = "hills"
    PETALS = "petals"
    RAIN = "rain"
    SUN = "sun"
    PIXELS = "pixels"
    TILES = "tiles"
    WAVES = "waves"
    STARS = "stars"
    RAYS = "rays"
    THREADS = "threads"
    CITY = "city"


@dataclass(frozen=True, slots=True)
class Cover:
    """A generative picture: its motif, palette (background first) and file format."""

    art: Art
    colours: tuple[str, ...]
    format: str = "jpg"


@dataclass(frozen=True, slots=True)
class Song:
    """A track: what the catalog says of it, and the score that makes it so."""

    slug: str
    title: str
    task: str
    song_type: str
    prompt: str
    genre: str
    emotion: str
    occasion: str
    bpm: int
    keyscale: str
    chords: str  # one chord a bar, two joined by `|` share a bar; repeated to fill `bars`
    bars: int
    seed: int
    quality_score: float
    formats: tuple[str, ...]
    parts: tuple[Part, ...]
    beats: tuple[Beat, ...] = ()
    timesignature: str = "4/4"
    language: str | None = None
    lyrics: str | None = None
    sung_bars: tuple[float, ...] = ()  # the bar on which each sung line begins
    liked: bool = False
    cover: Cover | None = None
    swing: float = 0.0  # delay of every second step, as a share of a step
    echo: float = 0.0
    reverb: float = 0.15
    pump: float = 0.0  # how far the kick ducks everything else
    crackle: float = 0.0
    tail: float = 1.0  # seconds that ring on after the last bar
    fade: float = 1.5  # seconds of fade-out; the fade-in is a tenth of it
    stereo: bool = False
    rate: int = 22050

    @property
    def bar_seconds(self) -> float:
        """Length of a bar in seconds; `bpm` counts the lower figure of the time signature."""
        return int(self.timesignature.split("/")[0]) * 60 / self.bpm

    @property
    def duration(self) -> float:
        """Length of the track in seconds, before rounding to a whole sample."""
        return self.bars * self.bar_seconds + self.tail

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the key, the tonic first."""
        tonic, mode = self.keyscale.split()
        return tuple((pitch_class(tonic) + step) % 12 for step in SCALES[mode])

    def chord(self, bar: float) -> "Chord":
        """The chord that sounds at a position counted in bars."""
        symbols = self.chords.split()
        halves = symbols[int(bar) % len(symbols)].split("|")
        return Chord.parse(halves[int(bar % 1 * len(halves))])


@dataclass(frozen=True, slots=True)
class Chord:
    """A root pitch class and the intervals above it."""

    root: int
    intervals: tuple[int, ...]

    @classmethod
    def parse(cls, symbol: str) -> "Chord":
        """Read a chord symbol such as `F#m7`; raises ValueError for any other text."""
        found = re.fullmatch(r"([A-G][b#]?)(.*)", symbol)
        if found is None or found[2] not in CHORDS:
            raise ValueError(f"not a chord symbol: {symbol!r}")
        return cls(pitch_class(found[1]), CHORDS[found[2]])

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.root + interval) % 12 for interval in self.intervals)

    def voicing(self, low: int) -> list[int]:
        """Each tone at its first place from `low` up, so that chords move by small steps."""
        return sorted(low + (tone - low) % 12 for tone in self.pitch_classes)

    def tone(self, index: int, low: int) -> int:
        """The tone `index` steps up the chord from a root within an octave of `low`."""
        octave, step = divmod(index, len(self.intervals))
        return low + (self.root - low) % 12 + 12 * octave + self.intervals[step]


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a pattern; `at` and `length` in bars."""

    sign: str
    at: float
    length: float
    offbeat: float  # the width of a step if this is every second one, which swing delays; else 0


def pitch_class(name: str) -> int:
    """`C` is 0, `F#` 6, `Bb` 10."""
    return (NOTES[name[0]] + name.count("#") - name.count("b", 1)) % 12


def steps(pattern: str, start: int, stop: int) -> Iterator[Step]:
    """The events of a pattern that is repeated from bar `start` to bar `stop`."""
    bars = pattern.split()
    for bar in range(start, stop):
        text = bars[(bar - start) % len(bars)]
        for found in re.finditer(r"[^.-]-*", text):
            at = bar + found.start() / len(text)
            length = len(found[0]) / len(text)
            yield Step(found[0][0], at, length, offbeat=found.start() % 2 / len(text))
