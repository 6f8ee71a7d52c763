"""A reader that is not the one we write with sees the tags: players built on FFmpeg do."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from syncd.local.tags import Cover, write_fields

from .fresh import Fields, Fresh

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")


def test_ffprobe_sees_the_tags_and_the_cover(fresh: Fresh, fields: Fields, cover: Cover) -> None:
    fields["genre"] = ("lo-fi",)
    write_fields(fresh.path, fresh.fmt, fields, cover=cover, duration=fresh.duration)
    answer = probe(fresh.path)
    audio, *others = answer["streams"]
    # FFmpeg counts the tags of an Ogg to the stream and those of the others to the file.
    tags = {
        name.lower(): value
        for holder in (answer["format"], audio)
        for name, value in holder.get("tags", {}).items()
    }
    assert answer["format"]["format_name"] == fresh.fmt
    assert float(audio["duration"]) == pytest.approx(fresh.duration, abs=0.1)
    for name in ("title", "artist", "album", "genre"):
        assert tags[name] == fields[name][0]
    assert tags["audiopod_job_id"] == fields["job_id"][0]
    (picture,) = others
    assert picture["codec_name"] == "mjpeg"
    assert picture["disposition"]["attached_pic"] == 1
    assert (picture["width"], picture["height"]) == (cover.width, cover.height)
    assert picture["tags"]["comment"] == "Cover (front)"


def probe(path: Path) -> dict[str, object]:
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stderr == ""
    return json.loads(result.stdout)
