"""Audio files under the root that are no track's: a query of its own (see ``queries``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from syncd.catalog import rows
from syncd.catalog.schema import BASELINE, FILE, JOB, SWEEP
from syncd.catalog.store import Catalog
from syncd.core.baseline import Baseline, State
from syncd.core.evidence import match
from syncd.core.keeping import KeptOut
from syncd.core.model import LocalFile, LocalTree, Origin
from syncd.core.policy import Policy

Foreignness = Literal["no id", "copy", "another library", "gone job"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile:
    """An audio file under the root that is no track's; ``job_id`` is the id that it carries.

    *no id*: it carries none. *copy*: the file of that job is another one. *another library*: it is
    of another account or service. *gone job*: the account has no such job any more.
    """

    path: str
    kind: Foreignness
    job_id: int | None


def foreign(
    catalog: Catalog,
    *,
    origin: Origin,
    aliases: Sequence[Origin] = (),
    kept_out: KeptOut | None = None,
) -> list[ForeignFile]:
    """The audio files that the last scan saw and that are no track's, by path.

    ``origin`` and ``aliases`` are those of this library (``core.policy.Policy``). A file whose job
    is in the account and has none yet is not foreign: the next cycle adopts it. Nor is what is
    ``kept_out``.
    """
    policy = Policy(origin=origin, aliases=tuple(aliases))
    with catalog.reading() as connection:
        files = {row.path: rows.file_from_row(row) for row in connection.execute(select(FILE))}  # type: ignore[arg-type]
        tracks = {
            row.job_id: rows.baseline_from_row(row)  # type: ignore[arg-type]
            for row in connection.execute(select(BASELINE))
        }
        present = set(
            connection.execute(select(JOB.c.id).where(JOB.c.absent_since.is_(None))).scalars()
        )
        swept = connection.execute(select(SWEEP.c.id).where(SWEEP.c.complete).limit(1)).first()
    found = match(LocalTree(files, kept_out=kept_out), Baseline(tracks), policy)

    def kind_of(file: LocalFile) -> Foreignness | None:
        identity = file.identity
        if identity is None:
            return "no id"
        if not policy.knows(identity.origin):
            return "another library"
        if file.path in found.copies:
            return "copy"
        known = tracks.get(identity.job_id)
        # Of a placed file whose job is gone the next cycle decides; until then it is the track's.
        if known is not None and known.state in (State.PLACED, State.TRASHING):
            return None
        return "gone job" if swept and identity.job_id not in present else None

    return [
        ForeignFile(path=path, kind=kind, job_id=file.identity.job_id if file.identity else None)
        for path, file in sorted(files.items())
        if (kind := kind_of(file)) is not None and not (kept_out and kept_out.by(path))
    ]
