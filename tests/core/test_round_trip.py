"""From titles to files that really stand in a folder, and back: nobody's name is ever changed.

``SYNCD_TITLES`` sets how many titles make the way (500 without it), ``SYNCD_TITLES_DIR`` the folder
in which they do, so that the file system can be another one.
"""

from __future__ import annotations

import os
import tempfile
import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.model import COMPLETED, Identity, LocalTree, RemoteTrack
from syncd.core.naming import decode, effective_title, encode, fold, own_suffix, same_text, stem_of
from syncd.core.operations import Download, RenameRemote
from syncd.core.renaming import without_conflict
from syncd.local.scan import scan

from .trees import HERE, NOW, Row, known, placed_at, planned

BATCH = 50
"""Titles that share a folder; the more, the more of them are one to some file system."""

TITLES_IN_ALL = int(os.environ.get("SYNCD_TITLES", "500"))

PIECES = st.sampled_from(
    [
        *'/\\:*?"<>|．‛／＼：＊？＂＜＞｜ .~[]()-_',
        *("..", "../", "/etc/", "con", "NUL", "com1", "lpt¹", "subs", "sample", ".part", ".sync"),
        *("\t", "\n", "\0", "\x1b[31m", "\x7f", "\u3000", "\u00a0", "\u00ad", "\u200b", "\ufeff"),
        *("\u202e", "\u2066", "\u2069", "\u061c", "\ud800", "\udcff", "\ue000", "\ufffe"),
        *("e\u0301", "é", "É", "\u0301", "\u0338", "ß", "ss", "ſ", "ı", "İ", "ﬁ", "K", "\u212a"),
        *(
            "👩‍👩‍👧",
            "🇩🇪",
            "👍🏽",
            "❤",
            "❤\ufe0f",
            "क्षि",
            "\u1100\u1161\u11a8",
            "각",
            "雨",
            "\u0e33",
        ),
        *("Rain", "rain", "RAIN", "[48211]", "(conflict 2026-03-09)", "(restored)", "~7", ".flac"),
    ]
)
HOSTILE = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.text(st.characters(), max_size=40),
    st.builds(lambda text, times: text * times, PIECES, st.integers(60, 260)),
)


def standing(root: Path) -> LocalTree:
    """The folder as a scan finds it; each file holds the id of its job."""
    return scan(root, {}, read_identity=lambda path: Identity(int(path.read_bytes()), HERE))


@given(
    titles=st.lists(st.one_of(st.none(), HOSTILE), min_size=BATCH, max_size=BATCH),
    to=st.lists(HOSTILE, min_size=3, max_size=3),
)
@settings(
    max_examples=max(TITLES_IN_ALL // BATCH, 1),
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_title_comes_back_from_the_folder_as_it_was_or_nothing_is_sent(
    titles: list[str | None], to: list[str]
) -> None:
    jobs = [
        RemoteTrack(
            id=number,
            status=COMPLETED,
            title=title,
            audio={"flac": f"m/{number}.flac"},
            created_at=NOW - timedelta(days=1) + timedelta(seconds=number),
            prompt="a quiet song" if number % 2 else None,
        )
        for number, title in enumerate(titles, start=1)
    ]
    with tempfile.TemporaryDirectory(dir=os.environ.get("SYNCD_TITLES_DIR")) as folder:
        root = Path(folder)
        placed = [op for op in planned(Row("empty", jobs)).operations if isinstance(op, Download)]
        assert len(placed) == len(jobs)
        for op in placed:
            path = root / op.path
            path.parent.mkdir(exist_ok=True)
            with path.open("xb") as stream:  # nobody has that name, whatever this system folds
                stream.write(str(op.job_id).encode())
        local = standing(root)
        of_job = {file.identity.job_id: file for file in local.files.values() if file.identity}
        assert of_job.keys() == {job.id for job in jobs}
        baseline = [
            known(
                op.job_id,
                number=op.number,
                placed=placed_at(
                    op.path,
                    title=op.title,
                    stem=op.stem,
                    audio=f"m/{op.job_id}.flac",
                    stat=of_job[op.job_id].stat,
                ),
            )
            for op in placed
        ]
        row = Row("placed", jobs, local, baseline)
        assert planned(row).operations == ()

        for job in jobs:
            stem = stem_of(of_job[job.id].path).removesuffix(own_suffix(job.id))
            title = effective_title(job)
            if encode(title).reversible and same_text(encode(title).text, stem):
                assert decode(stem) == unicodedata.normalize("NFC", title)

        # And what the user calls a file is what is asked for, to the letter.
        taken = {fold(path) for path in local.names}
        for op, title in zip(placed, to, strict=False):
            stem, now = encode(title).text, root / op.path
            renamed = now.with_name(f"{stem}.flac")
            if not stem or fold(f"{now.parent.name}/{renamed.name}") in taken:
                continue
            now.rename(renamed)
            asked = {
                each.job_id: each.new_title
                for each in planned(replace(row, local=standing(root))).operations
                if isinstance(each, RenameRemote)
            }
            if encode(title).reversible and is_plain(stem, op.job_id):
                assert asked == {op.job_id: unicodedata.normalize("NFC", title)}
            assert asked.keys() <= {op.job_id}
            renamed.rename(now)


def is_plain(stem: str, job_id: int) -> bool:
    """Whether no part of ``stem`` reads as what the program itself puts behind a name."""
    own = (own_suffix(job_id), f"~{job_id}")
    return not stem.endswith(own) and without_conflict(stem) == stem
