"""The matrix of faults notices what is wrong, and leaves no call and no operation out."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
import structlog

import syncd
from syncd import log
from syncd.executor import names
from syncd.executor.context import Context
from syncd.local.root import Root
from syncd.remote.query import PATHS
from syncd.simulator.faults import KINDS, Fault

from .. import canary
from ..house import House
from ..part import Size
from . import cases as faults
from . import files, mounted, root
from .api import cells, judged
from .calls import CALLS
from .disk import ERRNOS, OPERATIONS, Disk, Place, watched
from .scene import struck, unharmed
from .scenes import SCENES
from .state import differences
from .stated import stated
from .variants import VARIANTS

SOURCE = Path(syncd.__file__).parent


def _calls_in(path: Path) -> Iterator[tuple[str, str]]:
    """What a module calls of another, such as ``("os", "fsync")``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name):
                yield of.id, node.func.attr


def test_every_call_of_the_service_is_struck() -> None:
    asked = " ".join(call.path for call in CALLS.values())
    assert [path for path in PATHS.values() if f"{path}$" not in asked] == []
    sent = {call.method for call in CALLS.values()}
    text = (SOURCE / "remote/client.py").read_text(encoding="utf-8")
    assert set(re.findall(r'request\(\s*"([A-Z]+)"', text)) == sent
    for name in ("audio", "rest-of-audio", "glance", "cover"):
        assert name in CALLS


def test_every_kind_of_fault_is_played() -> None:
    played = {variant.given["kind"] for variant in VARIANTS}
    # That one is no fault of an answer: other parts of the bench have the world change meanwhile.
    assert KINDS.keys() - played == {"run"}
    for call in CALLS.values():
        assert {variant.name for variant, _ in cells(call)} >= {"401", "429-hour", "500", "hang"}
        assert all(stated(call, variant, 1) and stated(call, variant, None) for variant in VARIANTS)


def test_every_way_to_touch_a_file_is_watched() -> None:
    harmless = {
        *("fsencode", "fsdecode", "fspath", "strerror", "getpid", "geteuid", "getuid", "umask"),
        *("close", "pipe", "set_blocking", "killpg", "_exit", "fdopen", "walk", "access", "kill"),
        *("cpu_count", "isatty", "getppid", "getenv", "get_terminal_size", "setsid", "wait"),
    }
    used = {
        name
        for folder in ("local", "remote", "catalog", "executor", "export", "core")
        for path in (SOURCE / folder).rglob("*.py")
        for module, name in _calls_in(path)
        if module == "os"
    }
    assert used - harmless - set(OPERATIONS) == set()


def test_every_case_has_its_groups() -> None:
    modules = {
        str(path.relative_to(SOURCE))[:-3].replace("/", ".")
        for folder in ("local", "executor", "catalog", "export")
        for path in (SOURCE / folder).rglob("*.py")
    }
    modules = {name.removesuffix(".__init__") for name in modules} - {"local"}
    # What only wakes the daemon: nothing is done on its word.
    modules -= {"local.watch", "local.watchable", "local.lookout"}
    assert [name for name in modules if files.group_of(Place(name, "open", "own")) is None] == []
    keys = list(faults.cases(Size.CI))
    assert len(keys) == len(set(keys))


def test_a_run_that_ends_over_one_odd_answer_is_noticed(tmp_path: Path) -> None:
    call = CALLS["rename"]
    variant = next(one for one in VARIANTS if one.name == "portal")

    @asynccontextmanager
    async def unguarded(*_: object) -> AsyncIterator[None]:
        yield

    @contextmanager
    def strike(house: House) -> Iterator[None]:
        house.account.sim.faults.add(Fault(method="PATCH", times=None, **variant.given))
        with patch.object(names, "sending", unguarded):
            yield
        house.account.sim.faults.clear()

    came = struck(call.scene, tmp_path, strike)
    assert any("ContractBroken" in text for text in judged(stated(call, variant, None), came, 1))


def test_a_file_that_does_not_come_back_is_noticed(tmp_path: Path) -> None:
    scene = SCENES["more"]
    wanted = unharmed(scene, tmp_path)

    @contextmanager
    def strike(house: House) -> Iterator[None]:
        yield
        house.homes[0].files()[0].unlink()

    came = struck(scene, tmp_path, strike)
    assert came.troubles
    assert differences(came.after, wanted)


def _mountable() -> bool:
    try:
        return mounted.apart(lambda: True)
    except mounted.NotPermitted:
        return False


@pytest.mark.skipif(not _mountable(), reason="nothing can be mounted here")
def test_what_is_written_on_a_disk_mounted_over_the_library_is_noticed(tmp_path: Path) -> None:
    blow = root.Blow(root.MOUNTED, 4)

    def trusting() -> list[str]:
        with patch.object(Root, "verify", lambda *_: None):
            return root.cell(SCENES["first"], tmp_path, blow)

    assert mounted.apart(lambda: root.cell(SCENES["first"], tmp_path, blow)) == []
    found = mounted.apart(trusting)
    assert any("written into a folder that is not the library" in text for text in found)
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()


def test_it_is_said_where_nothing_can_be_mounted(tmp_path: Path) -> None:
    def refused(_: object) -> None:
        raise mounted.NotPermitted

    with patch.object(mounted, "apart", refused):
        verdict = faults.play("root/retag", tmp_path)
    assert verdict.troubles == ()
    assert [what for what in verdict.counts if "left out" in what]


def test_what_is_sent_while_the_library_is_away_is_noticed(tmp_path: Path) -> None:
    """Also where nothing was sent before it went."""
    found = set()
    for at in range(4, 7):
        blow = root.Blow("vanished", at)
        with (
            patch.object(Root, "verify", lambda *_: None),
            patch.object(Context, "check_file", lambda *_: None),
        ):
            came = struck(SCENES["name-up"], tmp_path, lambda house: root._strike(house, blow))  # noqa: B023
        found |= set(came.troubles)
        assert blow.sent == 0
    assert "the account is changed while the library is not there" in found


@pytest.mark.parametrize("where", ["a log", "a core", "cleared away", "a warning", "a detail"])
def test_the_key_is_found_before_its_stage_is_cleared_away(tmp_path: Path, where: str) -> None:
    @contextmanager
    def strike(house: House) -> Iterator[None]:
        member = house.homes[0].member
        yield
        if where == "a log":
            (member.settings.state.dir / "log.txt").write_text(canary.KEY * 50)
        elif where == "a core":
            (member.root / ".syncd" / "core").write_text(canary.KEY)
        elif where == "cleared away":  # by the next run
            (member.root / ".syncd" / "incoming" / "0.part").write_text(canary.KEY)
        else:
            level = logging.WARNING if where == "a warning" else logging.DEBUG
            with patch.object(log, "redact", lambda text: text):
                structlog.get_logger().log(level, "asked", header=canary.KEY)

    with canary.overheard(keeps=False) as outer:
        came = struck(SCENES["more"], tmp_path, strike)
    assert [text for text in came.troubles if "the key stands in" in text]
    assert outer.is_leaking == (where in ("a warning", "a detail"))


def test_a_place_is_struck_and_what_it_ends_with_is_told(tmp_path: Path) -> None:
    place = Place("local.files.place", "fsync", "own")
    seen: list[Disk] = []

    @contextmanager
    def strike(house: House) -> Iterator[None]:
        member = house.homes[0].member
        with watched(Disk(member.root, member.settings.state.dir, place, ERRNOS["EIO"])) as disk:
            seen.append(disk)
            yield

    came = struck(SCENES["more"], tmp_path, strike)
    assert seen[0].hits == 1
    assert list(files.judged(place, seen[0], came)) == []
    came.told = "something went wrong"
    assert list(files.judged(place, seen[0], came))


def test_what_is_stated_can_be_read() -> None:
    told = faults.table()
    assert "KeyRefused" in told
    assert len(told.splitlines()) > 50
