"""The API key: where it comes from, and that no error ever shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd import config
from syncd.config import Settings, load_key
from syncd.errors import ConfigError

KEY = "ap_live_c4nary-0123456789"


def naming(path: Path) -> Settings:
    """Settings whose ``api.key_file`` is ``path``."""
    return config.parse({"api": {"key_file": str(path)}}, Path("config.toml"))


def test_the_key_comes_from_the_environment_a_file_or_a_credential(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"\n {KEY}-file \n")
    (tmp_path / "audiopod_api_key").write_text(f"{KEY}-credential")
    named = naming(tmp_path / "key")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    variable = {"AUDIOPOD_API_KEY": f" {KEY}-variable\n", **credentials}
    assert load_key(named, variable).reveal() == f"{KEY}-variable"
    assert load_key(named, credentials).reveal() == f"{KEY}-file"
    assert load_key(named, {"AUDIOPOD_API_KEY": "  "}).reveal() == f"{KEY}-file"
    assert load_key(Settings(), credentials).reveal() == f"{KEY}-credential"


@pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": "/none"}])
def test_no_key_at_all(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="no API key is given") as caught:
        load_key(Settings(), environ)
    assert "AUDIOPOD_API_KEY" in str(caught.value)
    assert "api.key_file" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("c4nary_without_its_prefix", "does not hold an AudioPod key"),
        ("ap_c4nary\nap_c4nary", "holds characters that no key has"),
        ("ap_c4nary two", "holds characters that no key has"),
        ("ap_c4naryé", "holds characters that no key has"),
        ("ap_c4nary\0", "holds characters that no key has"),
        ("ap_", "holds characters that no key has"),
        ("ap_" + "c4nary" * 10_000, "holds characters that no key has"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, value: str, problem: str) -> None:
    path = tmp_path / "key"
    path.write_text(value, encoding="utf-8")
    settings = naming(path)
    for environ, source in (({"AUDIOPOD_API_KEY": value}, "AUDIOPOD_API_KEY"), ({}, str(path))):
        with pytest.raises(ConfigError) as caught:
            load_key(settings, environ)
        assert caught.value.message == f"{source} {problem}"
        assert "c4nary" not in str(caught.value)


def test_a_key_file_that_holds_none(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"ap_\xff\xfe")
    for name, problem in (
        ("none", "cannot be read: No such file or directory"),
        (".", "cannot be read: Is a directory"),
        ("binary", "cannot be read: it is not a text file"),
        ("empty", "is empty"),
    ):
        settings = naming(tmp_path / name)
        with pytest.raises(ConfigError, match=problem):
            load_key(settings, {})


def test_a_key_file_that_others_can_read_is_warned_of_and_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o644)
    assert load_key(naming(path), {}).reveal() == KEY
    assert [record.getMessage() for record in caplog.records] == [
        f"other users can read the key file {path}; chmod 600 mends it"
    ]
    caplog.clear()
    path.chmod(0o600)
    assert load_key(naming(path), {}).reveal() == KEY
    assert not caplog.records
