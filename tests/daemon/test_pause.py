"""A pause outlives the daemon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from syncd.daemon.pause import Pause

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_pause_lasts_until_it_is_ended(tmp_path: Path) -> None:
    pause = Pause(tmp_path, lambda: NOW)
    assert not pause.is_on
    pause.begin(None)
    again = Pause(tmp_path, lambda: NOW + timedelta(days=400))
    assert again.is_on
    again.end()
    assert not again.is_on
    assert not Pause(tmp_path, lambda: NOW).is_on


def test_a_pause_for_a_time_ends_with_it_also_over_a_restart(tmp_path: Path) -> None:
    Pause(tmp_path, lambda: NOW).begin(NOW + timedelta(hours=2))
    early = Pause(tmp_path, lambda: NOW + timedelta(hours=1))
    assert early.is_on
    assert early.until == NOW + timedelta(hours=2)
    late = Pause(tmp_path, lambda: NOW + timedelta(hours=3))
    assert not late.is_on
    assert not (tmp_path / "paused").exists()


def test_a_file_that_says_nothing_is_a_pause_that_is_to_be_ended(tmp_path: Path) -> None:
    (tmp_path / "paused").write_text("soon")
    assert Pause(tmp_path, lambda: NOW).is_on


def test_a_state_folder_that_cannot_be_written_keeps_the_pause_in_memory(tmp_path: Path) -> None:
    pause = Pause(tmp_path / "not there", lambda: NOW)
    pause.begin(None)
    assert pause.is_on


def test_a_pause_that_is_found_at_the_start_is_said(tmp_path: Path) -> None:
    Pause(tmp_path, lambda: NOW).begin(None)
    with capture_logs() as logs:
        Pause(tmp_path, lambda: NOW)
        Pause(tmp_path / "other", lambda: NOW)
    assert logs == [
        {
            "event": "still paused: syncd resume ends that",
            "until": "until resumed",
            "log_level": "info",
        }
    ]
