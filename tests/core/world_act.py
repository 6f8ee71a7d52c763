"""One operation upon the world: what every operation of the model executor works with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from syncd.core import operations as ops
from syncd.core.baseline import Placed, State
from syncd.core.model import COMPLETED

from .world import World
from .world_terms import same, stem_of
from .world_things import File, Job

RELOCATION = ops.RenameLocal | ops.MoveLocal | ops.MakeWay


class Changed(Exception):
    """The world is other than the plan believed."""


class Refused(Exception):
    """The service would not do it (400, 422)."""


@dataclass(frozen=True, slots=True)
class Act:
    """One operation being carried out; ``lost``: the record of it is."""

    world: World
    op: Any
    lost: bool

    def record(self, state: State, **changes: Any) -> None:
        if not self.lost:
            self.world.catalog.record(self.op, state, self.world.now, **changes)
            self.world.unrecorded.pop(self.op.job_id, None)
            if isinstance(self.op, ops.RenameLocal | ops.RenameRemote):
                self.world.as_found.discard(self.op.job_id)
        elif isinstance(self.op, RELOCATION) and not isinstance(self.op, ops.RenameLocal):
            self.world.excuse(self.op.job_id, stem_of(self.op.new_path))
        elif isinstance(self.op, ops.Restore):
            self.world.excuse(self.op.job_id, self.op.stem)

    def placed(self, *states: State) -> Placed:
        known = self.world.catalog.known(self.op.job_id)
        if known.placed is None or known.state not in (states or (State.PLACED,)):
            raise Changed("not placed any more")
        return known.placed

    def file(self) -> File:
        """The track's file where the plan saw it."""
        found = self.world.folder.get(self.op.path)
        if found is None or self.world.is_veiled(self.op.path):
            raise Changed(f"{self.op.path} is no longer there")
        if self.world.job_of(found) != self.op.job_id:
            raise Changed(f"{self.op.path} no longer carries its id")
        return found

    def put(self, path: str, file: File) -> None:
        """Give ``file`` a name at which nothing stands."""
        if path in self.world.folder or path in self.world.veils or self.world.is_veiled(path):
            raise Changed(f"{path} is taken")
        self.world.folder[path] = file

    def job(self) -> Job:
        """The job as a status call shows it."""
        job = self.world.account.get(self.op.job_id)
        if job is None:
            raise Changed("no such job")
        self.world.observe(job)
        return job

    def known_job(self) -> Job:
        """The job as the catalog has it; the names that it is given come from there."""
        track = self.world.catalog.jobs.get(self.op.job_id)
        if track is None:
            raise Changed("no such job in the catalog")
        return Job(track.id, track.title)

    def sound(self, format_: str) -> tuple[Job, str]:
        """The audio that the job has now: the job, and what stands for its bytes."""
        job = self.job()
        if job.status != COMPLETED or format_ not in job.formats:
            raise Changed("its audio cannot be had")
        return job, job.source(format_)

    def obtainable(self, placed: Placed) -> None:
        """A fresh look: the job must have what is about to be removed here."""
        job, _ = self.sound(placed.format)
        if job.address_of(placed.format) != placed.audio:
            raise Changed("it has other audio by now")


def look(act: Act) -> Job:
    """The job, if it is still called what the plan believed."""
    job = act.job()
    if not same(job.title, act.op.title):
        raise Changed("it has another name by now")
    return job


def as_far_as_known(placed: Placed, file: File) -> Placed:
    """What of ``placed`` is known of a file that stands elsewhere: a copy may be of other audio."""
    if file.stat.is_unmoved(placed.stat) or file.sha256 == placed.sha256:
        return placed
    told = None if placed.told is None else ""
    if placed.stat.inode in (file.inode, 0):
        return replace(placed, told=told)
    return replace(placed, told=told, audio="", source=None)
