"""The tags of an audio file: managed fields in, managed fields out, whatever the container.

``mapping`` says how each field is spelled, ``id3`` and ``vorbis`` speak the two languages of tags,
``wav`` places an ID3 tag in a WAV, ``container`` puts them together for one file, ``identity``
finds the job id of a file in a scan, and ``cover`` knows what a picture is. Of a file that has
been in the library since, ``change`` says which fields may be changed, and ``edit`` changes these
alone, with ``frames`` for what an ID3 tag is made of and ``version`` for its two versions.
``bounds`` says what reading a tag may cost, whoever reads it.
"""

from syncd.local.tags import bounds
from syncd.local.tags.change import Change, changes, says
from syncd.local.tags.container import read_cover, read_fields, write_fields
from syncd.local.tags.cover import MAX_COVER, Cover
from syncd.local.tags.edit import edit_fields
from syncd.local.tags.identity import read_identity
from syncd.local.tags.lyrics import lrc_text
from syncd.local.tags.mapping import spellable
from syncd.local.tags.version import Version, version_of

bounds.bound()

__all__ = [
    "MAX_COVER",
    "Change",
    "Cover",
    "Version",
    "changes",
    "edit_fields",
    "lrc_text",
    "read_cover",
    "read_fields",
    "read_identity",
    "says",
    "spellable",
    "version_of",
    "write_fields",
]
