"""What a scan says: whose a file is, what it missed, and which bytes decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import Baseline, BaselineTrack, Place, Placed, State
from syncd.core.cases import EXPECTED, REMEMBERED
from syncd.core.evidence import Astray, Sighting, match, sight, to_hash
from syncd.core.model import FileStat, LocalFile, LocalTree, Origin, RemoteTrack, RemoteTree

from .trees import (
    ALBUM,
    BYTES,
    ELSEWHERE,
    HERE,
    HOME,
    POLICY,
    TOUCHED,
    file,
    folder,
    job,
    known,
    missing,
    placed_at,
)

OTHER_INODE = FileStat(9, 2, 3, 4)


def base(*tracks: BaselineTrack) -> Baseline:
    return Baseline({track.job_id: track for track in tracks})


def sighting(local: LocalTree, *tracks: BaselineTrack) -> Sighting:
    baseline = base(*tracks)
    return sight(local, baseline, match(local, baseline, POLICY))


# --- whose a file is ---

MATCHES = [
    ("its only file", [file()], [known()], HOME),
    ("its only file, wherever it stands", [file("mine/x.flac")], [known()], "mine/x.flac"),
    ("its only file, never known before", [file("mine/x.flac")], [], "mine/x.flac"),
    ("of two, the one at its path", [file("a.flac"), file()], [known()], HOME),
    (
        "of two, the one at its path, though the other is the inode that was placed",
        [file("a.flac"), file(stat=OTHER_INODE)],
        [known()],
        HOME,
    ),
    (
        "of two elsewhere, the inode that was placed",
        [file("a.flac", stat=OTHER_INODE), file("b.flac")],
        [known()],
        "b.flac",
    ),
    (
        "the same inode with another ctime: it was renamed",
        [file("a.flac", stat=OTHER_INODE), file("b.flac", stat=TOUCHED)],
        [known()],
        "b.flac",
    ),
    (
        "the same inode with another size is another file: the first by name",
        [file("b.flac", stat=FileStat(1, 5, 3, 4)), file("a.flac", stat=OTHER_INODE)],
        [known()],
        "a.flac",
    ),
    (
        "the same inode with another date is another file: the first by name",
        [file("b.flac", stat=FileStat(1, 2, 5, 4)), file("a.flac", stat=OTHER_INODE)],
        [known()],
        "a.flac",
    ),
    (
        "of two that were never placed, the first by name",
        [file("b.flac"), file("a.flac")],
        [known(path=None, state=State.WANTED)],
        "a.flac",
    ),
    ("an id without an origin", [file(origin=None)], [known()], HOME),
    ("an origin without an account", [file(origin=Origin(HERE.base_url))], [known()], HOME),
    ("another account", [file(origin=Origin(HERE.base_url, "43"))], [known()], None),
    ("another service", [file(origin=ELSEWHERE)], [known()], None),
    ("no id", [file(job_id=None)], [known()], None),
    (
        "of two, the one that is of this library",
        [file(origin=ELSEWHERE), file("mine/x.flac")],
        [known()],
        "mine/x.flac",
    ),
]


@pytest.mark.parametrize(
    ("files", "tracks", "path"), [row[1:] for row in MATCHES], ids=[row[0] for row in MATCHES]
)
def test_the_file_of_a_track(
    files: list[LocalFile], tracks: list[BaselineTrack], path: str | None
) -> None:
    found = match(folder(*files), base(*tracks), POLICY)
    assert (found.files[7].path if 7 in found.files else None) == path


def test_a_file_that_was_placed_under_a_former_address_is_of_this_library() -> None:
    aliased = replace(POLICY, aliases=(Origin("https://old"), ELSEWHERE))
    assert match(folder(file(origin=ELSEWHERE)), base(), aliased).files.keys() == {7}


def test_the_other_files_with_its_id_are_copies() -> None:
    local = folder(file(), file("a.flac"), file("b.flac"), file("c.flac", 8))
    found = match(local, base(known()), POLICY)
    assert found.copies == {"a.flac": 7, "b.flac": 7}


@pytest.mark.parametrize("state", State)
def test_a_known_path_has_an_owner_while_a_file_may_stand_there(state: State) -> None:
    found = match(folder(), base(known(state=state)), POLICY)
    assert found.owners == ({HOME: [7]} if state in REMEMBERED else {})


@pytest.mark.parametrize(
    ("files", "owner"),
    [
        pytest.param([file(job_id=8)], 7, id="the owner's id is nowhere"),
        pytest.param([file(job_id=8), file("x.flac")], None, id="the owner's file is elsewhere"),
        pytest.param([file(job_id=8), file("b.flac", 9)], 7, id="a third track's is elsewhere"),
    ],
)
def test_a_file_whose_path_was_another_tracks(files: list[LocalFile], owner: int | None) -> None:
    found = match(folder(*files), base(known()), POLICY)
    assert found.bereft_owner(8) == owner


def test_a_file_at_its_own_path_was_nobody_elses() -> None:
    assert match(folder(file()), base(known()), POLICY).bereft_owner(7) is None


def chosen(*paths: str, title: str = "Rain") -> str:
    """Which of several files with one id is the track's where the catalog knows nothing of it."""
    local, remote = folder(*(file(path) for path in paths)), {7: job(title=title)}
    return match(local, base(), POLICY, RemoteTree(remote)).files[7].path


@pytest.mark.parametrize(
    "other",
    [
        f"{ALBUM}/Rain (restored).flac",
        f"{ALBUM}/Rain (restored 2).flac",
        f"{ALBUM}/Rain (conflict 2026-04-01).flac",
        f"{ALBUM}/Rain (1).flac",
        f"{ALBUM}/A copy.flac",
        "A/Rain.flac",
    ],
)
def test_of_two_files_of_an_unknown_track_the_one_at_the_templates_name_is_its(other: str) -> None:
    assert chosen(other, HOME) == HOME


def test_its_own_suffix_and_another_folder_are_the_templates_name_too() -> None:
    assert chosen(f"{ALBUM}/A.flac", f"{ALBUM}/Rain [7].flac") == f"{ALBUM}/Rain [7].flac"
    assert chosen("mine/A.flac", "mine/Rain.mp3") == "mine/Rain.mp3"


def test_what_was_placed_beside_another_file_is_the_tracks_only_where_nothing_else_is() -> None:
    assert chosen("m/Snow (restored).flac", "m/Snow.flac") == "m/Snow.flac"
    only = ["m/Snow (conflict 2026-04-01).flac", "m/Snow (restored).flac"]
    assert chosen(*only) == only[0]
    assert chosen("m/Rain (restored).flac", "m/B.flac", title="Rain (restored)") == (
        "m/Rain (restored).flac"
    )


# --- what a scan missed ---

MISSED, UNSURE = Sighting(frozenset({7}), frozenset()), Sighting(frozenset(), frozenset({7}))
NEITHER = Sighting(frozenset(), frozenset())
DISPLACED = Sighting(frozenset(), frozenset(), displaced=frozenset({7}))
ON_DISK = placed_at(HOME, mounted=True)
CASUAL = f"{ALBUM}/x.txt"
SEEN_ELSEWHERE = known(seen=Place("mine/Rain.flac", mounted=False))
SIGHTS = [
    ("its file stands where it did", folder(file()), known(), NEITHER),
    ("its file stands elsewhere", folder(file("x.flac")), known(), NEITHER),
    ("its file is gone", folder(names=[CASUAL]), known(), MISSED),
    ("its file is gone with its folder", folder(), known(), MISSED),
    ("its file is gone, and was missed before", folder(), missing(), MISSED),
    ("something stands at its path", folder(file(job_id=None)), known(), DISPLACED),
    ("its folder cannot be read", folder(unreadable=[ALBUM]), known(), UNSURE),
    ("its file cannot be read", folder(names=[HOME], unreadable=[HOME]), known(), UNSURE),
    ("the root cannot be read", folder(unreadable=["."]), known(), UNSURE),
    (
        "another folder cannot be read, and it may have been moved there",
        folder(names=[CASUAL], unreadable=["x"]),
        known(),
        UNSURE,
    ),
    ("any other file cannot be read", folder(unreadable=["x.flac"]), known(), UNSURE),
    (
        "it was missed before, and another folder cannot be read",
        folder(unreadable=["x"]),
        missing(),
        UNSURE,
    ),
    (
        "its file stands, and another folder cannot be read",
        folder(file(), unreadable=["x"]),
        known(),
        NEITHER,
    ),
    ("another disk came over its folder", folder(mounted=[ALBUM]), known(), UNSURE),
    (
        "the disk of its folder is not mounted",
        folder(names=[CASUAL]),
        known(placed=ON_DISK),
        UNSURE,
    ),
    ("the disk of its folder, and the folder, are gone", folder(), known(placed=ON_DISK), UNSURE),
    (
        "its disk shows no file that was placed on it: it may be another",
        folder(names=[CASUAL], mounted=[ALBUM]),
        known(placed=ON_DISK),
        UNSURE,
    ),
    (
        "another disk came over the folder above",
        folder(names=["a/b/x.txt"], mounted=["a"]),
        known(path="a/c/Rain.flac"),
        UNSURE,
    ),
    ("a link stands in the place of its folder", folder(names=[ALBUM]), known(), UNSURE),
    (
        "a link stands in the place of the folder above",
        folder(names=["a"]),
        known(path="a/b/Rain.flac"),
        UNSURE,
    ),
    (
        "in another program's recycle folder, which no scan looks into",
        folder(names=["#recycle"]),
        known(),
        MISSED,
    ),
    ("never placed", folder(), known(path=None), NEITHER),
    ("it was seen elsewhere, and not taken in there", folder(), SEEN_ELSEWHERE, MISSED),
    (
        "another disk came over where it was seen",
        folder(names=[CASUAL], mounted=["mine"]),
        SEEN_ELSEWHERE,
        UNSURE,
    ),
    ("a link stands where it was seen", folder(names=["mine"]), SEEN_ELSEWHERE, UNSURE),
    (
        "the disk on which it was seen is not mounted",
        folder(names=["mine/x.txt"]),
        known(seen=Place("mine/Rain.flac", mounted=True)),
        UNSURE,
    ),
    (
        "on the disk on which it was seen no file shows that it is the same",
        folder(names=["mine/x.txt"], mounted=["mine"]),
        known(seen=Place("mine/Rain.flac", mounted=True)),
        UNSURE,
    ),
]


@pytest.mark.parametrize(
    ("local", "track", "expected"), [row[1:] for row in SIGHTS], ids=[row[0] for row in SIGHTS]
)
def test_what_a_scan_says_of(local: LocalTree, track: BaselineTrack, expected: Sighting) -> None:
    assert replace(sighting(local, track), astray={}) == expected


@pytest.mark.parametrize("state", State)
def test_a_file_is_missed_only_where_one_is_expected(state: State) -> None:
    assert sighting(folder(), known(state=state)) == (MISSED if state in EXPECTED else NEITHER)


def test_each_track_is_seen_or_missed_for_itself() -> None:
    local = folder(file(), file("b.flac", 9), names=["link"])
    tracks = [known(), known(8, "a.flac"), known(9, "x.flac"), known(10, "link/d.flac")]
    assert sighting(local, *tracks) == Sighting(
        frozenset({8}), frozenset({10}), astray={9: Astray(Place("b.flac", mounted=False))}
    )


def on_disk(path: str, **fields: object) -> Placed:
    return placed_at(path, mounted=True, **fields)


BESIDE = f"{ALBUM}/Beside.flac"
WITNESSES = [
    ("another that was placed there stands there", file(BESIDE, 8), on_disk(BESIDE), MISSED),
    (
        "another that was placed deeper in stands there",
        file(f"{ALBUM}/a/b.flac", 8),
        on_disk(f"{ALBUM}/a/b.flac"),
        MISSED,
    ),
    (
        "another stands there that was placed elsewhere: it came later",
        file(BESIDE, 8),
        placed_at("x.flac"),
        UNSURE,
    ),
    (
        "another stands there that was placed before the disk came",
        file(BESIDE, 8),
        placed_at(BESIDE),
        UNSURE,
    ),
    ("another stands on another disk", file("usb/x.flac", 8), on_disk("usb/x.flac"), UNSURE),
]


@pytest.mark.parametrize(
    ("other", "placed", "expected"), [row[1:] for row in WITNESSES], ids=[r[0] for r in WITNESSES]
)
def test_a_file_is_missed_on_a_disk_only_where_that_is_known_to_be_the_same(
    other: LocalFile, placed: Placed, expected: Sighting
) -> None:
    local = folder(other, names=[CASUAL], mounted=[ALBUM, "usb"])
    seen = sighting(local, known(placed=ON_DISK), known(8, placed=placed))
    assert replace(seen, astray={}) == expected


def test_a_file_elsewhere_on_a_disk_does_not_show_that_it_is_the_same_disk() -> None:
    local = folder(file("Disk/Other.flac"), mounted=["Disk"])
    baseline = Baseline({7: known(placed=placed_at("Disk/Rain.flac", mounted=True))})
    assert match(local, baseline, POLICY).disks == frozenset()


# --- which bytes decide ---

TOUCHED_FILE = file(stat=TOUCHED)
MADE_ANEW = job(audio={"flac": "n/7.flac"})


def hashed(local: LocalTree, track: BaselineTrack, *jobs: RemoteTrack) -> list[str]:
    baseline = base(track)
    remote = RemoteTree({one.id: one for one in jobs})
    return [one.path for one in to_hash(remote, baseline, match(local, baseline, POLICY))]


def test_a_touched_file_is_read_where_its_job_is_gone() -> None:
    assert hashed(folder(TOUCHED_FILE), known()) == [HOME]


def test_a_touched_file_is_read_where_its_audio_is_another() -> None:
    assert hashed(folder(TOUCHED_FILE), known(replaced_by="n/7.flac"), MADE_ANEW) == [HOME]


def test_a_touched_file_is_read_beside_one_that_is_known_and_one_that_never_was() -> None:
    local = folder(file(), file("a.flac", 9), file("b.flac", 8, stat=TOUCHED))
    baseline = base(known(), known(8, "b.flac"))
    found = match(local, baseline, POLICY)
    assert [one.path for one in to_hash(RemoteTree({}), baseline, found)] == ["b.flac"]


@pytest.mark.parametrize("number", [3, None])
def test_of_two_elsewhere_the_one_that_has_its_number_is_the_tracks(number: int | None) -> None:
    policy = replace(POLICY, template="{track:02} {title}.{ext}")
    local = folder(file("01 Rain.flac"), file(f"{number or 0:02} Rain.flac"), file("04 Rain.flac"))
    baseline = base(known(path=None, state=State.WANTED, number=number))
    found = match(local, baseline, policy, RemoteTree({7: job()}))
    assert found.files[7].path == f"{number or 0:02} Rain.flac"


@pytest.mark.parametrize("state", sorted(REMEMBERED))
def test_a_touched_file_is_read_in_each_state_that_remembers_it(state: State) -> None:
    assert hashed(folder(TOUCHED_FILE), known(state=state)) == [HOME]


@pytest.mark.parametrize(
    ("local", "track", "jobs"),
    [
        pytest.param(folder(file()), known(), [], id="untouched"),
        pytest.param(folder(file(stat=TOUCHED, sha256=BYTES)), known(), [], id="known already"),
        pytest.param(folder(TOUCHED_FILE), known(), [job()], id="its job as it was"),
        pytest.param(folder(TOUCHED_FILE), known(), [MADE_ANEW], id="not compared yet"),
        pytest.param(
            folder(TOUCHED_FILE), known(replaced_by="o/7.flac"), [MADE_ANEW], id="of another time"
        ),
        pytest.param(folder(TOUCHED_FILE), known(state=State.GONE), [], id="not remembered"),
        pytest.param(folder(TOUCHED_FILE), known(path=None), [], id="never placed"),
        pytest.param(folder(), missing(), [], id="no file"),
    ],
)
def test_no_file_is_read_without_need(
    local: LocalTree, track: BaselineTrack, jobs: list[RemoteTrack]
) -> None:
    assert hashed(local, track, *jobs) == []


MINE, COPY = Place("mine/Rain.flac", mounted=False), Place("other/Copy.flac", mounted=False)
ON_USB = Place("usb/a.flac", mounted=True)
STAYING = known(seen=MINE)
ASTRAYS: list[tuple[str, LocalTree, BaselineTrack, Astray | None]] = [
    ("in its place", folder(file()), known(), None),
    ("moved", folder(file(MINE.path)), known(), Astray(MINE)),
    ("moved to a disk", folder(file(ON_USB.path), mounted=["usb"]), known(), Astray(ON_USB)),
    ("a copy", folder(file(), file(COPY.path)), known(), Astray(None, (COPY,))),
    ("moved, and a copy", folder(file(MINE.path), file(COPY.path)), known(), Astray(MINE, (COPY,))),
    ("it is gone from where it was seen", folder(names=[CASUAL]), STAYING, None),
    ("it is back in its place", folder(file()), STAYING, None),
    ("it was moved on", folder(file(COPY.path)), STAYING, Astray(COPY)),
    (
        "a disk came over where it was seen",
        folder(names=["mine/x.txt"], mounted=["mine"]),
        STAYING,
        Astray(MINE),
    ),
    (
        "the same, and a copy of it is seen, which does not take its place",
        folder(file(COPY.path), names=["mine/x.txt"], mounted=["mine"]),
        STAYING,
        Astray(MINE, (COPY,)),
    ),
    (
        "the same, and it is back in its place",
        folder(file(), names=["mine/x.txt"], mounted=["mine"]),
        STAYING,
        Astray(MINE),
    ),
    ("it lost its id where it was seen", folder(file(MINE.path, None)), STAYING, Astray(MINE)),
    ("another track's was put upon it", folder(file(MINE.path, 9)), STAYING, None),
    (
        "a disk came over a copy",
        folder(names=["other/x.txt"], mounted=["other"]),
        known(copies=(COPY,)),
        Astray(None, (COPY,)),
    ),
    (
        "a copy lost its id: it is theirs",
        folder(file(COPY.path, None)),
        known(copies=(COPY,)),
        None,
    ),
    (
        "on the disk of a copy no file shows that it is the same",
        folder(names=["usb/x.txt"], mounted=["usb"]),
        known(copies=(ON_USB,)),
        Astray(None, (ON_USB,)),
    ),
]


@pytest.mark.parametrize(
    ("local", "track", "expected"), [row[1:] for row in ASTRAYS], ids=[row[0] for row in ASTRAYS]
)
def test_where_files_stand_that_are_not_known_there(
    local: LocalTree, track: BaselineTrack, expected: Astray | None
) -> None:
    assert sighting(local, track).astray == ({} if expected is None else {7: expected})


def test_a_copy_that_was_seen_where_nobody_can_look_is_no_deletion() -> None:
    away = known(copies=(ON_USB,))
    assert sighting(folder(names=["usb/x.txt"]), away).unsure == {7}
    assert sighting(folder(names=["usb/x.txt"], mounted=["usb"]), away).unsure == {7}
    assert sighting(folder(names=["other/x.txt"]), known(copies=(COPY,))).missed == {7}


def test_what_lost_its_id_where_it_was_seen_is_not_missed() -> None:
    assert sighting(folder(file(MINE.path, None)), STAYING).displaced == {7}
    assert sighting(folder(file(MINE.path, 9)), STAYING).missed == {7}
    assert sighting(folder(file(COPY.path, None)), known(copies=(COPY,))).missed == {7}
