"""How a length of time and a size are written, and what is neither."""

from __future__ import annotations

import pytest

from syncd.setting_types import parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("10m", 600), ("2h", 7200), ("30d", 2_592_000)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0B", 0),
        ("7B", 7),
        ("1kB", 1000),
        ("1KB", 1000),
        ("500MB", 500_000_000),
        ("2GB", 2_000_000_000),
        ("1TB", 10**12),
        ("1KiB", 1024),
        ("1 MiB", 1 << 20),
        ("1GiB", 1 << 30),
        ("3TiB", 3 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "value",
    ["", "5", "m", "-5m", "+5m", "5 m", " 5m", "5m\n", "1.5h", "5M", "5w", "٣s", "9" * 400 + "d", 5,
     None, True, ["5m"]],
)  # fmt: skip
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="must be a duration such as"):
        parse_duration(value)


@pytest.mark.parametrize(
    "value",
    ["", "5", "MB", "-5MB", "1.5GB", "5  MB", " 5MB", "5MB\n", "5mb", "5XB", "٣B", "9" * 400 + "GB",
     5, None, True],
)  # fmt: skip
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="must be a size such as"):
        parse_size(value)
