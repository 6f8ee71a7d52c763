"""Every call that the program makes of the service, and the scene in which a run makes it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from syncd.remote.client import AudioPod
from syncd.simulator.requests import RequestRecord

from .scene import Scene
from .scenes import SCENES, asking

API = "/api/v1/music"
Ask = Callable[[AudioPod], Awaitable[Any]]


class Sort(Enum):
    """What hangs on a call, and so what becomes of the run that it fails."""

    LISTING = "a listing of the account"
    KEY = "whether the key is of this account"
    WATCH = "the status of an unfinished job"
    LOOK = "the status of one job, before something is done"
    CHANGE = "a change of one job"
    RETRY = "another try of a failed job"
    EXTRA = "what the jobs do not say of themselves"
    FIGURES = "figures of the account"
    HAND = "asked by hand"
    AUDIO = "the audio of one track"
    GLANCE = "whether audio is served, before its file is given up"
    COVER = "the cover of one track"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``path`` is searched in the path; the first ``after`` that fit are let pass."""

    name: str
    sort: Sort
    scene: Scene
    method: str = "GET"
    path: str
    fits: Callable[[RequestRecord], bool] = lambda _: True
    after: int = 0
    spoilt: bool = False
    """The scene itself has the service refuse the first address that is asked for."""

    def is_met(self, record: RequestRecord) -> bool:
        return (
            record.method == self.method
            and re.search(self.path, record.path) is not None
            and self.fits(record)
        )


def _lists(**query: str) -> Callable[[RequestRecord], bool]:
    return lambda record: all(record.query.get(name) == value for name, value in query.items())


def _filters(record: RequestRecord) -> bool:
    return "genre" in record.query and record.query["limit"] != "1"


_JOBS, _STATUS = rf"^{API}/jobs$", rf"^{API}/jobs/\d+/status$"
_RAIN = rf"^{API}/jobs/48214/status$"
"""Of the first job: a world's numbers are those of its seed."""
_OTHERS = rf"^{API}/jobs/(?!48214/)\d+/status$"
_STATS, _COUNTS, _PRESETS = (
    rf"^{API}/{path}$" for path in ("filters/stats", "jobs/counts", "presets")
)
_AUDIO = r"/track.*\.(flac|mp3|wav)$"

CALLS = {
    call.name: call
    for call in (
        Call(name="page", sort=Sort.LISTING, scene=SCENES["more"], path=_JOBS,
             fits=_lists(sort_order="asc")),
        Call(name="newest", sort=Sort.LISTING, scene=SCENES["poll"], path=_JOBS,
             fits=_lists(sort_order="desc")),
        Call(name="key", sort=Sort.KEY, scene=SCENES["rekey"], path=_JOBS, fits=_lists(limit="1")),
        Call(name="unfinished", sort=Sort.WATCH, scene=SCENES["flight"], path=_STATUS),
        Call(name="look-before-rename", sort=Sort.LOOK, scene=SCENES["name-up"], path=_STATUS),
        Call(name="look-before-delete", sort=Sort.LOOK, scene=SCENES["delete-up"], path=_STATUS),
        Call(name="last-look", sort=Sort.LOOK, scene=SCENES["delete-up"], path=_STATUS, after=1),
        Call(name="is-it-gone", sort=Sort.LOOK, scene=SCENES["delete-down"], path=_RAIN),
        Call(name="others-there", sort=Sort.LOOK, scene=SCENES["delete-down"], path=_OTHERS),
        Call(name="fresh-address", sort=Sort.LOOK, scene=SCENES["more"], path=_STATUS, spoilt=True),
        Call(name="look-before-retry", sort=Sort.LOOK, scene=SCENES["retry"], path=_STATUS),
        Call(name="rename", sort=Sort.CHANGE, scene=SCENES["name-up"], method="PATCH",
             path=rf"^{API}/jobs/\d+$"),
        Call(name="delete", sort=Sort.CHANGE, scene=SCENES["delete-up"], method="DELETE",
             path=rf"^{API}/jobs/\d+$"),
        Call(name="retry", sort=Sort.RETRY, scene=SCENES["retry"], method="POST",
             path=rf"^{API}/jobs/\d+/retry$"),
        Call(name="filters", sort=Sort.EXTRA, scene=SCENES["learn"], path=_STATS),
        Call(name="honoured", sort=Sort.EXTRA, scene=SCENES["learn"], path=_JOBS,
             fits=_lists(genre="no such value")),
        Call(name="genre", sort=Sort.EXTRA, scene=SCENES["learn"], path=_JOBS, fits=_filters),
        Call(name="likes", sort=Sort.EXTRA, scene=SCENES["learn"], path=_JOBS,
             fits=_lists(liked="true", limit="100")),
        Call(name="figures", sort=Sort.FIGURES, scene=SCENES["first"], path=_COUNTS),
        Call(name="presets-beside", sort=Sort.FIGURES, scene=SCENES["first"], path=_PRESETS),
        Call(name="counts", sort=Sort.HAND, scene=asking("counts", AudioPod.counts),
             path=_COUNTS),
        Call(name="liked", sort=Sort.HAND, scene=asking("liked", AudioPod.liked),
             path=rf"^{API}/liked$"),
        Call(name="presets", sort=Sort.HAND, scene=asking("presets", AudioPod.presets),
             path=_PRESETS),
        Call(name="model", sort=Sort.HAND, scene=asking("model", AudioPod.model_status),
             path=rf"^{API}/model/status$"),
        Call(name="sample-data", sort=Sort.HAND, scene=asking("sample-data", AudioPod.sample_data),
             path=rf"^{API}/sample-data$"),
        Call(name="audio", sort=Sort.AUDIO, scene=SCENES["more"], path=_AUDIO),
        Call(name="rest-of-audio", sort=Sort.AUDIO, scene=SCENES["broken-off"], path=_AUDIO,
             fits=lambda record: record.range is not None),
        Call(name="changed-audio", sort=Sort.AUDIO, scene=SCENES["audio"], path=_AUDIO),
        Call(name="audio-again", sort=Sort.AUDIO, scene=SCENES["audio"], path=_AUDIO, after=1),
        Call(name="recovery-copy", sort=Sort.AUDIO, scene=SCENES["delete-up"], path=_AUDIO),
        Call(name="glance", sort=Sort.GLANCE, scene=SCENES["evict"], path=_AUDIO),
        Call(name="cover", sort=Sort.COVER, scene=SCENES["more"], path=r"/cover\.png$"),
    )
}  # fmt: skip
