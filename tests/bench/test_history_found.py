"""Histories that went wrong once: by a mistake of the program, or of what it was judged by."""

from __future__ import annotations

from pathlib import Path

import pytest

from .history import told
from .setup import Setup
from .story import Act, Run, Story

FOUND = {
    "brought back under the name it had, and renamed in the account meanwhile": Story(
        seed=1000079,
        setups=(Setup(deletions="ignore"),),
        jobs=1,
        steps=(
            Act("delete", one=12, other=24),
            Run(),
            Act("job_rename", one=47, other=17),
            Act("put_back", one=24, other=11),
        ),
    ),
    "other audio for a file whose new name is never sent": Story(
        seed=1000188,
        setups=(Setup(direction="down"),),
        jobs=5,
        steps=(
            Act("job_add", one=0, other=40),
            Act("rename", one=13, other=46),
            Act("job_audio", one=18, other=13),
        ),
    ),
    "changed, ignored and brought back, and then deleted in the account": Story(
        seed=1,
        setups=(Setup(deletions="ignore"),),
        jobs=3,
        steps=(
            Act("edit", one=0, other=1),
            Run(),
            Act("delete", one=0),
            Run(),
            Act("put_back"),
            Run(),
            Act("job_delete", one=0),
            Act("job_delete", one=0),
            Run(),
        ),
    ),
    "a copy of before its audio was replaced is all that is left": Story(
        seed=1000498,
        setups=(Setup(),),
        jobs=3,
        steps=(
            Act("delete", one=17, other=10),
            Act("copy", one=35, other=24),
            Act("copy", one=24, other=38),
            Act("job_audio", one=36, other=14),
            Run(),
            Run(meanwhile=((3, Act("delete", one=31, other=25)),)),
        ),
    ),
    "brought back while it was fetched again, as it was before its audio was replaced": Story(
        seed=1000007,
        setups=(Setup(),),
        jobs=4,
        steps=(
            Act("swap", one=27, other=2),
            Run(),
            Act("job_audio", one=26, other=38),
            Act("rename", one=38, other=36),
            Run(
                meanwhile=(
                    (26, Act("put_back", one=11, other=13)),
                    (17, Act("delete", one=4, other=43)),
                )
            ),
        ),
    ),
    "given other capitals in the account after it was deleted here": Story(
        seed=1001510,
        setups=(Setup(template="{artist}/{title} [{id}].{ext}"),),
        jobs=3,
        steps=(
            Act("job_begin", one=28, other=17),
            Act("delete", one=16, other=28),
            Act("job_rename", one=20, other=34),
        ),
    ),
    "renamed again while its new name was on its way": Story(
        seed=1001600,
        setups=(Setup(conflicts="remote"),),
        jobs=1,
        steps=(
            Run(
                sweep=False,
                meanwhile=(
                    ("planned 1", Act("rename", one=31, other=21)),
                    ("send 0", Act("rename", one=13, other=19)),
                ),
                poll=True,
            ),
            Run(sweep=False, meanwhile=(("send 0", Act("edit", one=1, other=42)),)),
        ),
    ),
    "a name with its id in it that is kept for another file": Story(
        seed=1001741,
        setups=(Setup(template="{artist}/{title} [{id}].{ext}"),),
        jobs=6,
        steps=(
            Act("rename", one=36, other=29),
            Act("rename_upon", one=26, other=5),
            Act("chain", one=44, other=11),
            Run(),
            Act("wait", one=4, other=26),
            Run(),
            Act("delete_folder", one=8, other=4),
            Act("job_rename", one=34, other=28),
        ),
    ),
    "renamed before it was recorded that it was placed": Story(
        seed=1001780,
        setups=(Setup(),),
        jobs=2,
        steps=(
            Act("job_audio", one=35, other=38),
            Act("job_add", one=13, other=18),
            Run(sweep=False, poll=True, stop=49),
            Act("swap", one=10, other=48),
        ),
    ),
    "renamed in the account while a name was sent, and no answer came": Story(
        seed=1004364,
        setups=(Setup(), Setup()),
        jobs=3,
        steps=(
            Act("job_audio", who=1, one=42, other=28),
            Act("rename_upon", who=1, one=5, other=9),
            Run(who=1, meanwhile=(("look 1", Act("job_rename", one=27, other=30)),)),
            Run(meanwhile=(("fsync 3", Act("rename", who=1, one=17, other=15)),)),
            Run(who=1, faults=(("send 0", "close"),)),
        ),
    ),
    "a file to the trash that nobody recorded, and another one on the same day": Story(
        seed=1002379,
        setups=(Setup(budget=1),),
        jobs=5,
        steps=(
            Act("job_delete", one=33, other=2),
            Run(stop=36),
            Run(sweep=False, meanwhile=((1, Act("job_delete", one=27, other=45)),)),
        ),
    ),
    "the lyrics of two tracks alike, purged at once": Story(
        seed=1002845,
        setups=(Setup(grace=0, kept=86400),),
        jobs=6,
        steps=(
            Act("copy", one=43, other=15),
            Act("delete", one=40, other=44),
            Act("delete", one=36, other=0),
            Run(),
            Act("wait", one=39, other=27),
        ),
    ),
    "brought back, and deleted again before it was noted that it was back": Story(
        seed=1003175,
        setups=(Setup(),),
        jobs=2,
        steps=(
            Act("delete", one=13, other=24),
            Run(sweep=False),
            Act("wait", one=7, other=4),
            Act("put_back", one=9, other=7),
            Run(meanwhile=((6, Act("delete", one=39, other=1)),), stop=10),
            Run(),
        ),
    ),
    "a full-width dot behind a number": Story(
        seed=1003835,
        setups=(Setup(template="{album}/{track} {title}.{ext}", deletions="restore"),),
        jobs=1,
        steps=(
            Act("delete", one=37, other=10),
            Run(meanwhile=(("fsync 0", Act("job_add", one=28, other=10)),)),
            Run(),
            Act("chain", one=24, other=11),
        ),
    ),
    "a sidecar of a track that was moved away and written over": Story(
        seed=1004334,
        setups=(Setup(),),
        jobs=2,
        steps=(
            Act("own_file", one=7, other=20),
            Act("own_file", one=6, other=12),
            Act("job_rename", who=1, one=14, other=18),
            Run(),
            Act("chain", one=42, other=40),
            Run(who=1, meanwhile=((7, Act("rename_upon", one=2, other=12)),)),
        ),
    ),
    "put back, renamed and exchanged before it was found again": Story(
        seed=1002264,
        setups=(Setup(formats=("mp3", "flac", "wav"), deletions="ignore"),),
        jobs=5,
        steps=(
            Act("job_delete", one=13, other=3),
            Act("copy", one=9, other=30),
            Run(meanwhile=(("list 1", Act("own_file", one=21, other=44)),)),
            Act("job_begin", one=30, other=34),
            Act("job_begin", one=47, other=43),
            Run(
                meanwhile=(
                    ("fsync 1", Act("delete", one=43, other=39)),
                    ("planned 0", Act("move_folder", one=25, other=9)),
                    (7, Act("chain", one=27, other=25)),
                )
            ),
            Run(meanwhile=(("send 0", Act("copy", one=15, other=34)),)),
            Act("move", one=19, other=0),
            Act("job_rename", one=3, other=10),
            Act("put_back", one=45, other=49),
            Act("rename", one=37, other=3),
            Act("swap", one=7, other=36),
        ),
        page=2,
    ),
    "made again while a second tree is kept, and completed before the answer came": Story(
        seed=1000659,
        setups=(Setup(retries=2, also=("mp3",), facets=False),),
        jobs=1,
        steps=(
            Act("job_begin", other=12),
            Act("wait", one=1),
            Run(faults=(("send 0", "hang"),)),
        ),
    ),
    "the program's own name for it came after its file had gone": Story(
        seed=1005545,
        setups=(Setup(), Setup(retries=2)),
        jobs=3,
        steps=(
            Act("delete", one=46, other=13),
            Run(),
            Act("chain", one=1, other=6),
            Run(who=1, sweep=False, meanwhile=(("media 0", Act("delete", one=24, other=48)),)),
            Act("wait", one=22, other=49),
            Run(who=1, sweep=False),
            Run(beside=True, lag=20),
        ),
    ),
    "made again by two programs at the same time": Story(
        seed=1004376,
        setups=(Setup(retries=2), Setup(retries=2)),
        jobs=1,
        steps=(
            Run(who=1, meanwhile=(("list 0", Act("job_begin", who=1, one=42, other=30)),)),
            Run(meanwhile=((0, Act("delete", who=1, one=16, other=37)),), beside=True),
            Run(),
            Run(who=1, beside=True),
        ),
    ),
    "made again by people while a program was about to": Story(
        seed=1007484,
        setups=(Setup(), Setup(retries=2, also=("mp3",))),
        jobs=4,
        steps=(
            Run(meanwhile=((5, Act("job_begin", one=7, other=9)),), lag=3),
            Act("wait", who=1, one=5, other=14),
            Run(
                who=1,
                meanwhile=(("planned 1", Act("swap", one=30, other=39)),),
                faults=(("send 0", "latency"),),
            ),
            Run(
                restart=True,
                meanwhile=(
                    ("planned 0", Act("wait", who=1, one=7, other=27)),
                    ("send 0", Act("job_retry", one=4, other=7)),
                ),
                faults=(("list 0", "duplicate"),),
            ),
            Run(who=1, beside=True),
        ),
    ),
    "a title of no letters, given in the account while another name was sent": Story(
        seed=1010168,
        setups=(Setup(conflicts="remote"),),
        jobs=2,
        steps=(
            Act("chain", one=32, other=27),
            Run(meanwhile=((8, Act("job_rename", one=7, other=40)),)),
        ),
    ),
    "found again, and called otherwise before that was taken down": Story(
        seed=1012604,
        setups=(Setup(deletions="ignore"),),
        jobs=1,
        steps=(
            Act("delete", one=28, other=5),
            Run(),
            Act("put_back", one=37, other=2),
            Run(meanwhile=(("planned 0", Act("chain", one=26, other=5)),)),
        ),
    ),
    "a copy of before put in the place of the new audio": Story(
        seed=1010583,
        setups=(Setup(), Setup()),
        jobs=1,
        steps=(
            Act("job_add", who=1, one=44, other=28),
            Run(
                sweep=False,
                restart=True,
                meanwhile=(
                    (0, Act("copy", one=37, other=22)),
                    ("look 1", Act("rename_upon", one=25, other=17)),
                ),
                poll=True,
            ),
            Run(
                who=1,
                sweep=False,
                meanwhile=((0, Act("job_audio", one=34, other=37)),),
                beside=True,
            ),
        ),
    ),
    "stripped of its id, and then the account was emptied": Story(
        seed=1012225,
        setups=(Setup(),),
        jobs=2,
        steps=(
            Act("strip", one=3, other=30),
            Run(
                who=1,
                meanwhile=(
                    (4, Act("job_delete", one=11, other=4)),
                    ("look 1", Act("job_delete", who=1, one=15, other=13)),
                ),
            ),
        ),
    ),
    "a copy of what was on its way to the trash when the program was stopped": Story(
        seed=1012700,
        setups=(Setup(), Setup()),
        jobs=5,
        steps=(
            Act("delete", one=31, other=38),
            Act("clock", other=33),
            Run(
                who=1,
                meanwhile=(
                    (1, Act("job_delete", who=1, one=21, other=14)),
                    ("fsync 3", Act("job_words", who=1, one=45, other=34)),
                    (3, Act("put_back", one=30, other=45)),
                ),
            ),
            Act("swap", one=44, other=22),
            Run(who=1),
            Act("move_folder", other=20),
            Act("put_back", one=45, other=3),
            Run(stop=76),
        ),
    ),
    "a name whose record was lost, held, and taken back in the account": Story(
        seed=1015490,
        setups=(
            Setup(
                template="{title}.{ext}",
                formats=("mp3", "flac", "wav"),
                conflicts="hold",
                kept=21600,
            ),
        ),
        jobs=6,
        steps=(
            Act("job_delete", one=31, other=16),
            Act("move", one=7, other=36),
            Act("delete", one=8, other=28),
            Act("copy", one=16, other=12),
            Run(
                meanwhile=(
                    ("list 1", Act("chain", one=12, other=19)),
                    (8, Act("put_back", one=7, other=34)),
                    ("list 0", Act("rename", one=15, other=18)),
                    ("look 0", Act("chain", one=30, other=23)),
                ),
                faults=(("list 0", "latency"),),
                stop=73,
            ),
            Act("copy", one=46, other=33),
            Act("rename_upon", one=19, other=30),
            Run(sweep=False),
            Act("job_rename", one=37, other=35),
            Act("delete", one=35, other=24),
            Run(sweep=False, meanwhile=((7, Act("swap", one=47, other=38)),)),
        ),
    ),
    "of two copies the one that counts is called like a conflict copy": Story(
        seed=1005015,
        setups=(Setup(), Setup(template="{title}.{ext}", formats=("mp3", "flac", "wav"))),
        jobs=6,
        steps=(
            Run(who=1, faults=(("send 0", "hang"),)),
            Act("job_audio", who=1, one=40, other=25),
            Act("rename", who=1, one=33, other=26),
            Run(meanwhile=((3, Act("retitle", who=1, one=7, other=22)),), lag=20),
            Run(who=1, meanwhile=((4, Act("rename", who=1, one=27, other=37)),), beside=True),
            Run(
                who=1,
                sweep=False,
                meanwhile=(
                    ("list 0", Act("swap", who=1, one=16, other=2)),
                    (5, Act("copy", who=1, one=0, other=29)),
                ),
            ),
            Act("chain", who=1, one=38, other=12),
        ),
    ),
}
"""As the bench printed them, made shorter; each was mended in the program."""


@pytest.mark.parametrize("name", FOUND)
def test_what_went_wrong_once_comes_to_rest_with_nothing_lost(name: str, tmp_path: Path) -> None:
    assert told(FOUND[name], tmp_path).troubles == ()
