"""``syncd init``: a configuration, a root and its marker, made once and never replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.local.root import create_root
from syncd.simulator import Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def bare(bench: Bench) -> Bench:
    """A machine on which nothing was set up, and no variable names a configuration."""
    for path in (bench.config, bench.root / ".syncd/library.json"):
        path.unlink()
    for name in (".mpdignore", ".ndignore", ".nomedia", "reserve"):
        (bench.root / ".syncd" / name).unlink(missing_ok=True)
    for folder in (bench.root / ".syncd/incoming", bench.root / ".syncd", bench.root):
        folder.rmdir()
    for name in ("SYNCD_CONFIG", "AUDIOPOD_API_KEY"):
        del bench.env[name]
    return bench


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_yes_takes_the_default_places(bare: Bench) -> None:
    result = bare.run("init", "--yes")
    assert result.code == 0
    config = bare.home / ".config/syncd/config.toml"
    root = bare.home / "Music/AudioPod"
    assert (mode(config), mode(config.parent)) == (0o600, 0o700)
    assert f'root = "{root}"' in config.read_text()
    marker = json.loads((root / ".syncd/library.json").read_text())
    assert marker["base_url"] == "https://api.audiopod.ai"
    assert marker["library_id"] in result.out
    assert str(config) in result.out
    assert str(root) in result.out


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_configuration_in_a_place_of_its_own(bare: Bench, sim: Simulator, way: str) -> None:
    config = bare.folder / "here/of my own.toml"
    before: list[str | Path] = ["--config", config] if way == "option" else []
    env = {"SYNCD_CONFIG": str(config)} if way == "variable" else {}
    arguments = ["init", "--yes", "--root", bare.root, "--base-url", sim.api_url]
    result = bare.run(*before, *arguments, **env)
    assert result.code == 0
    assert mode(config) == 0o600
    assert (bare.root / ".syncd/library.json").exists()

    sim.world.add(display_name="Song")
    assert bare.run(*before, "sync", AUDIOPOD_API_KEY=sim.key, **env).code == 0
    assert len(bare.audio()) == 1
    # A second configuration never shares the catalog of the default one.
    states = [path.parent.name for path in (bare.home / ".local/state").rglob("catalog.sqlite3")]
    assert len(states) == 1
    assert states[0].startswith("syncd-")


def test_a_second_run_changes_nothing(bare: Bench, look: Look) -> None:
    assert bare.run("init", "--yes", "--root", bare.root).code == 0
    before = look(bare.home / ".config", bare.root)
    result = bare.run("init", "--yes", "--root", bare.root)
    assert result.code == 0
    assert "wrote" not in result.out
    assert look(bare.home / ".config", bare.root) == before


def test_the_root_that_an_existing_configuration_names_is_made(bare: Bench, look: Look) -> None:
    bare.configure()
    before = look(bare.config)
    result = bare.run("--config", bare.config, "init", "--yes")
    assert result.code == 0
    assert look(bare.config) == before
    assert (bare.root / ".syncd/library.json").exists()


def test_an_option_that_an_existing_configuration_contradicts_is_refused(
    bare: Bench, look: Look
) -> None:
    bare.configure()
    before = look(bare.config)
    result = bare.run("--config", bare.config, "init", "--yes", "--root", bare.folder / "other")
    assert result.code == 2
    assert str(bare.config) in result.complaint
    assert "--root" in result.complaint
    assert look(bare.config) == before
    assert not bare.root.exists()


def test_json_says_what_was_made(bare: Bench) -> None:
    said = bare.run("init", "--yes", "--root", bare.root, "--json").document
    config = str(bare.home / ".config/syncd/config.toml")
    assert said["config"] == config
    assert said["root"] == str(bare.root)
    assert said["written"] == [config]
    assert len(said["library_id"]) == 36


def test_a_folder_with_music_in_it_becomes_a_root_and_keeps_it(bare: Bench, look: Look) -> None:
    (bare.root / "Mine").mkdir(parents=True)
    (bare.root / "Mine/song.mp3").write_bytes(b"mine")
    before = look(bare.root / "Mine")
    assert bare.run("init", "--yes", "--root", bare.root).code == 0
    assert look(bare.root / "Mine") == before


def test_a_root_that_is_a_file_is_refused(bare: Bench) -> None:
    bare.root.write_text("mine")
    result = bare.run("init", "--yes", "--root", bare.root)
    assert result.code == 78
    assert "is not a folder" in result.complaint
    assert bare.root.read_text() == "mine"


def test_the_library_of_another_service_is_refused(bare: Bench) -> None:
    assert bare.run("init", "--yes", "--root", bare.root).code == 0
    (bare.root / "song.flac").write_text("placed, perhaps")
    other = ["--config", bare.folder / "other.toml"]
    result = bare.run(*other, "init", "--yes", "--root", bare.root, "--base-url", "http://[::1]:1")
    assert result.code == 78
    assert "is a library of https://api.audiopod.ai" in result.complaint


def test_a_library_without_a_file_can_be_bound_to_another_service(
    bare: Bench, sim: Simulator
) -> None:
    assert bare.run("init", "--yes", "--root", bare.root).code == 0
    other = ["--config", bare.folder / "other.toml"]
    init = bare.run(*other, "init", "--yes", "--root", bare.root, "--base-url", sim.api_url)
    assert init.code == 0
    sim.world.add(display_name="Song")
    assert bare.run(*other, "sync", AUDIOPOD_API_KEY=sim.key).code == 0
    assert len(bare.audio()) == 1


def test_without_a_key_it_says_where_one_belongs(bare: Bench) -> None:
    said = bare.run("init", "--yes", "--root", bare.root, AUDIOPOD_API_KEY=None).out
    assert "next: give the API key: set AUDIOPOD_API_KEY" in said


def test_ctrl_c_at_a_question_is_130_and_nothing_is_written(bare: Bench) -> None:
    code, shown = bare.on_terminal("init", typed={"Folder of the library": "\x03"})
    assert code == 130
    assert "nothing was changed" in shown
    assert not (bare.home / ".config").exists()


@pytest.mark.parametrize("url", ["audiopod", "ftp://api.audiopod.ai", "https://a.example/path"])
def test_an_address_that_is_none_is_refused_and_nothing_is_written(bare: Bench, url: str) -> None:
    result = bare.run("init", "--yes", "--root", bare.root, "--base-url", url)
    assert result.code == 2
    assert "api.base_url" in result.complaint
    assert not (bare.home / ".config").exists()
    assert not bare.root.exists()


def test_a_root_with_odd_characters_survives_the_configuration(bare: Bench) -> None:
    root = bare.folder / 'Mu"sic\\ \t{x} café'
    assert bare.run("init", "--yes", "--root", root).code == 0
    assert (root / ".syncd/library.json").exists()
    assert bare.run("init", "--yes").code == 0


def test_without_a_terminal_and_without_yes_nobody_is_asked(bare: Bench) -> None:
    result = bare.run("init")
    assert result.code == 2
    assert "--yes" in result.complaint
    assert not (bare.home / ".config").exists()


def test_the_questions_on_a_terminal_make_a_working_library(bare: Bench, sim: Simulator) -> None:
    code, shown = bare.on_terminal(
        "init",
        "--base-url",
        sim.api_url,
        typed={"Folder of the library": str(bare.root), "API key": sim.key},
    )
    assert code == 0, shown
    key_file = bare.home / ".config/syncd/api_key"
    config = bare.home / ".config/syncd/config.toml"
    assert (mode(key_file), mode(config)) == (0o600, 0o600)
    assert key_file.read_text().strip() == sim.key
    assert sim.key not in shown
    assert sim.key not in config.read_text()

    sim.world.add(display_name="Song")
    assert bare.run("sync").code == 0
    assert len(bare.audio()) == 1


def test_answers_left_empty_take_the_defaults(bare: Bench) -> None:
    code, shown = bare.on_terminal("init", typed={"Folder of the library": "", "API key": ""})
    assert code == 0, shown
    assert (bare.home / "Music/AudioPod/.syncd/library.json").exists()
    assert not (bare.home / ".config/syncd/api_key").exists()
    result = bare.run("sync")
    assert result.code == 2
    assert "AUDIOPOD_API_KEY" in result.complaint


def test_a_folder_typed_with_a_tilde_is_in_the_home(bare: Bench) -> None:
    code, shown = bare.on_terminal(
        "init", typed={"Folder of the library": "~/Songs", "API key": ""}
    )
    assert code == 0, shown
    assert (bare.home / "Songs/.syncd/library.json").exists()


def test_a_key_that_is_none_is_refused_and_nothing_is_written(bare: Bench) -> None:
    code, shown = bare.on_terminal(
        "init", typed={"Folder of the library": str(bare.root), "API key": "sk-wrong"}
    )
    assert code == 2
    assert "keys start with ap_" in shown
    assert "sk-wrong" not in shown
    assert not (bare.home / ".config").exists()


@pytest.mark.parametrize("option", ["--root", "--key-file", "--base-url", "--state-dir"])
def test_every_option_is_held_against_an_existing_configuration(
    bare: Bench, look: Look, option: str
) -> None:
    options = {
        "--root": str(bare.root),
        "--key-file": str(bare.folder / "key"),
        "--base-url": "http://127.0.0.1:1",
        "--state-dir": str(bare.state),
    }
    given = [word for pair in options.items() for word in pair]
    assert bare.run("init", "--yes", *given).code == 0
    assert bare.run("init", "--yes", *given).code == 0
    config = bare.home / ".config/syncd/config.toml"
    before = look(bare.folder)
    other = "http://127.0.0.1:2" if option == "--base-url" else str(bare.folder / "other")
    result = bare.run("init", "--yes", *given, option, other)
    assert result.code == 2
    assert result.complaint.startswith(f"syncd: {config} exists and says {options[option]}, ")
    assert f"{option} says {other}" in result.complaint
    assert look(bare.folder) == before


def test_a_key_file_that_an_existing_configuration_does_not_name_is_refused(bare: Bench) -> None:
    bare.configure()
    result = bare.run("--config", bare.config, "init", "--key-file", bare.folder / "key")
    assert result.code == 2
    assert "exists and names none, --key-file says" in result.complaint


def test_an_address_that_sync_would_refuse_is_refused_and_nothing_is_made(
    bare: Bench, look: Look
) -> None:
    before = look(bare.folder)
    result = bare.run("init", "--yes", "--root", bare.root, "--base-url", "http://example.com")
    assert result.code == 2
    assert "plain http" in result.complaint
    assert look(bare.folder) == before


# --- what an earlier library left ---


@pytest.fixture
def orphaned(bench: Bench, sim: Simulator) -> Bench:
    """A library of one track, whose folder was moved away."""
    sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    bench.root.rename(bench.folder / "unmounted")
    return bench


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "another library"])
def test_a_root_that_the_catalog_does_not_belong_to_is_left_alone(
    orphaned: Bench, look: Look, left: str
) -> None:
    if left == "an empty folder":
        orphaned.root.mkdir()
    elif left == "another library":
        create_root(orphaned.root, orphaned.sim.api_url)
    before = look(orphaned.folder)
    result = orphaned.run("init")
    assert result.code == 78
    assert f"{orphaned.root} is not its folder" in result.complaint
    assert "bring that folder back" in result.complaint
    assert f"move {orphaned.state / 'catalog.sqlite3'} aside" in result.complaint
    assert "state.dir" in result.complaint
    after = look(orphaned.folder)
    touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert touched <= {str(orphaned.state)}


def test_the_folder_brought_back_is_the_library_again(orphaned: Bench) -> None:
    (orphaned.folder / "unmounted").rename(orphaned.root)
    assert orphaned.run("init").code == 0
    result = orphaned.run("sync")
    assert result.out.strip() == "in step: nothing to do"


def test_with_the_catalog_moved_aside_a_new_library_begins(orphaned: Bench) -> None:
    (orphaned.state / "catalog.sqlite3").rename(orphaned.folder / "aside.sqlite3")
    assert orphaned.run("init").code == 0
    assert orphaned.run("sync").code == 0
    assert len(orphaned.audio()) == 1


def test_a_second_configuration_over_the_catalog_of_the_first_is_refused(
    bare: Bench, sim: Simulator
) -> None:
    sim.world.add(display_name="Song")
    common = ["--base-url", sim.api_url, "--state-dir", bare.state]
    assert bare.run("init", "--yes", "--root", bare.root, *common).code == 0
    assert bare.run("sync", AUDIOPOD_API_KEY=sim.key).code == 0
    other = bare.folder / "other.toml"
    result = bare.run("--config", other, "init", "--yes", "--root", bare.folder / "new", *common)
    assert result.code == 78
    assert not other.exists()
    assert not (bare.folder / "new").exists()


def test_a_catalog_that_cannot_be_read_stops_it_before_anything_is_made(bare: Bench) -> None:
    bare.state.mkdir()
    (bare.state / "catalog.sqlite3").write_bytes(b"not a database at all" * 100)
    result = bare.run("init", "--yes", "--root", bare.root, "--state-dir", bare.state)
    assert result.code == 78
    assert "not a database" in result.complaint
    assert not bare.root.exists()
    assert not (bare.home / ".config").exists()


# --- a try that failed, and the next one ---


def test_a_root_that_cannot_be_made_leaves_no_configuration_behind(bare: Bench) -> None:
    (bare.folder / "a file").write_text("mine")
    code, shown = bare.on_terminal(
        "init", typed={"Folder of the library": str(bare.folder / "a file/x"), "API key": "ap_one"}
    )
    assert code == 78, shown
    assert not (bare.home / ".config").exists()
    code, shown = bare.on_terminal(
        "init", typed={"Folder of the library": str(bare.root), "API key": "ap_two"}
    )
    assert code == 0, shown
    assert (bare.home / ".config/syncd/api_key").read_text() == "ap_two\n"


def test_a_configuration_that_cannot_be_written_leaves_no_root_behind(bare: Bench) -> None:
    (bare.folder / "a file").write_text("mine")
    config = bare.folder / "a file/config.toml"
    result = bare.run("--config", config, "init", "--yes", "--root", bare.root)
    assert result.code == 2
    assert f"{config} cannot be written" in result.complaint
    assert not bare.root.exists()


@pytest.mark.parametrize("same", [True, False])
def test_a_key_file_of_an_earlier_try_is_used_or_named(bare: Bench, same: bool) -> None:
    key_file = bare.home / ".config/syncd/api_key"
    key_file.parent.mkdir(parents=True)
    key_file.write_text("ap_one\n")
    code, shown = bare.on_terminal(
        "init",
        typed={
            "Folder of the library": str(bare.root),
            "API key": "ap_one" if same else "ap_two",
        },
    )
    assert key_file.read_text() == "ap_one\n"
    assert (code == 0) is same, shown
    assert bare.root.exists() is same
    assert (f"{key_file} exists and holds something else" in shown) is not same


def test_a_key_that_sync_would_refuse_is_refused_before_it_is_kept(bare: Bench) -> None:
    code, shown = bare.on_terminal(
        "init", typed={"Folder of the library": str(bare.root), "API key": "ap_two words"}
    )
    assert code == 2
    assert "that is no AudioPod key" in shown
    assert not (bare.home / ".config").exists()
    assert not bare.root.exists()


@pytest.mark.parametrize("root", ["~nobody-at-all/x", "/proc/\udcff"])
def test_a_root_that_no_configuration_can_name_is_said(bare: Bench, root: str) -> None:
    assert bare.run("init", "--yes", "--root", root, cold=True).code == 2
    assert not (bare.home / ".config").exists()
