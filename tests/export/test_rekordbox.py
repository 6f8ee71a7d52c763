"""rekordbox XML: its bytes, its schema, and what another program reads in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd import __version__
from syncd.export.lists import track_lists
from syncd.export.rekordbox import document, location
from syncd.export.tracks import Track

SCHEMA = Path(__file__).with_name("rekordbox.xsd")


@pytest.fixture
def written(track: Callable[..., Track], bare: Track) -> bytes:
    """Two tracks, all playlists, and a saved one that is empty."""
    tracks = [track(), bare]
    return document(tracks, track_lists(tracks, {"Warm-up": [bare.id], "Nothing": []}))


def test_a_worked_example(track: Callable[..., Track]) -> None:
    tracks = [track(genre=("lo-fi",), emotion=(), occasion=("study", "night"), liked=False)]
    assert (
        document(tracks, track_lists(tracks, {})).decode()
        == f"""\
<?xml version='1.0' encoding='UTF-8'?>
<DJ_PLAYLISTS Version="1.0.0">
  <PRODUCT Name="syncd" Version="{__version__}" Company="" />
  <COLLECTION Entries="1">
    <TRACK TrackID="48221" Name="Paper Lanterns" Artist="AudioPod" Album="AudioPod 2026-03" \
Genre="lo-fi" Kind="FLAC File" Size="12345678" TotalTime="187" TrackNumber="3" Year="2026" \
AverageBpm="92.50" Tonality="F#m" DateAdded="2026-03-05" BitRate="527" SampleRate="44100" \
Comments="slow &amp; warm" Grouping="study, night" Rating="0" \
Location="file://localhost/srv/music/AudioPod%202026-03/Paper%20Lanterns.flac" />
  </COLLECTION>
  <PLAYLISTS>
    <NODE Type="0" Name="ROOT" Count="3">
      <NODE Type="1" Name="All" KeyType="0" Entries="1">
        <TRACK Key="48221" />
      </NODE>
      <NODE Type="0" Name="Genres" Count="1">
        <NODE Type="1" Name="lo-fi" KeyType="0" Entries="1">
          <TRACK Key="48221" />
        </NODE>
      </NODE>
      <NODE Type="0" Name="Occasions" Count="2">
        <NODE Type="1" Name="night" KeyType="0" Entries="1">
          <TRACK Key="48221" />
        </NODE>
        <NODE Type="1" Name="study" KeyType="0" Entries="1">
          <TRACK Key="48221" />
        </NODE>
      </NODE>
    </NODE>
  </PLAYLISTS>
</DJ_PLAYLISTS>
"""
    )


def test_it_is_valid_by_the_schema(written: bytes, track: Callable[..., Track]) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(str(SCHEMA))
    schema.validate(ElementTree.fromstring(written))
    schema.validate(ElementTree.fromstring(document([], [])))
    stray = document([], track_lists([track()], {}))
    assert not schema.is_valid(ElementTree.fromstring(stray)), "a playlist of no track's"


def test_a_list_counts_what_it_holds(written: bytes) -> None:
    top = ElementTree.fromstring(written)
    collection = top.find("COLLECTION")
    assert collection is not None
    assert int(collection.attrib["Entries"]) == len(collection) == 2
    for node in top.iter("NODE"):
        assert int(node.attrib["Count" if node.attrib["Type"] == "0" else "Entries"]) == len(node)


def test_another_program_reads_tracks_ratings_paths_and_playlists(
    written: bytes, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of another program's imports
        rbxml = pytest.importorskip("pyrekordbox.rbxml")
    path = tmp_path / "rekordbox.xml"
    path.write_bytes(written)
    read = rbxml.RekordboxXml(str(path))
    assert read.num_tracks == 2
    one = read.get_track(TrackID=48221)
    assert (one.Name, one.Artist, one.Album) == ("Paper Lanterns", "AudioPod", "AudioPod 2026-03")
    assert (one.Rating, one.AverageBpm, one.Tonality, one.TotalTime) == (5, 92.5, "F#m", 187)
    assert one.Location.endswith("srv/music/AudioPod 2026-03/Paper Lanterns.flac")
    assert read.get_playlist("Warm-up").get_tracks() == [7]
    assert read.get_playlist("Genres", "R&B/Soul").get_tracks() == [48221]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/Music/a b/50% off #1?.mp3", "/Music/a%20b/50%25%20off%20%231%3F.mp3"),
        ("/Music/Söng.mp3", "/Music/S%C3%B6ng.mp3"),
        ("/Music/caf\udce9.mp3", "/Music/caf%E9.mp3"),
        ("D:\\Music\\a: b.mp3", "/D:/Music/a%3A%20b.mp3"),
        ("D:/Music/a.mp3", "/D:/Music/a.mp3"),
        ("\\\\nas\\music\\a.mp3", "//nas/music/a.mp3"),
    ],
)
def test_a_location_is_percent_encoded(path: str, address: str) -> None:
    assert location(path) == f"file://localhost{address}"


@given(title=st.text())
def test_any_title_at_all_leaves_the_document_well_formed(title: str) -> None:
    one = Track(
        id=1, path="a.mp3", location="/a.mp3", title=title, artist="A", album="B", genre=(title,)
    )
    top = ElementTree.fromstring(document([one], track_lists([one], {})))
    (name,) = {found.attrib["Name"] for found in top.iter("TRACK") if "Name" in found.attrib}
    kept = [sign for sign in title if sign.isprintable() or sign in "\t\n\r"]
    assert [sign for sign in name if sign in kept] == kept
