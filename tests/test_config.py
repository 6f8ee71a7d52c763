"""Settings: what a file may say, and the one line that tells what it may not."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from syncd import config
from syncd.config import Settings, load
from syncd.core.listing import Range
from syncd.errors import ConfigError, ExitCode

KEY = "ap_live_c4nary-0123456789"
EVENTS = ("added", "removed", "renamed", "pending", "held", "error")
FACETS = ("genre", "emotion", "occasion", "language")
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, and none of the variables that settings are read from."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY", "XDG_MUSIC_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def settings_of(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {})


def error_of(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text)
    assert caught.value.exit_code is ExitCode.USAGE
    message = caught.value.message
    assert message.isprintable(), "an error is one line"
    prefix = f"{tmp_path / 'config.toml'}: "
    assert message.startswith(prefix)
    return message.removeprefix(prefix)


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "")
    assert settings == Settings(file=tmp_path / "config.toml")
    assert settings.model_dump(exclude={"file"}) == {
        "api": {
            "base_url": "https://api.audiopod.ai",
            "key_file": None,
            "requests_per_minute": 120,
            "timeout": 30.0,
        },
        "library": {
            "root": tmp_path / "Music" / "AudioPod",
            "template": "{album}/{title}.{ext}",
            "formats": ("flac", "mp3", "ogg", "wav"),
            "artist": "AudioPod",
            "album": "AudioPod {year}-{month}",
            "moves": "ask",
            "ignore": (),
            "also": (),
            "also_root": "{root} {format}",
            "only": {
                **dict.fromkeys(("task", "song_type", *FACETS), ()),
                **dict.fromkeys(("liked", "min_quality", "since", "duration", "title")),
            },
        },
        "tags": {
            "profile": "library",
            "key": "classical",
            "ownership": "user",
            "synced_lyrics": False,
        },
        "sync": {
            "direction": "both",
            "deletions": "mirror",
            "deletion_grace": 86_400.0,
            "deletion_budget": 10,
            "rename_budget": 100,
            "remote_deletions": "trash",
            "conflicts": "local",
            "retry_failed": "off",
            "poll_interval": 60.0,
            "sweep_interval": 6 * 3_600.0,
            "scan_interval": 900.0,
        },
        "trash": {"retention": 30 * 86_400.0},
        "state": {"dir": tmp_path / ".local" / "state" / "syncd", "history": 365 * 86_400.0},
        "limits": {
            "bandwidth": 0,
            "parallel_downloads": 4,
            "min_free_space": 500_000_000,
            "max_file_size": 1 << 30,
        },
        "log": {"level": "info", "format": "auto"},
        "hooks": {**{f"on_{name}": () for name in EVENTS}, "timeout": 60.0},
        "metrics": {"listen": ""},
        "notify": {"desktop": False},
        "exports": {"playlists": "", "rekordbox": "", "nsp": "", "path_map": {}},
        "playlists": (),
    }
    assert settings.catalog == tmp_path / ".local/state/syncd/catalog.sqlite3"


@pytest.mark.parametrize(
    ("section", "key", "written", "value"),
    [
        ("api", "base_url", '"http://127.0.0.1:8000"', "http://127.0.0.1:8000"),
        ("api", "key_file", '"/run/key"', Path("/run/key")),
        ("api", "requests_per_minute", "0", 0),
        ("api", "timeout", '"2m"', 120.0),
        ("library", "root", '"~/m"', None),
        ("library", "template", '"{artist}/{title} {id}.{ext}"', "{artist}/{title} {id}.{ext}"),
        ("library", "formats", '["mp3", "flac"]', ("mp3", "flac")),
        ("library", "artist", '"Ich & Du"', "Ich & Du"),
        ("library", "album", '"{artist} {year}"', "{artist} {year}"),
        ("library", "moves", '"auto"', "auto"),
        ("library", "ignore", '["/Stems/", "*.wav"]', ("/Stems/", "*.wav")),
        ("library", "also", '["mp3", "ogg"]', ("mp3", "ogg")),
        ("library", "also_root", '"~/m/{format}"', "~/m/{format}"),
        *(("library.only", name, '["One", "Two"]', ("One", "Two")) for name in FACETS),
        ("library.only", "task", '"music_generation"', ("music_generation",)),
        ("library.only", "song_type", '["instrumental"]', ("instrumental",)),
        ("library.only", "liked", "true", True),
        ("library.only", "min_quality", "1", 1.0),
        ("library.only", "since", "2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("library.only", "duration", '"1:00..5:30"', Range(60.0, 330.0)),
        ("library.only", "title", '"*remix*"', "*remix*"),
        ("tags", "profile", '"dj"', "dj"),
        ("tags", "key", '"camelot"', "camelot"),
        ("tags", "ownership", '"syncd"', "syncd"),
        ("tags", "synced_lyrics", "true", True),
        ("sync", "direction", '"down"', "down"),
        ("sync", "deletions", '"restore"', "restore"),
        ("sync", "deletion_grace", '"90m"', 5400.0),
        ("sync", "deletion_budget", "0", 0),
        ("sync", "rename_budget", "5000", 5000),
        ("sync", "remote_deletions", '"keep"', "keep"),
        ("sync", "conflicts", '"hold"', "hold"),
        ("sync", "retry_failed", "3", 3),
        ("sync", "poll_interval", '"5s"', 5.0),
        ("sync", "sweep_interval", '"30d"', 30 * 86_400.0),
        ("sync", "scan_interval", '"10s"', 10.0),
        ("trash", "retention", '"0s"', 0.0),
        ("state", "dir", '"/var/lib/x"', Path("/var/lib/x")),
        ("state", "history", '"1d"', 86_400.0),
        ("limits", "bandwidth", '"2MB"', 2_000_000),
        ("limits", "parallel_downloads", "32", 32),
        ("limits", "min_free_space", '"0B"', 0),
        ("limits", "max_file_size", '"10 MiB"', 10 << 20),
        ("log", "level", '"debug"', "debug"),
        ("log", "format", '"json"', "json"),
        *(("hooks", f"on_{name}", '["mpc", "update"]', ("mpc", "update")) for name in EVENTS),
        ("hooks", "timeout", '"2m"', 120.0),
        ("metrics", "listen", '"[::1]:9465"', "[::1]:9465"),
        ("notify", "desktop", "true", True),
        ("exports", "playlists", '"Playlists/"', "Playlists"),
        ("exports", "rekordbox", '"/srv/dj/rekordbox.xml"', "/srv/dj/rekordbox.xml"),
        ("exports", "nsp", '"Smart/Navidrome"', "Smart/Navidrome"),
        ("exports", "path_map", '{"/srv/music" = "D:\\\\Music"}', {"/srv/music": "D:\\Music"}),
    ],
)
def test_every_key_can_be_set(
    tmp_path: Path, section: str, key: str, written: str, value: object
) -> None:
    settings = settings_of(tmp_path, f"[{section}]\n{key} = {written}\n")
    expected = tmp_path / "m" if value is None else value
    assert attrgetter(f"{section}.{key}")(settings) == expected


def test_every_key_is_in_the_table_above() -> None:
    rows = test_every_key_can_be_set.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {(section, key) for section, key, *_ in rows} == set(keys())


def keys(section: type[BaseModel] = Settings, name: str = "") -> list[tuple[str, str]]:
    """Section and key of everything that can be set."""
    found: list[tuple[str, str]] = []
    for key, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += keys(inner, f"{name}.{key}".lstrip("."))
        elif name:
            found.append((name, key))
    return found


def written_in(table: dict[str, Any], name: str) -> list[tuple[str, str]]:
    """The same of a TOML table."""
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict) and value:
            found += written_in(value, f"{name}.{key}".lstrip("."))
        else:
            found.append((name, key))
    return found


ORIGIN = "must be an origin such as https://api.audiopod.ai, without a path"
SIZE = "must be a size such as 500MB or 1GiB"
SECTIONS = (
    "known here: api, library, tags, sync, trash, state, limits, log, hooks, metrics, notify, "
    "exports, playlists"
)
TIME = "must be a duration such as 0s, 90s, 10m, 2h or 30d"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[api]\nbase_url = 3", "api.base_url: must be a valid string, not 3"),
        ('[api]\nbase_url = ""', f"api.base_url: {ORIGIN}, not ''"),
        ('[api]\nbase_url = "api.audiopod.ai"', f"api.base_url: {ORIGIN}, not 'api.audiopod.ai'"),
        ('[api]\nkey_file = "key"', "api.key_file: must be an absolute path, or one that starts "
         "with ~/, not 'key'"),
        ('[api]\nkey_file = " "', "api.key_file: must be a path, not ' '"),
        ("[api]\nkey_file = 3", "api.key_file: must be a path, not 3"),
        ('[api]\nrequests_per_minute = "many"', "api.requests_per_minute: must be a valid integer, "
         "not 'many'"),
        ("[api]\nrequests_per_minute = 1.5", "api.requests_per_minute: must be a valid integer, "
         "not 1.5"),
        ("[api]\nrequests_per_minute = true", "api.requests_per_minute: must be a valid integer, "
         "not True"),
        ("[api]\nrequests_per_minute = -1", "api.requests_per_minute: must be greater than or "
         "equal to 0, not -1"),
        ("[api]\ntimeout = 30", f"api.timeout: {TIME}, not 30"),
        ('[api]\ntimeout = "0s"', "api.timeout: must be greater than or equal to 1, not '0s'"),
        ('[api]\ntimeout = "1h"', "api.timeout: must be less than or equal to 600, not '1h'"),
        ('[library]\nroot = "~nobody-at-all/x"', "library.root: names a home folder that is not "
         "known, not '~nobody-at-all/x'"),
        ('[library]\nroot = "a\\u0000b"', "library.root: must be a path, not 'a\\x00b'"),
        ('[library]\ntemplate = "{title}"', "library.template: the last part must hold {title} and "
         "end in .{ext}, not '{title}'"),
        ("[library]\nformats = []", "library.formats: must hold at least one"),
        ('[library]\nformats = ["mp3", "mp3"]', "library.formats: names a format twice, not "
         "['mp3', 'mp3']"),
        ('[library]\nformats = ["m4a"]', "library.formats: must be 'flac', 'mp3', 'ogg' or 'wav', "
         "not 'm4a'"),
        ('[library]\nignore = ["[z-a]"]', "library.ignore: holds what is no pattern of "
         "gitignore's: [z-a], not ['[z-a]']"),
        ('[library]\nignore = "Stems/"', "library.ignore: must be a list of patterns, such as "
         '["/Stems/", "*.demo.mp3"], not \'Stems/\''),
        ('[library]\nformats = "mp3"', "library.formats: must be a valid tuple, not 'mp3'"),
        ('[library]\nartist = "  "', "library.artist: must be a line of text that is not empty, "
         "not '  '"),
        ('[library]\nartist = "a\\nb"', "library.artist: must be a line of text that is not empty, "
         "not 'a\\nb'"),
        ('[library]\nalbum = "{title}"', "library.album: '{title}' is no field; fields are year, "
         "month, day, date, artist, task, song_type, genre, not '{title}'"),
        ('[state]\ndir = "./state"', "state.dir: must be an absolute path, or one that starts with "
         "~/, not './state'"),
        ("[limits]\nparallel_downloads = 0", "limits.parallel_downloads: must be greater than or "
         "equal to 1, not 0"),
        ("[limits]\nparallel_downloads = 33", "limits.parallel_downloads: must be less than or "
         "equal to 32, not 33"),
        ("[limits]\nmin_free_space = 500", f"limits.min_free_space: {SIZE}, not 500"),
        ('[limits]\nmax_file_size = "0B"', "limits.max_file_size: must be greater than or equal to "
         "1, not '0B'"),
        ('[log]\nlevel = "loud"', "log.level: must be 'debug', 'info', 'warning' or 'error', not "
         "'loud'"),
        ('[log]\nformat = "xml"', "log.format: must be 'auto', 'text', 'json' or 'journald', "
         "not 'xml'"),
        ("[sync]\npoll_interval = '1s'", "sync.poll_interval: must be greater than or equal to 5, "
         "not '1s'"),
        ("[hooks]\non_added = 'mpc update'", "hooks.on_added: must be a list of words, such "
         "as [\"mpc\", \"update\"], not 'mpc update'"),
        ("[hooks]\non_added = ['bin/tell']", "hooks.on_added: must begin with an absolute path, or "
         "with a name that is in PATH, not ['bin/tell']"),
        ("[hooks]\non_added = [' ']", "hooks.on_added: names no program, not [' ']"),
        ("[metrics]\nlisten = '0.0.0.0:9465'", "metrics.listen: must be a loopback "
         "address, which no other machine reaches, and a port, such as 127.0.0.1:9465, not "
         "'0.0.0.0:9465'"),
        ('[log]\nlevl = "info"', "log.levl: unknown key; did you mean level? (known here: level, "
         "format)"),
        ("[api]\nzzz = 1", "api.zzz: unknown key (known here: base_url, key_file, "
         "requests_per_minute, timeout)"),
        ("[libary]", f"libary: unknown key; did you mean library? ({SECTIONS})"),
        ("root = 1", f"root: unknown key ({SECTIONS})"),
        ('file = "x"', f"file: unknown key ({SECTIONS})"),
        ("[limits]\n5 = 1", "limits.5: unknown key (known here: bandwidth, parallel_downloads, "
         "min_free_space, max_file_size)"),
        ('"a\\nb" = 1', f"'a\\nb': unknown key ({SECTIONS})"),
        ("library = 3", "library: must be a section, written as [library], not 3"),
        ('[exports]\nplaylists = "../Lists"', "exports.playlists: must be a path in the library, "
         "or absolute, not '../Lists'"),
        ('[exports]\nnsp = ".syncd/lists"', "exports.nsp: must be a path in the library, or "
         "absolute, not '.syncd/lists'"),
        ('[exports]\nrekordbox = "dj"', "exports.rekordbox: must end in .xml, not 'dj'"),
        ('[exports]\npath_map = {"music" = "/m"}', "exports.path_map: must be a table such as "
         "{\"/srv/music\" = \"/volume1/music\"}, of absolute paths, not {'music': '/m'}"),
        ('[library.only]\ngenres = ["house"]', "library.only.genres: unknown key; did you mean "
         "genre? (known here: task, song_type, genre, emotion, occasion, language, liked, "
         "min_quality, since, duration, title)"),
        ("[library.only]\ngenre = []", "library.only.genre: must hold at least one; leave it out "
         "to ask for all, not []"),
        ("[library.only]\ntask = [3]", "library.only.task: must be a list of texts, such as "
         '["house", "techno"], not [3]'),
        ("[library.only]\nmin_quality = 7", "library.only.min_quality: must be less than or equal "
         "to 1, not 7"),
        ('[library.only]\nduration = "5:00..1:00"', "library.only.duration: must be a range of "
         "lengths such as 1:00..5:00, 90.. or ..3:30, not '5:00..1:00'"),
        ('[library.only]\nsong_type = ["rap", "edits"]', "library.only.song_type: knows no edits: "
         "these are rap, instrumental, samples, vocals, song, not ['rap', 'edits']"),
        ('[library.only]\nsince = "30d"', "library.only.since: must be a date such as 2026-03-31, "
         "2026-03 or 2026, not '30d'"),
        ('[library]\nonly = "liked"', "library.only: must be a section, written as "
         "[library.only], not 'liked'"),
        ('[playlists]\nname = "A"',
         "playlists: each is one of a list, written as [[playlists]], not [playlists]"),
        ('[[playlists]]\nname = "A"\nquery = "liked:x"',
         "playlists.query (of 'A'): is no query: liked must be yes or no, not 'liked:x'"),
        ('[[playlists]]\nname = "A"\nquery = ""\n[[playlists]]\nname = "a"\nquery = ""',
         "playlists: must not name two alike, not [{'name': 'A', 'query': ''}, {'name': 'a', "
         "'query': ''}]"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line_that_names_key_and_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    assert error_of(tmp_path, text) == message


@pytest.mark.parametrize("text", ["[api", "a = ", "a = 1\na = 2", "[api]\n[api]"])
def test_a_file_that_is_not_toml(tmp_path: Path, text: str) -> None:
    assert error_of(tmp_path, text).startswith("is not valid TOML: ")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(tmp_path / "config.toml", {})


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://api.audiopod.ai", "https://api.audiopod.ai"),
        ("https://api.audiopod.ai/", "https://api.audiopod.ai"),
        ("https://API.AudioPod.AI", "https://api.audiopod.ai"),
        ("HTTPS://api.audiopod.ai", "https://api.audiopod.ai"),
        ("https://api.audiopod.ai:443", "https://api.audiopod.ai"),
        ("http://localhost:80/", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
    ],
)
def test_one_origin_has_one_spelling(tmp_path: Path, written: str, origin: str) -> None:
    assert settings_of(tmp_path, f'[api]\nbase_url = "{written}"').api.base_url == origin


@pytest.mark.parametrize(
    "written",
    [
        "https://api.audiopod.ai/api/v1",
        "https://api.audiopod.ai?x=1",
        "https://api.audiopod.ai#x",
        "https://api.audiopod.ai:99999",
        "https://api.audiopod.ai:port",
        "https://api.audiopod.ai:0",
        "https://user:c4nary@api.audiopod.ai",
        "https://@api.audiopod.ai",
        "https://",
        "https:///x",
        "ftp://api.audiopod.ai",
        "file:///etc/passwd",
        "//api.audiopod.ai",
        "https://[::1",
        "https://exa mple.org",
        " https://api.audiopod.ai",
        "https://exämple.org",
        "https://a\\\\b",
    ],
)
def test_what_is_no_origin(tmp_path: Path, written: str) -> None:
    message = error_of(tmp_path, f'[api]\nbase_url = "{written}"')
    assert message.startswith(f"api.base_url: {ORIGIN}, not ")
    assert "c4nary" not in message


# --- which file ---


def test_a_default_file_may_be_missing_a_named_one_may_not(tmp_path: Path) -> None:
    assert load(None, {}).file is None
    for option, environ in (
        (tmp_path / "none.toml", {}),
        (None, {"SYNCD_CONFIG": str(tmp_path / "none.toml")}),
    ):
        with pytest.raises(ConfigError) as caught:
            load(option, environ)
        assert caught.value.message == f"{tmp_path}/none.toml: there is no such configuration file"
        assert caught.value.hint == "syncd init makes one; --config and SYNCD_CONFIG name one"


def test_the_option_goes_before_the_variable_and_that_before_systemd(tmp_path: Path) -> None:
    for name in ("option", "variable", "config"):
        (tmp_path / f"{name}.toml").write_text(f'[library]\nartist = "{name}"')
    environ = {"CONFIGURATION_DIRECTORY": f"{tmp_path}:/second"}
    assert load(None, environ).library.artist == "config"
    environ["SYNCD_CONFIG"] = "~/variable.toml"
    assert load(None, environ).library.artist == "variable"
    assert load(tmp_path / "option.toml", environ).library.artist == "option"


def test_the_users_own_file_is_found(home: Path) -> None:
    (home / ".config/syncd").mkdir(parents=True)
    (home / ".config/syncd/config.toml").write_text('[log]\nlevel = "error"')
    assert load(None, {}).log.level == "error"


def test_a_relative_option_is_seen_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert load(Path("mine.toml"), {}).file == tmp_path / "mine.toml"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, {})
    with pytest.raises(ConfigError, match="names a home folder that is not known"):
        load(Path("~nobody-at-all/config.toml"), {})


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 5_000}{']' * 5_000}",
        f"[sync]\ndeletion_budget = {'9' * 5_000}",
        f"[library]\nartist = 0x{'9' * 5_000}",
        f"[library.artist.{'.'.join('a' * 2_000)}]",
        f"[{'.'.join('a' * 2_000)}]",
        f"library{'.a' * 2_000} = 1",
    ],
)
def test_what_is_too_deep_or_too_long_is_said(tmp_path: Path, text: str) -> None:
    assert len(error_of(tmp_path, text)) < 1_000


def test_systemd_says_where_the_state_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/lib:{tmp_path}/other")
    assert Settings().state.dir == tmp_path / "lib"
    assert settings_of(tmp_path, '[state]\ndir = "/var/x"').state.dir == Path("/var/x")


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.api.timeout = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.file = Path("x")  # type: ignore[misc]


@pytest.mark.parametrize(
    "text",
    [f'[api]\nkey = "{KEY}"', f'[api]\nkey_file = "{KEY}"', f'[api]\nbase_url = "https://{KEY}@x"',
     f'[library]\nartist = "{KEY}\\n"', f'[api]\ntimeout = "{KEY}"', f'api = "{KEY}"'],
)  # fmt: skip
def test_a_key_pasted_into_the_wrong_place_is_not_shown(tmp_path: Path, text: str) -> None:
    assert "c4nary" not in error_of(tmp_path, text)


# --- the example ---


@pytest.mark.skipif(not EXAMPLE.exists(), reason="there is no example file beside these tests")
def test_the_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    text, start, saved = EXAMPLE.read_text(encoding="utf-8").rpartition("\n# [[playlists]]")
    assert settings_of(tmp_path, text)
    (playlist,) = settings_of(tmp_path, f"{start}{saved}".replace("# ", "")).playlists
    assert playlist.name
    assert playlist.query
    for section, key in keys():
        shown = [
            line.lstrip("# ")
            for line in text.splitlines()
            if line.lstrip("# ").startswith(f"{key} =")
        ]
        assert shown, f"{section}.{key} is not in the example"
    uncommented = "\n".join(
        line.removeprefix("#").removeprefix(" ") if line.startswith("#") and " = " in line else line
        for line in text.splitlines()
    )
    table = tomllib.loads(uncommented)
    assert set(written_in(table, "")) == set(keys())
    assert config.parse(table, tmp_path).library.only.title == "*remix*"
    table["library"].pop("only")
    table["api"].pop("key_file")
    assert config.parse(table, tmp_path).model_dump(exclude={"file"}) == Settings().model_dump(
        exclude={"file"}
    )
