"""What a cycle tells whoever is watching. The command line draws it; the daemon counts it."""

from __future__ import annotations

from typing import Protocol

from syncd.core.operations import Download, Operation, Plan


class Progress(Protocol):
    """Told as things happen, from the event loop; must return at once."""

    def swept(self, seen: int, total: int | None) -> None:
        """``seen`` jobs so far, of ``total`` where the service said so."""

    def planned(self, plan: Plan) -> None:
        """A plan was made and guarded; it is carried out next."""

    def started(self, operation: Download) -> None:
        """A download begins."""

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        """``size`` bytes of a job's audio are there by now, of ``total`` where that is known."""

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        """An operation ended; ``detail`` says why where it was not done."""


class Silent:
    """Nobody is watching."""

    def swept(self, seen: int, total: int | None) -> None:
        pass

    def planned(self, plan: Plan) -> None:
        pass

    def started(self, operation: Download) -> None:
        pass

    def advanced(self, job_id: int, size: int, total: int | None) -> None:
        pass

    def finished(self, operation: Operation, *, done: bool, detail: str | None) -> None:
        pass
