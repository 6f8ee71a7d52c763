"""What can come to be held, each told once: the account, the folder, and what the catalog knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.model import FileStat, Identity, Job, LocalFile, LocalTree, Origin
from syncd.core.operations import Adopt, Operation, Plan
from syncd.core.planner import plan
from syncd.core.policy import Policy
from syncd.core.safety import guard

from .looking import NOT_UTF8, both, missed, put

HERE = Origin("https://a", "42")
LENIENT = Policy(origin=HERE, moves="auto")
NO_BUDGET = replace(LENIENT, deletion_budget=0, rename_budget=0)
CAUTIOUS = replace(LENIENT, cautious=True)
REBUILDING = replace(CAUTIOUS, rebuilding=True)
HOME = "A/Rain.flac"


@dataclass
class Bench:
    """A catalog, a folder, and what the planner makes of them."""

    catalog: Catalog
    now: datetime
    placed: Callable[[str], Placed]
    files: dict[str, LocalFile] = field(default_factory=dict)

    def account(self, *jobs: Job) -> None:
        """What a complete sweep shows."""
        sweep = self.catalog.begin_sweep(self.now)
        self.catalog.observe(jobs, self.now, sweep=sweep)
        self.catalog.finish_sweep(sweep, self.now, complete=True, total=len(jobs), seen=len(jobs))

    def place(self, job_id: int = 7, path: str = HOME, **fields: object) -> None:
        self.catalog.outcomes.give_number(job_id, album="A", number=job_id)
        made = replace(self.placed(path), **{"template": LENIENT.template, **fields})  # type: ignore[arg-type]
        put(self.catalog, made, None, self.now, job_id=job_id)
        self.stand(path, job_id)

    def stand(self, path: str, job_id: int = 7, stat: FileStat | None = None) -> None:
        """A file of that job stands there."""
        found = stat or FileStat(1, 2, 3, 4)
        self.files[path] = LocalFile(path, found, Identity(job_id, HERE))

    def delete(self, path: str = HOME) -> None:
        """The user deletes a file, and two scans agree that it is gone."""
        job_id = self.files.pop(path).identity.job_id  # type: ignore[union-attr]
        self.catalog.scans.note(missed(job_id), both(self.now))
        self.catalog.scans.note(missed(job_id), both(self.now + timedelta(minutes=1)))

    def plan(self, policy: Policy) -> Plan:
        now = both(self.now + timedelta(minutes=2))
        local = LocalTree(self.files, frozenset({*self.files, "A"}), folders=frozenset({"A"}))
        baseline = self.catalog.baseline(now)
        # What is looked up before a first download is another subject.
        remote = replace(self.catalog.remote_tree(), unlearnt=frozenset())
        planned = plan(remote, local, baseline, policy, now)
        return guard(planned, local, baseline, policy)

    def known(self, job_id: int = 7) -> BaselineTrack:
        known = self.catalog.baseline_of(job_id)
        assert known is not None
        return known

    def carry_out(self, op: Operation) -> None:
        """Only what needs neither the account nor the folder."""
        if isinstance(op, Adopt):
            placed = self.known(op.job_id).placed
            assert placed is not None
            placed = replace(placed, path=op.path, title=op.title, stem=op.stem, moved=op.moved)
            put(self.catalog, placed, None, self.now, job_id=op.job_id)


def job(job_id: int = 7, title: str = "Rain", audio: str = "7.flac") -> Job:
    url = f"https://media.audiopod.ai/{audio}?sig=1"
    return Job(id=job_id, status="COMPLETED", display_name=title, output_urls={"flac": url})


def deleted_here(bench: Bench) -> None:
    bench.account(job())
    bench.place()
    bench.delete()


def deleted_there(bench: Bench) -> None:
    bench.account(job())
    bench.place()
    bench.account()


def deleted_there_on_the_way_to_the_trash(bench: Bench) -> None:
    deleted_there(bench)
    bench.catalog.outcomes.commit(7, State.TRASHING)


def renamed_here(bench: Bench, path: str = "A/Snow.flac") -> None:
    bench.account(job())
    bench.place()
    del bench.files[HOME]
    bench.stand(path)


def renamed_and_moved_here(bench: Bench) -> None:
    renamed_here(bench, "mine/Snow.flac")


def renamed_here_to_no_text(bench: Bench) -> None:
    renamed_here(bench, NOT_UTF8)


def renamed_there(bench: Bench) -> None:
    bench.place()
    bench.account(job(title="Snow"))


def renamed_on_both_sides(bench: Bench) -> None:
    renamed_here(bench)
    bench.account(job(title="Hail"))


def swapped_there(bench: Bench) -> None:
    bench.place()
    bench.place(8, "A/Snow.flac", title="Snow", stem="Snow", audio="media.audiopod.ai/8.flac")
    bench.account(job(title="Snow"), job(8, "Rain", "8.flac"))


def swapped_by_the_template(bench: Bench) -> None:
    bench.place(path="B/Rain.flac", template="x/{title}.{ext}")
    audio = "media.audiopod.ai/8.flac"
    bench.place(8, "A/Rain.flac", template="x/{title}.{ext}", audio=audio)
    bench.catalog.outcomes.give_number(8, album="B", number=8)
    bench.account(job(), job(8, "Rain", "8.flac"))


def placed_by_another_template(bench: Bench) -> None:
    bench.account(job())
    bench.place(path="Rain.flac", template="{title}.{ext}")


def other_audio(bench: Bench) -> None:
    bench.place()
    bench.account(job(audio="7-new.flac"))
    compared = Done(
        job_id=7,
        verb="compare",
        state=State.PLACED,
        replaced_by="media.audiopod.ai/7-new.flac",
    )
    bench.catalog.outcomes.record(compared, entry=0, now=both(bench.now))


def other_audio_of_an_edited_file(bench: Bench) -> None:
    other_audio(bench)
    bench.stand(HOME, stat=FileStat(1, 9, 9, 9))


def new_in_the_account(bench: Bench) -> None:
    bench.account(job())


def deleted_here_and_renamed_there(bench: Bench) -> None:
    deleted_here(bench)
    bench.account(job(title="Snow"))


@dataclass(frozen=True)
class Row:
    situation: Callable[[Bench], None]
    policy: Policy
    verb: str
    instead: tuple[str, ...] = ()
    state: State = State.PLACED


ROWS = [
    Row(
        deleted_here,
        replace(NO_BUDGET, deletion_grace=0.0),
        "delete-remote",
        ("restore",),
        State.WANTED,
    ),
    Row(deleted_here, NO_BUDGET, "delete-remote", ("restore",), State.WANTED),
    Row(deleted_there, NO_BUDGET, "trash-local", (), State.DETACHED),
    Row(deleted_there_on_the_way_to_the_trash, NO_BUDGET, "trash-local", (), State.DETACHED),
    Row(renamed_here, NO_BUDGET, "rename-remote", ("adopt",)),
    Row(renamed_and_moved_here, NO_BUDGET, "rename-remote", ("adopt",)),
    Row(renamed_here_to_no_text, NO_BUDGET, "rename-remote", ("adopt",)),
    Row(renamed_on_both_sides, replace(NO_BUDGET, conflicts="hold"), "rename-remote", ("adopt",)),
    Row(renamed_there, CAUTIOUS, "rename-local"),
    Row(swapped_there, CAUTIOUS, "rename-local"),
    Row(swapped_by_the_template, CAUTIOUS, "move-local"),
    Row(placed_by_another_template, replace(LENIENT, moves="ask"), "move-local"),
    Row(other_audio, NO_BUDGET, "redownload"),
    Row(other_audio_of_an_edited_file, NO_BUDGET, "redownload"),
    Row(new_in_the_account, REBUILDING, "download", (), State.IGNORED),
    Row(deleted_here_and_renamed_there, CAUTIOUS, "restore", (), State.IGNORED),
]
