"""Which services may be asked over plain http: the settings and the client must agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.config import load
from syncd.errors import ConfigError
from syncd.remote.addresses import service_url

THIS_MACHINE = ("localhost", "127.0.0.1", "127.8.9.1", "[::1]")
OTHERS = (
    "example.com", "192.168.1.2", "127.0.0.1.nip.io", "localhost.example", "[::ffff:127.0.0.1]",
    "[fe80::1]", "0.0.0.0", "2130706433", "nas",
)  # fmt: skip


def base_url(tmp_path: Path, written: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(f'[api]\nbase_url = "{written}"')
    return load(path, {}).api.base_url


@pytest.mark.parametrize("host", THIS_MACHINE)
def test_this_machine_is_asked_over_plain_http(tmp_path: Path, host: str) -> None:
    address = f"http://{host}:8000"
    assert base_url(tmp_path, address) == address
    assert service_url(address).scheme == "http"


@pytest.mark.parametrize("host", OTHERS)
def test_another_machine_is_not(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="must be https: plain http") as caught:
        base_url(tmp_path, f"http://{host}:8000")
    assert "api.base_url" in str(caught.value)
    with pytest.raises(ConfigError, match="plain http"):
        service_url(f"http://{host}:8000")
    assert base_url(tmp_path, f"https://{host}:8000") == f"https://{host}:8000"
