"""What a cycle tells whoever is watching. The command line draws it; the daemon counts it."""

from __future__ import annotations

from typing import Protocol

from syncd.core.operations import Fetching, Operation, Plan


class Progress(Protocol):
    """Told as things happen, from the event loop; must return at once."""

    def swept(self, seen: int, total: int | None) -> None:
        """``seen`` jobs so far, of ``total`` where the service said so."""

    def looking_up(self, kind: str, done: int, values: int) -> None:
        """What the jobs do not say is looked up: of one kind, ``done`` of its ``values``."""

    def looked(self) -> None:
        """A folder was looked at; told from the thread that looks. What it raises ends the look."""

    def planned(self, plan: Plan) -> None:
        """A plan was made and guarded; it is carried out next."""

    def started(self, operation: Fetching) -> None:
        """Audio begins to be fetched."""

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        """``size`` bytes of a job's audio are there by now, of ``total`` where that is known."""

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        """An operation ended; ``detail`` says why where it was not done."""

    def looking_again(self, missed: int, seconds: float) -> None:
        """``missed`` files were not found; in ``seconds`` a second scan decides."""


class Silent:
    """Nobody is watching."""

    def swept(self, seen: int, total: int | None) -> None:
        pass

    def looking_up(self, kind: str, done: int, values: int) -> None:
        pass

    def looked(self) -> None:
        pass

    def planned(self, plan: Plan) -> None:
        pass

    def started(self, operation: Fetching) -> None:
        pass

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        pass

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        pass

    def looking_again(self, missed: int, seconds: float) -> None:
        pass
