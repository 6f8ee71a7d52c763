"""What must hold of a world in which nothing is left to do."""

from __future__ import annotations

from syncd.core.baseline import State
from syncd.core.model import COMPLETED, FAILED
from syncd.core.operations import Plan, Wait
from syncd.core.tagging import told

from .world import World, effective, kept_of
from .world_terms import is_asked_for, key, reading, readings, same, stem_of
from .world_things import Job

GIVEN_BACK = (State.EVICTED, State.UNSELECTED)


def held(plan: Plan) -> set[tuple[int, str, str]]:
    return {(hold.job_id, hold.held, hold.path) for hold in plan.holds}


def check_in_step(world: World, plan: Plan) -> None:
    """Where nothing is held or waits, each job has exactly its file, and they agree on its name."""
    for wait in plan.waits:
        assert has_cause(world, wait), wait
    aside = {one.job_id for one in (*plan.operations, *plan.waits)}
    bearers = world.followed()
    for job_id in (bearers | world.account.keys()) - aside:
        job, known = world.account.get(job_id), world.catalog.known(job_id)
        if job is None:
            assert known.state is State.DETACHED
        elif known.state in (State.EVICTED, State.IGNORED):
            assert job_id not in bearers or _is_apart(world, job_id)
        elif known.state is State.UNSELECTED or _is_left_out(world, job, known.state):
            assert not is_asked_for(effective(job), job.track().task, world.policy.only)
            assert job_id not in bearers or _is_apart(world, job_id)
        elif job_id in bearers or job.status != FAILED:
            assert known.state is State.PLACED
            check_file(world, job)


def _is_apart(world: World, job_id: int) -> bool:
    """Whether the file that counts is kept out, so that nothing follows from a copy of it."""
    placed = world.catalog.known(job_id).placed
    return placed is not None and world.is_kept_out(placed.path)


def _is_left_out(world: World, job: Job, state: State) -> bool:
    """Whether its file, of which no record was made, is kept out, and nobody asks for it."""
    is_asked = is_asked_for(effective(job), job.track().task, world.policy.only)
    is_unrecorded = state in (State.WANTED, State.GONE)
    return is_unrecorded and job.id in world.bearers() and not is_asked


def check_file(world: World, job: Job) -> None:
    """The file of ``job`` stands where it is known to, and is called what the job is called."""
    placed = world.catalog.known(job.id).placed
    assert placed
    file = world.folder[placed.path]
    assert world.job_of(file) == job.id
    is_known = job.status == COMPLETED and placed.format in job.formats
    if is_known and job.address_of(placed.format) == placed.audio and placed.source is not None:
        # Its words are the account's, unless somebody else's were found in the file: then the
        # program took it for theirs, and also what they put in its place since.
        # Of a file that is the user's own, with the account's beside it, it may not be known.
        is_own = placed.stat.inode == 0 and placed.told is None
        assert is_own or placed.told == told(job.track())
        is_stale = (file.words,) == placed.tags.get("words") and file.words != job.track().gist
        assert not is_stale or job.id in world.worded
    if world.policy.direction == "both":
        assert same(job.title, placed.title)
    # What is called like a conflict copy, by whomever, says no title.
    is_titled = job.id not in world.as_found and " (conflict " not in placed.path
    if world.policy.direction == "both" and is_titled:
        said = readings(stem_of(placed.path), job.id)
        titles = readings(job.title or "", job.id)
        assert titles & (said | {reading(kept_of(one)) for one in said})


def has_cause(world: World, wait: Wait) -> bool:
    """Whether the world shows why nothing is done: no audio, other audio, or a name taken."""
    known = world.catalog.known(wait.job_id)
    if wait.kept_out:
        return world.is_kept_out(wait.reason.partition(" is kept out")[0])
    if not world.is_audible(wait.job_id):
        return True
    if "is taken" in wait.reason:
        # By a file, or kept for one whose deletion is held, or that was given back and may return.
        tracks = world.catalog.tracks.values()
        given_back = {one.job_id for one in tracks if one.state in GIVEN_BACK}
        missed = [world.catalog.known(job_id).placed for job_id in {*world.removed, *given_back}]
        taken = [*world.folder, *(placed.path for placed in missed if placed)]
        return key(wait.reason.partition(" is taken")[0]) in map(key, taken)
    job = world.account[wait.job_id]
    if "outside library.only" in wait.reason:
        # What the account cannot give back as it is here stays.
        placed = known.placed
        assert placed
        is_edited = world.folder[placed.path].stat != placed.stat
        return is_edited or job.address_of(placed.format) != placed.audio
    if known.placed is None:
        return False
    if known.state is State.EVICTED and known.placed.format in job.formats:
        # An interrupted eviction: the account has other audio by now, so the file is kept.
        return job.address_of(known.placed.format) != known.placed.audio
    return known.placed.format not in job.formats
