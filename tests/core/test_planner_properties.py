"""What holds for every plan, whatever the trees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.core.baseline import BaselineTrack, State
from syncd.core.cases import is_confirmed, is_edited
from syncd.core.naming import AUDIO_SUFFIXES, fold
from syncd.core.operations import (
    Adopt,
    Compare,
    Defer,
    DeleteRemote,
    Detach,
    Download,
    Evict,
    Forget,
    Hold,
    Ignore,
    MakeWay,
    MoveLocal,
    Operation,
    Plan,
    Redownload,
    RenameLocal,
    RenameRemote,
    TrashLocal,
    Wait,
)

from .trees import (
    ALBUM,
    BOTH,
    BYTES,
    EARLIER,
    ELSEWHERE,
    HERE,
    HOME,
    LATER,
    NOW,
    POLICY,
    STAT,
    TOUCHED,
    Row,
    absence,
    decided,
    file,
    folder,
    guarded,
    held,
    job,
    known,
    placed_at,
    planned,
)

# --- what holds for all trees ---

TITLES = st.sampled_from(
    ["Rain", "RAIN", "rain ", "Cafe\u0301", "Café", "a/b", "a／b", "", None, "con"]
)
PATHS = [HOME, f"{ALBUM}/RAIN.mp3", "mine/x.flac", f"{ALBUM}/Rain [2].flac", "con_.flac"]
IDS = st.integers(1, 6)
WEEK = timedelta(days=7)


@st.composite
def worlds(draw: st.DrawFn) -> Row:
    ids = sorted(draw(st.sets(IDS, max_size=6)))
    jobs = [
        job(
            one,
            draw(TITLES),
            status=draw(st.sampled_from(["COMPLETED", "COMPLETED", "PENDING", "FAILED"])),
            audio=draw(st.sampled_from([BOTH, BOTH, {"mp3": "m"}, {"flac": "n/7.flac"}, {}])),
            created_at=draw(
                st.sampled_from([None, NOW, datetime(2026, 3, 5, tzinfo=UTC), EARLIER])
            ),
            genre=draw(st.sampled_from([(), ("Rock",)])),
        )
        for one in ids
    ]
    local = folder(
        *(
            file(
                path,
                draw(st.none() | IDS),
                draw(st.sampled_from([HERE, None, ELSEWHERE])),
                stat=draw(st.sampled_from([STAT, TOUCHED])),
                sha256=draw(st.sampled_from([None, BYTES])),
            )
            for path in draw(st.sets(st.sampled_from(PATHS)))
        ),
        names=draw(st.sets(st.sampled_from(PATHS), max_size=2)),
        unreadable=draw(st.sets(st.sampled_from([ALBUM, "mine"]), max_size=1)),
    )
    numbers = iter(draw(st.permutations(range(1, 20))))
    baseline = [
        known(
            one,
            draw(st.none() | st.sampled_from(PATHS)),
            draw(st.sampled_from([*State, *[State.PLACED] * 8])),
            next(numbers),
            next_try_at=draw(st.sampled_from([None, EARLIER, LATER])),
            attempts=draw(st.integers(0, 3)),
            reason="no answer",
            absence=draw(st.sampled_from([None, absence(), absence(WEEK), absence(scans=1)])),
            replaced_by=draw(st.sampled_from([None, "n/7.flac"])),
            declined=draw(st.sampled_from([None, "n/7.flac"])),
        )
        for one in sorted(draw(st.sets(IDS, max_size=6)))
    ]
    policy = replace(
        POLICY,
        retry_now=draw(st.booleans()),
        deletions=draw(st.sampled_from(["mirror", "mirror", "restore", "ignore"])),
        direction=draw(st.sampled_from(["both", "both", "down"])),
        conflicts=draw(st.sampled_from(["local", "remote", "hold"])),
        moves=draw(st.sampled_from(["ask", "auto", "never"])),
        template=draw(st.sampled_from([POLICY.template, "{genre}/{title}.{ext}"])),
        deletion_budget=draw(st.sampled_from([0, 10])),
    )
    approved = [
        held(verb, one, approved=True)
        for one, verb in sorted(
            draw(st.sets(st.tuples(IDS, st.sampled_from(["delete-remote", "move-local"]))))
        )
    ]
    return Row("", jobs, local, baseline, policy, holds=approved, swept=draw(st.booleans()))


def applied(found: Plan, row: Row) -> Row:
    """What the trees are once ``found`` was carried out without a fault."""
    files, names = dict(row.local.files), set(row.local.names)
    jobs = {track.id: track for track in row.jobs}
    baseline = {track.job_id: track for track in row.baseline}

    def put(path: str, job_id: int, left: str | None = None) -> None:
        if left is not None:
            files.pop(left)
            names.discard(left)
        files[path] = file(path, job_id)
        names.update(folder(files[path]).names)

    def place(op: Operation, path: str, **fields: object) -> None:
        before = baseline.get(op.job_id) or BaselineTrack(job_id=op.job_id, state=State.PLACED)
        old = before.placed or placed_at(path)
        baseline[op.job_id] = BaselineTrack(
            job_id=op.job_id,
            state=State.PLACED,
            album=getattr(op, "album", before.album),
            number=getattr(op, "number", before.number),
            placed=replace(old, path=path, stat=STAT, **fields),  # type: ignore[arg-type]
        )

    def become(op: Operation, state: State, **fields: object) -> None:
        before = baseline.get(op.job_id) or BaselineTrack(job_id=op.job_id, state=state)
        baseline[op.job_id] = replace(before, state=state, absence=None, **fields)  # type: ignore[arg-type]

    for op in found:
        match op:
            case Hold():
                pass
            case Download():
                put(op.path, op.job_id)
                audio = jobs[op.job_id].audio[op.format]
                template = row.policy.template
                place(op, op.path, title=op.title, stem=op.stem, audio=audio, format=op.format,
                      template=template, moved=op.moved)  # fmt: skip
            case Adopt():
                put(op.path, op.job_id)
                place(op, op.path, title=op.title, stem=op.stem, moved=op.moved)
            case RenameRemote():
                jobs[op.job_id] = replace(jobs[op.job_id], title=op.new_title)
                put(op.path, op.job_id)
                place(op, op.path, title=op.new_title, stem=op.stem, moved=op.moved)
            case RenameLocal():
                put(op.new_path, op.job_id, op.path)
                place(op, op.new_path, title=op.title, stem=op.stem)
            case MoveLocal():
                put(op.new_path, op.job_id, op.path)
                place(op, op.new_path, stem=op.stem, template=row.policy.template)
            case MakeWay():
                put(op.new_path, op.job_id, op.path)
                place(op, op.new_path, stem=op.new_path.rpartition("/")[2].rpartition(".")[0])
            case Redownload():
                audio = jobs[op.job_id].audio[op.format]
                if op.copy is not None:
                    put(op.copy, op.job_id)
                place(op, op.path, audio=audio)
            case TrashLocal() | Evict():
                files.pop(op.path)
                names.discard(op.path)
                become(op, State.EVICTED if isinstance(op, Evict) else State.GONE)
            case DeleteRemote():
                del jobs[op.job_id]
                become(op, State.GONE)
            case Forget():
                become(op, State.GONE)
            case Ignore():
                become(op, State.IGNORED)
            case Detach():
                put(op.path, op.job_id)
                become(op, State.DETACHED, placed=placed_at(op.path))
            case Defer():
                become(op, State.UNAVAILABLE, attempts=1, reason=op.reason, next_try_at=LATER)
            case _:  # Compare: other audio, it turned out
                track = baseline[op.job_id]
                assert track.placed is not None
                address = jobs[op.job_id].audio[track.placed.format]
                baseline[op.job_id] = replace(track, replaced_by=address)
    tree = folder(*files.values(), names=names, unreadable=row.local.unreadable)
    policy = replace(row.policy, retry_now=False)
    return replace(
        row, jobs=list(jobs.values()), local=tree, baseline=list(baseline.values()), policy=policy
    )


@given(row=worlds())
@settings(max_examples=80)
def test_planning_twice_gives_the_same_plan(row: Row) -> None:
    shuffled = replace(row, jobs=row.jobs[::-1], baseline=row.baseline[::-1])
    assert planned(row) == planned(row) == planned(shuffled)


@given(row=worlds())
@settings(max_examples=150)
def test_plans_that_are_carried_out_come_to_an_end(row: Row) -> None:
    for _ in range(8):
        found = guarded(row)
        if all(isinstance(op, Hold) for op in found):
            return
        row = applied(found, row)
    raise AssertionError(f"there is always something left to do: {found}")


@given(row=worlds())
@settings(max_examples=80)
def test_nothing_is_placed_upon_anything(row: Row) -> None:
    found = guarded(row)
    standing = {fold(name) for name in row.local.names}
    for op in found:
        if isinstance(op, RenameLocal | MoveLocal | MakeWay):
            standing.discard(fold(op.path))
        placed = op.path if isinstance(op, Download) else getattr(op, "new_path", None)
        placed = op.copy if isinstance(op, Redownload) else placed
        if placed is not None:
            assert fold(placed) not in standing
            assert f".{placed.rpartition('.')[2]}" in AUDIO_SUFFIXES
            standing.add(fold(placed))


@given(row=worlds())
@settings(max_examples=150)
def test_nothing_is_deleted_without_its_evidence(row: Row) -> None:
    tracks = {track.job_id: track for track in row.baseline}
    for op in guarded(row):
        if isinstance(op, DeleteRemote):
            track = tracks[op.job_id]
            assert row.policy.direction == "both"
            assert row.policy.deletions == "mirror"
            assert track.state is State.PLACED
            assert track.absence is not None
            assert is_confirmed(track.absence, row.policy)
            assert op.audio in row.remote.tracks[op.job_id].audio.values()
            assert not [
                one
                for one in row.local.files.values()
                if one.identity
                and one.identity.job_id == op.job_id
                and row.policy.knows(one.identity.origin)
            ]
            assert track.placed is not None
            assert track.placed.path not in row.local.names
            assert not row.local.is_hidden(track.placed.path)
        if isinstance(op, TrashLocal):
            placed = tracks[op.job_id].placed
            assert row.swept
            assert op.job_id not in row.remote.tracks
            assert placed is not None
            assert not is_edited(row.local.files[op.path], placed)


@given(row=worlds())
@settings(max_examples=80)
def test_with_only_downloads_allowed_nothing_is_ever_sent(row: Row) -> None:
    down = replace(row, policy=replace(row.policy, direction="down"))
    assert not [op for op in planned(down) if isinstance(op, RenameRemote | DeleteRemote)]


@given(row=worlds())
@settings(max_examples=80)
def test_a_number_is_given_once_and_for_good(row: Row) -> None:
    given_before = {track.job_id: (track.album, track.number) for track in row.baseline}
    given_now = {
        op.job_id: (op.album, op.number)
        for op in planned(row)
        if isinstance(op, Download | Adopt | Redownload)
    }
    for job_id, pair in given_now.items():
        assert given_before.get(job_id, pair) == pair
    everyone = given_before | given_now
    assert len(set(everyone.values())) == len(everyone)


@given(row=worlds())
@settings(max_examples=80)
def test_what_is_fetched_comes_after_the_rest_and_what_failed_before_last_in_the_order_of_the_jobs(
    row: Row,
) -> None:
    failed_before = {one.job_id for one in row.baseline if one.attempts}
    made = {
        track.id: (track.created_at or datetime(1970, 1, 1, tzinfo=UTC), track.id)
        for track in row.jobs
    }
    unlisted = datetime(9999, 1, 1, tzinfo=UTC)
    moving = RenameLocal | MoveLocal | MakeWay
    found = planned(row)
    operations = [op for op in found if not isinstance(op, moving)]
    order = [
        (
            op.job_id in failed_before,
            isinstance(op, Download | Redownload | Compare),
            made.get(op.job_id, (unlisted, op.job_id)),
        )
        for op in operations
    ]
    assert order == sorted(order)
    making_way = {op.job_id for op in found if isinstance(op, MakeWay)}
    others = [one.job_id for one in decided(found) if not isinstance(one, MakeWay)]
    assert len(set(others)) == len(others)
    assert making_way <= {one.job_id for one in found.waits}


@given(row=worlds())
@settings(max_examples=60)
def test_the_guard_lets_nothing_vanish(row: Row) -> None:
    before, after = decided(planned(row)), decided(guarded(row))
    assert sorted(one.job_id for one in before) == sorted(one.job_id for one in after)
    passed = [one for one in after if not isinstance(one, Hold | Wait)]
    assert [one for one in passed if one not in before] == []
