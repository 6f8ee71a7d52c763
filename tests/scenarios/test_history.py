"""``syncd history`` and ``syncd undo``: what was done and why, and names given back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.cli.history import names as names_words
from syncd.simulator import Fault, Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


def names(sim: Simulator) -> dict[int, str | None]:
    return {job.id: job.display_name for job in sim.world.jobs()}


def sent(sim: Simulator) -> list[str]:
    """The names that were sent, in their order."""
    return [
        json.loads(record.body)["display_name"] for record in sim.requests.select(method="PATCH")
    ]


def stems(bench: Bench) -> list[str]:
    return [Path(name).stem for name in bench.audio()]


@pytest.fixture
def library(bench: Bench, sim: Simulator) -> list[int]:
    """Three tracks in step."""
    jobs = [sim.world.add(display_name=name) for name in ("Alpha", "Beta", "Gamma")]
    assert bench.run("sync").code == 0
    return jobs


@pytest.fixture
def renamed(bench: Bench, sim: Simulator, library: list[int]) -> list[int]:
    """Two of them, renamed in the folder and by that in the account."""
    for job, name in zip(library, ("One", "Two"), strict=False):
        path = bench.placed(job)
        path.rename(path.with_name(f"{name}{path.suffix}"))
    assert bench.run("sync").code == 0
    assert sorted(sent(sim)) == ["One", "Two"]
    sim.requests.clear()
    return library[:2]


@pytest.fixture(scope="module")
def shown(synced: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The same, to be looked at and not to be changed."""
    with Simulator() as simulator:
        made = synced.beside(tmp_path_factory.mktemp("history"), simulator)
        for name in ("Alpha", "Beta"):
            simulator.world.add(display_name=name)
        assert made.run("sync").code == 0
        for path in [made.root / name for name in made.audio()]:
            path.rename(path.with_stem({"Alpha": "One", "Beta": "Two"}[path.stem]))
        assert made.run("sync").code == 0
        simulator.requests.clear()
        yield made


def first_of(bench: Bench) -> int:
    return min(job.id for job in bench.sim.world.jobs())


# --- history ---


def test_what_was_done_is_shown_with_the_newest_last(shown: Bench) -> None:
    said = shown.run("history")
    assert said.code == 0
    assert said.out.index("download: done") < said.out.index("rename in the account: done")
    assert "“Alpha” → “One”" in said.out
    assert "its file was renamed in the folder" in said.out


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Old", "New", "“Old” → “New”"),
        ("Old", None, "was “Old”"),
        (None, "New", "now “New”"),
        ("", "New", "now “New”"),
        (None, None, ""),
    ],
)
def test_a_name_that_was_none_is_not_shown_as_one(
    before: str | None, after: str | None, said: str
) -> None:
    assert names_words(before, after) == said


def test_the_history_of_one_job_is_its_own(shown: Bench) -> None:
    job = first_of(shown)
    entries = shown.run("history", "--job", str(job), "--json").document
    assert [entry["operation"] for entry in entries] == ["download", "rename-remote"]
    assert {entry["id"] for entry in entries} == {job}
    assert entries[1]["path"] == str(shown.placed(job))
    assert (entries[1]["before"], entries[1]["after"]) == ("Alpha", "One")
    assert entries[1]["result"] == "done"
    assert entries[1]["started_at"] <= entries[1]["finished_at"]


def test_a_limit_keeps_the_newest(shown: Bench) -> None:
    entries = shown.run("history", "--limit", "2", "--json").document
    assert [entry["operation"] for entry in entries] == ["rename-remote", "rename-remote"]


def test_a_deletion_is_in_the_history_with_its_evidence(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    bench.configure(sync={"deletion_grace": "0s"})
    bench.placed(library[0]).unlink()
    assert bench.run("sync").code == 0
    (entry,) = bench.run("history", "--limit", "1", "--json").document
    assert entry["operation"] == "delete-remote"
    assert [line.split()[0] for line in entry["evidence"]] == ["last", "missed", "missed"]
    assert entry["evidence"][1] in bench.run("history").out


def test_what_failed_is_there_with_the_reason(
    bench: Bench, sim: Simulator, library: list[int], haste: str
) -> None:
    job = sim.world.add(display_name="Delta")
    sim.faults.add(Fault("status", origin="media", status=500, times=None))
    assert bench.run("sync", before=haste).code == 1
    (entry,) = bench.run("history", "--job", str(job), "--json").document
    assert entry["result"] == "failed"
    assert entry["detail"]
    assert entry["detail"] in bench.run("history").out


def test_the_history_needs_no_service(shown: Bench) -> None:
    assert shown.run("history", AUDIOPOD_API_KEY=None).code == 0
    assert len(shown.sim.requests) == 0


# --- undo ---


def test_names_are_given_back_in_the_account_and_the_files_follow(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    undone = bench.run("undo", "--yes")
    assert undone.code == 0, undone.out + undone.err
    assert sorted(sent(sim)) == ["Alpha", "Beta"]
    assert sorted(str(name) for name in names(sim).values()) == ["Alpha", "Beta", "Gamma"]
    assert stems(bench) == ["Alpha", "Beta", "Gamma"]
    assert f"job {renamed[0]}: “One” → “Alpha”" in undone.out
    sim.requests.clear()
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []


def test_each_name_is_looked_at_right_before_it_is_given_back(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    assert bench.run("undo", "--yes", "--job", str(renamed[0])).code == 0
    asked = [(record.method, record.path.rpartition("/music")[2]) for record in sim.requests]
    assert asked[0] == ("GET", f"/jobs/{renamed[0]}/status")
    assert asked[1] == ("PATCH", f"/jobs/{renamed[0]}")
    assert names(sim)[renamed[1]] == "Two"


def test_what_was_undone_can_be_undone_again(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    assert bench.run("undo", "--yes").code == 0
    assert bench.run("undo", "--yes").code == 0
    assert [names(sim)[job] for job in renamed] == ["One", "Two"]
    assert stems(bench) == ["Gamma", "One", "Two"]
    entries = bench.run("history", "--job", str(renamed[0]), "--json").document
    assert [e["operation"] for e in entries].count("rename-remote") == 3
    assert entries[-1]["operation"] == "rename-local"
    assert entries[-2]["reason"].startswith("undo of entry ")


def test_swapped_names_are_given_back_together(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    one, other = bench.placed(library[0]), bench.placed(library[1])
    aside = bench.folder / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    assert bench.run("sync").code == 0
    assert [names(sim)[job] for job in library[:2]] == ["Beta", "Alpha"]
    assert bench.run("undo", "--yes").code == 0
    assert [names(sim)[job] for job in library[:2]] == ["Alpha", "Beta"]
    assert bench.placed(library[0]).stem == "Alpha"
    assert bench.run("undo", "--yes").code == 0
    assert [names(sim)[job] for job in library[:2]] == ["Beta", "Alpha"]
    assert bench.placed(library[0]).stem == "Beta"


def test_a_rename_that_came_from_the_account_is_undone_there(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    sim.world.rename(library[0], "Renamed on the web")
    assert bench.run("sync").code == 0
    assert "Renamed on the web" in stems(bench)
    assert bench.run("undo", "--yes").code == 0
    assert names(sim)[library[0]] == "Alpha"
    assert stems(bench) == ["Alpha", "Beta", "Gamma"]


def test_a_cycle_that_is_named_is_undone_and_no_other(
    bench: Bench, sim: Simulator, renamed: list[int], library: list[int]
) -> None:
    first = bench.run("history", "--limit", "1", "--json").document[0]["cycle"]
    path = bench.placed(library[2])
    path.rename(path.with_name(f"Three{path.suffix}"))
    assert bench.run("sync").code == 0
    assert bench.run("undo", "--yes", "--cycle", first).code == 0
    assert list(names(sim).values()) == ["Alpha", "Beta", "Three"]


def test_a_name_that_was_given_since_is_left_alone(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    sim.world.rename(renamed[0], "Newer")
    undone = bench.run("undo", "--yes", "--json")
    assert undone.code == 1
    assert sent(sim) == ["Beta"]
    assert names(sim)[renamed[0]] == "Newer"
    left, given = undone.document["undone"]
    assert (left["done"], left["detail"]) == (False, "it is called “Newer” by now")
    assert (given["done"], given["after"]) == (True, "Beta")


def test_a_job_that_had_no_name_keeps_the_one_it_has(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    job = sim.world.add(display_name=None)
    assert bench.run("sync").code == 0
    path = bench.placed(job)
    path.rename(path.with_name(f"Named{path.suffix}"))
    assert bench.run("sync").code == 0
    sim.requests.clear()
    undone = bench.run("undo", "--yes")
    assert undone.code == 1
    assert "a name cannot be taken away" in undone.err
    assert sim.requests.mutating() == []


def test_a_job_that_is_gone_is_told_and_the_others_are_given_back(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    sim.world.delete(renamed[0])
    undone = bench.run("undo", "--yes")
    assert undone.code == 1
    assert "no longer in the account" in undone.err
    assert names(sim)[renamed[1]] == "Beta"


def test_a_name_that_the_service_refuses_is_told_and_noted(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    sim.switches.name_limit, sim.switches.name_refuse = 4, True
    undone = bench.run("undo", "--yes")
    assert undone.code == 1
    assert [names(sim)[job] for job in renamed] == ["One", "Beta"]
    entries = bench.run("history", "--job", str(renamed[0]), "--json").document
    assert (entries[-1]["operation"], entries[-1]["result"]) == ("rename-remote", "failed")
    assert "One" in stems(bench)


@pytest.mark.parametrize("answer", ["job", "wrapped", "message"])
def test_whatever_the_service_answers_the_file_takes_the_name(
    bench: Bench, sim: Simulator, renamed: list[int], answer: str
) -> None:
    sim.switches.patch_answer = answer  # type: ignore[assignment]
    assert bench.run("undo", "--yes").code == 0
    assert stems(bench) == ["Alpha", "Beta", "Gamma"]


def test_a_lost_connection_leaves_what_the_next_sync_goes_on_from(
    bench: Bench, sim: Simulator, renamed: list[int], haste: str
) -> None:
    sim.faults.add(Fault("status", method="PATCH", status=503, after=1, times=None))
    assert bench.run("undo", "--yes", before=haste).code == 75
    entries = bench.run("history", "--limit", "2", "--json").document
    assert [entry["result"] for entry in entries] == ["done", "stopped"]
    sim.faults.clear()
    assert bench.run("sync").code == 0
    assert sorted(stems(bench)) == sorted(str(name) for name in names(sim).values())


def test_with_one_direction_alone_nothing_is_given_back(shown: Bench) -> None:
    shown.configure(sync={"direction": "down"})
    refused = shown.run("undo", "--yes")
    shown.configure()
    assert refused.code == 2
    assert "nothing in the account is changed" in refused.complaint
    assert len(shown.sim.requests) == 0


def test_where_nobody_can_be_asked_nothing_is_done_unasked(shown: Bench) -> None:
    refused = shown.run("undo")
    assert refused.code == 2
    assert "say --yes" in refused.complaint
    assert len(shown.sim.requests) == 0


@pytest.mark.parametrize(("answer", "code", "name"), [("y", 0, "Alpha"), ("n", 1, "One")])
def test_on_a_terminal_it_shows_what_it_would_do_and_asks(
    bench: Bench, sim: Simulator, renamed: list[int], answer: str, code: int, name: str
) -> None:
    ended, shown = bench.on_terminal("undo", typed={"Give these 2 names back": answer})
    assert ended == code, shown
    assert "“One” becomes “Alpha” again" in shown
    assert names(sim)[renamed[0]] == name


def test_without_a_rename_there_is_nothing_to_undo(
    bench: Bench, sim: Simulator, library: list[int]
) -> None:
    sim.requests.clear()
    refused = bench.run("undo", "--yes")
    assert refused.code == 1
    assert "no such rename" in refused.complaint
    assert len(sim.requests) == 0


def test_another_accounts_key_gives_nothing_back(
    bench: Bench, sim: Simulator, renamed: list[int]
) -> None:
    sim.world.grant("ap_of_somebody_else_000000", 9999)
    sim.world.add(user_id=9999, display_name="Theirs")
    refused = bench.run("undo", "--yes", AUDIOPOD_API_KEY="ap_of_somebody_else_000000")
    assert refused.code == 78
    assert sim.requests.mutating() == []
