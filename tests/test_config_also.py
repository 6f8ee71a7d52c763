"""``library.also``: the settings of a further tree, and trees that lie in one another."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syncd import config
from syncd.binding import make_tree
from syncd.errors import ConfigError
from syncd.settings import Settings

FILE = Path("config.toml")


def parsed(library: dict[str, object], **sections: dict[str, object]) -> Settings:
    library = {"root": "/m/AudioPod", **library}
    return config.parse({"library": library, **sections}, FILE)


def test_a_further_tree_has_the_same_settings_but_for_what_is_its_own() -> None:
    settings = parsed(
        {"also": ["mp3", "ogg"], "template": "{title}.{ext}"},
        state={"dir": "/state"},
        exports={"playlists": "Lists"},
        hooks={"on_added": ["true"]},
        metrics={"listen": "127.0.0.1:9"},
        tags={"profile": "dj"},
        sync={"retry_failed": 3, "deletion_budget": 4},
        playlists=[{"name": "a", "query": "liked:yes"}],  # type: ignore[arg-type]
    )
    tree = settings.trees["mp3"]
    assert (tree.library.root, tree.format) == (Path("/m/AudioPod mp3"), "mp3")
    assert tree.catalog == Path("/state/also/mp3/catalog.sqlite3")
    assert (tree.library.template, tree.tags.profile) == ("{title}.{ext}", "dj")
    assert tree.sync == settings.sync.model_copy(
        update={"deletions": "ignore", "retry_failed": "off"}
    )
    plain = Settings()
    for section in ("exports", "hooks", "metrics", "notify", "playlists"):
        assert getattr(tree, section) == getattr(plain, section)
    assert tree.first is settings
    assert (tree.trees, settings.first) == ({}, None)
    assert settings.trees.keys() == {"mp3", "ogg"}


@pytest.mark.parametrize(
    ("sync", "expected"),
    [
        ({}, "ignore"),
        ({"deletions": "restore"}, "restore"),
        ({"deletions": "ignore"}, "ignore"),
        ({"direction": "down"}, "restore"),
    ],
)
def test_what_is_deleted_in_a_further_tree_deletes_no_job(
    sync: dict[str, object], expected: str
) -> None:
    assert parsed({"also": ["mp3"]}, sync=sync).tree("mp3").sync.deletions == expected


@pytest.mark.parametrize(
    ("pattern", "root"),
    [("/dj/{format}", "/dj/mp3"), ("{root}/../{format}", "/m/mp3"), ("~/{format}", None)],
)
def test_where_a_tree_is_can_be_chosen(pattern: str, root: str | None) -> None:
    tree = parsed({"also": ["mp3"], "also_root": pattern}).tree("mp3")
    assert tree.library.root == (Path(root) if root else Path.home() / "mp3")


@pytest.mark.parametrize(
    ("library", "problem"),
    [
        ({"also": ["mp3"], "also_root": "{root}/{format}"}, "/m/AudioPod/mp3 lies in /m/AudioPod"),
        ({"also": ["mp3"], "root": "/m/mp3/x", "also_root": "/m/{format}"}, "lies in /m/mp3"),
        ({"also": ["mp3"], "root": "/m/mp3", "also_root": "/m/{format}"}, "/m/mp3 lies in /m/mp3"),
        ({"also": ["mp3", "mp3"]}, "names a format twice"),
        ({"also": ["aac"]}, "must be 'flac', 'mp3', 'ogg' or 'wav'"),
        ({"also_root": "/m/also"}, "must name {format} once, and may name {root}"),
        ({"also_root": "{format}"}, "must be an absolute path"),
        ({"also_root": "/m/{format} {title}"}, "must name {format} once, and may name {root}"),
    ],
)
def test_what_no_tree_can_be(library: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigError, match=r"library\.also") as raised:
        parsed(library)
    assert problem in str(raised.value)


def test_a_tree_is_chosen_by_its_format(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[library]\nroot = "/m/A"\nalso = ["mp3"]\n', encoding="utf-8")
    assert config.load((path, "mp3")).library.root == Path("/m/A mp3")
    with pytest.raises(ConfigError, match=r"library\.also has no tree of ogg"):
        config.load((path, "ogg"))


def test_no_link_leads_from_one_tree_into_the_other(tmp_path: Path) -> None:
    (tmp_path / "Music/mp3").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "Music")
    first = SimpleNamespace(library=SimpleNamespace(root=tmp_path / "Music"))
    further = SimpleNamespace(root=tmp_path / "elsewhere/mp3")
    settings: Any = SimpleNamespace(first=first, library=further)
    catalog: Any = SimpleNamespace(source=object())
    with pytest.raises(ConfigError, match="lie in one another"):
        make_tree(settings, catalog)
