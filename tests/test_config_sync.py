"""The settings of both directions: what is sent, what waits, and what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd import config
from syncd.config import Settings
from syncd.errors import ConfigError, ExitCode

TIME = "must be a duration such as 0s, 90s, 10m, 2h or 30d"


def settings_of(tmp_path: Path, section: str, line: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(f"[{section}]\n{line}\n")
    return config.load(path, {})


def test_out_of_the_box_a_deletion_is_sent_after_a_day_and_ten_of_them_are_held() -> None:
    sync = Settings().sync
    assert (sync.direction, sync.deletions) == ("both", "mirror")
    assert timedelta(seconds=sync.deletion_grace) == timedelta(hours=24)
    assert (sync.deletion_budget, sync.rename_budget) == (10, 100)


@pytest.mark.parametrize(
    ("section", "key", "values"),
    [
        ("sync", "direction", ("both", "down")),
        ("sync", "deletions", ("mirror", "restore", "ignore")),
        ("sync", "remote_deletions", ("trash", "keep")),
        ("sync", "conflicts", ("local", "remote", "hold")),
        ("library", "moves", ("ask", "auto", "never")),
    ],
)
def test_each_choice_can_be_made_and_no_other(
    tmp_path: Path, section: str, key: str, values: tuple[str, ...]
) -> None:
    for value in values:
        settings = settings_of(tmp_path, section, f'{key} = "{value}"')
        assert getattr(getattr(settings, section), key) == value
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, section, f'{key} = "up"')
    allowed = " or ".join(", ".join(map(repr, values)).rsplit(", ", 1))
    assert caught.value.message == (
        f"{tmp_path}/config.toml: {section}.{key}: must be {allowed}, not 'up'"
    )
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("section", "line", "message"),
    [
        ("sync", 'deletion_grace = "366d"', "deletion_grace: must be at most 365d, not '366d'"),
        ("sync", 'deletion_grace = "8761h"', "deletion_grace: must be at most 365d, not '8761h'"),
        ("sync", "deletion_grace = 24", f"deletion_grace: {TIME}, not 24"),
        ("sync", 'deletion_grace = "-1s"', f"deletion_grace: {TIME}, not '-1s'"),
        ("sync", "deletion_budget = -1", "deletion_budget: must be greater than or equal to 0, "
         "not -1"),
        ("sync", "deletion_budget = false", "deletion_budget: must be a valid integer, not False"),
        ("sync", "rename_budget = -1", "rename_budget: must be greater than or equal to 0, not -1"),
        ("sync", 'rename_budget = "all"', "rename_budget: must be a valid integer, not 'all'"),
        ("sync", "direction = true", "direction: must be 'both' or 'down', not True"),
        ("sync", 'deletion = "mirror"', "deletion: unknown key; did you mean deletions? (known "
         "here: direction, deletions, deletion_grace, deletion_budget, rename_budget, "
         "remote_deletions, conflicts, retry_failed, poll_interval, sweep_interval, "
         "scan_interval)"),
        *(("sync", f"retry_failed = {bad}", "retry_failed: must be 'off', or a number of tries "
           f"from 1 to 100, not {said}")
          for bad, said in [("0", 0), ("101", 101), ("true", True), ('"on"', "'on'")]),
        ("trash", 'retention = "-1d"', f"retention: {TIME}, not '-1d'"),
        ("trash", "retention = 30", f"retention: {TIME}, not 30"),
        ("trash", 'retention = "36501d"', "retention: must be at most 36500d, not '36501d'"),
        ("trash", 'keep = "30d"', "keep: unknown key (known here: retention)"),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_line_that_names_the_key_and_what_is_allowed(
    tmp_path: Path, section: str, line: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, section, line)
    assert caught.value.message == f"{tmp_path}/config.toml: {section}.{message}"


@pytest.mark.parametrize("grace", ["0s", "365d"])
def test_a_deletion_may_be_sent_at_once_or_after_a_year(tmp_path: Path, grace: str) -> None:
    settings = settings_of(tmp_path, "sync", f'deletion_grace = "{grace}"')
    assert settings.sync.deletion_grace == config.parse_duration(grace)


def test_the_longest_retention_can_be_reckoned_with(tmp_path: Path) -> None:
    longest = settings_of(tmp_path, "trash", 'retention = "36500d"').trash.retention
    now = datetime(2026, 3, 9, tzinfo=UTC)
    assert now - timedelta(seconds=longest) < now < now + timedelta(seconds=longest)
