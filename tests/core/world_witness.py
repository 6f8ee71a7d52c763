"""Who is told what happens in a world, as it happens."""

from __future__ import annotations

from collections.abc import Collection


class Witness:
    """This one keeps it to itself. Another may say ``AssertionError`` at once."""

    def people_did(self, name: str) -> None:
        """People did what that act of ``world_people`` is."""

    def looks(self) -> None:
        """The program is about to look at the folder, and to decide."""

    def begins(self, job_id: int, verb: str) -> None:
        """The program is about to carry out an operation on a track."""

    def ended(self, *, lost: bool) -> None:
        """It has, or has found that it must not; ``lost``: the record of it is."""

    def rests(self, aside: Collection[int]) -> None:
        """Nothing is left to do but for the jobs ``aside``, which wait, or are held."""

    def looked_again(self) -> None:
        """At rest, the program ran once more."""
