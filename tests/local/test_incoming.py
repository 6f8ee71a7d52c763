"""Unfinished files: where they stand, and when they go."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.local.files import discard_part, part_path, recover_placements, tidy_incoming
from syncd.local.root import Root, create_root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


def test_a_part_has_no_audio_suffix_and_always_the_same_name(root: Root) -> None:
    assert part_path(root, 7, "flac") == root.path / ".syncd/incoming/7.flac.part"


def test_an_unfinished_file_is_discarded_with_its_notes(root: Root) -> None:
    part = part_path(root, 7, "flac")
    part.write_bytes(b"begun")
    notes = part.with_name(f"{part.name}.json")
    notes.write_text("{}")
    discard_part(part)
    discard_part(part)
    assert list(root.incoming.iterdir()) == []


def test_unfinished_files_go_unless_their_job_still_wants_them(root: Root) -> None:
    sidecar = f"{'0' * 32}.text.part"
    names = ["7.flac.part", "7.flac.part.json", "8.mp3.part", "8.mp3.part.json", sidecar]
    for name in names:
        (root.incoming / name).write_bytes(b"begun")
    tidy_incoming(root, {7, 9})
    assert sorted(path.name for path in root.incoming.iterdir()) == names[:2]


def test_what_other_programs_put_among_the_unfinished_files_stays(root: Root) -> None:
    (root.incoming / "@eaDir").mkdir()
    for name in (".DS_Store", "8.flac", "8.flac.part.bak", "x.part", "8.flac.part@SynoEAStream"):
        (root.incoming / name).write_bytes(b"theirs")
    before = sorted(root.incoming.iterdir())
    with capture_logs() as logs:
        tidy_incoming(root, ())
    assert sorted(root.incoming.iterdir()) == before
    assert logs == []


def test_what_cannot_be_removed_is_logged_and_the_rest_is_tidied(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.incoming / "6.flac.part").mkdir()
    (root.incoming / "7.flac.part").symlink_to("nowhere")
    for job_id in (8, 9):
        part_path(root, job_id, "flac").write_bytes(b"begun")
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("8"):
            raise OSError(errno.EACCES, "Permission denied")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    with capture_logs() as logs:
        tidy_incoming(root, ())
    assert not part_path(root, 9, "flac").exists()
    assert sorted((line["log_level"], line["name"], line["why"]) for line in logs) == [
        ("warning", "6.flac.part", "it is not an ordinary file"),
        ("warning", "7.flac.part", "it is not an ordinary file"),
        ("warning", "8.flac.part", "Permission denied"),
    ]


def test_a_folder_of_unfinished_files_that_cannot_be_listed_is_logged(root: Root) -> None:
    root.incoming.rmdir()
    with capture_logs() as logs:
        tidy_incoming(root, ())
        recover_placements(root)
    assert [line["why"] for line in logs] == ["No such file or directory"] * 2
