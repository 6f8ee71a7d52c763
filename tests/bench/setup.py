"""How a member is configured, as far as it bears on what must hold."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass

from syncd.simulator.switches import Switches

TEMPLATES = (
    "{album}/{title}.{ext}",
    "{title}.{ext}",
    "{artist}/{title} [{id}].{ext}",
    "{album}/{track} {title}.{ext}",
)
FACETS = frozenset({"genre", "emotion", "occasion", "vocal_language", "song_type"})


@dataclass(frozen=True, slots=True)
class Setup:
    """``grace`` in seconds; ``budget``: deletions a day without asking; ``retries`` of failed jobs,
    0: none. ``facets``: the service says of a job what its filters know. ``also``: the formats of
    further trees. ``kept``: for how many seconds the trash keeps what is in it.
    """

    template: str = TEMPLATES[0]
    formats: tuple[str, ...] = ("flac", "mp3", "ogg", "wav")
    deletions: str = "mirror"
    remote_deletions: str = "trash"
    conflicts: str = "local"
    direction: str = "both"
    moves: str = "auto"
    grace: int = 3_600
    budget: int = 100
    retries: int = 0
    facets: bool = True
    also: tuple[str, ...] = ()
    kept: int = 36_500 * 86_400

    @classmethod
    def drawn(cls, rng: random.Random) -> Setup:
        """Most as a library is that mirrors everything, for there the most can go wrong."""

        def mostly(*values: str) -> str:
            return values[0] if rng.random() < 0.8 else rng.choice(values)

        # Drawn apart: what a seed was before there was this choice it still is.
        apart = random.Random(repr(rng.getstate()))
        return cls(
            kept=apart.choice((cls().kept, 86_400, 6 * 3_600)),
            template=mostly(*TEMPLATES),
            formats=rng.choice((cls().formats, ("mp3", "flac", "wav"))),
            deletions=mostly("mirror", "restore", "ignore"),
            remote_deletions=mostly("trash", "keep"),
            conflicts=mostly("local", "remote", "hold"),
            direction=mostly("both", "both", "down"),
            moves=mostly("auto", "ask", "never"),
            grace=rng.choice((3_600, 3_600, 0)),
            budget=rng.choice((100, 100, 100, 1)),
            retries=rng.choice((0, 0, 2)),
            facets=rng.random() < 0.7,
            also=rng.choice(((), (), (), (), (), ("mp3",))),
        )

    def options(self) -> dict[str, dict[str, object]]:
        """The sections of its configuration."""
        return {
            "library": {
                "template": self.template,
                "formats": list(self.formats),
                "moves": self.moves,
                "also": list(self.also),
            },
            "sync": {
                "deletions": self.deletions,
                "remote_deletions": self.remote_deletions,
                "conflicts": self.conflicts,
                "direction": self.direction,
                "deletion_grace": f"{self.grace}s",
                "deletion_budget": self.budget,
                "retry_failed": self.retries or "off",
            },
            "trash": {"retention": f"{self.kept // 3_600}h"},
        }

    def furnish(self, switches: Switches) -> None:
        if self.facets:
            switches.facets = FACETS

    def __repr__(self) -> str:
        """What is not as usual alone: a failing history is read by people."""
        usual = Setup.__dataclass_fields__
        told = (
            f"{field.name}={value!r}"
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != usual[field.name].default
        )
        return f"Setup({', '.join(told)})"
