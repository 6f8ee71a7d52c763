"""The eleven endpoints under ``/api/v1/music``."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .answer import Answer, json_answer
from .errors import Invalid, Refusal, invalid, invalid_body, refusal_body
from .job import FAILED, STATUSES, Job
from .listing import Listing, parse_query, values_of
from .origin import Request
from .switches import Switches
from .wire import Address, wire_job
from .world import World

PREFIX = "/api/v1/music"
_EDITS = frozenset({"cover", "reference", "repaint", "extract", "extend", "edit", "retake"})


@dataclass(frozen=True, slots=True)
class _Call:
    """One authorised request, and the account whose key it carried."""

    request: Request
    user_id: int
    job_id: str = ""


Endpoint = Callable[[_Call], Answer]


class Api:
    """Answers for the API origin."""

    def __init__(self, world: World, switches: Callable[[], Switches], address: Address) -> None:
        self._world = world
        self._read_switches = switches
        self._address = address
        self._listing = Listing(world)
        self._recent: dict[tuple[str, int], deque[float]] = {}
        self._routes: tuple[tuple[re.Pattern[str], Mapping[str, Endpoint]], ...] = tuple(
            (re.compile(PREFIX + path), methods)
            for path, methods in (
                ("/jobs", {"GET": self._list}),
                ("/jobs/counts", {"GET": self._counts}),
                ("/jobs/(?P<id>[^/]+)", {"DELETE": self._delete, "PATCH": self._patch}),
                ("/jobs/(?P<id>[^/]+)/status", {"GET": self._status}),
                ("/jobs/(?P<id>[^/]+)/retry", {"POST": self._retry}),
                ("/liked", {"GET": self._liked}),
                ("/filters/stats", {"GET": self._stats}),
                ("/presets", {"GET": self._presets}),
                ("/model/status", {"GET": self._model_status}),
                ("/sample-data", {"GET": self._sample_data}),
            )
        )

    @property
    def _switches(self) -> Switches:
        return self._read_switches()

    def __call__(self, request: Request) -> Answer:
        """Answer a request to the API origin."""
        try:
            return self._routed(request)
        except Invalid as error:
            body = invalid_body(error.entries, self._switches)
            return json_answer(self._switches.validation_status, body)
        except Refusal as error:
            body = refusal_body(error.status, error.reason, self._switches)
            return json_answer(error.status, body, error.headers)

    def _routed(self, request: Request) -> Answer:
        fitting = [
            (match, methods)
            for pattern, methods in self._routes
            if (match := pattern.fullmatch(request.path))
        ]
        if not fitting:
            raise Refusal(404, "Not Found")
        for match, methods in fitting:
            if request.method in methods:
                user_id = self._authorised(request)
                self._limit("any", user_id, self._switches.requests_per_minute)
                job_id = match.groupdict().get("id", "")
                return methods[request.method](_Call(request, user_id, job_id))
        raise Refusal(405, "Method Not Allowed", {"allow": ", ".join(fitting[0][1])})

    def _authorised(self, request: Request) -> int:
        key = request.headers.get("x-api-key")
        if key is None:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            key = token.strip() if scheme.lower() == "bearer" else None
        if not key:
            raise Refusal(401, "Not authenticated", {"www-authenticate": "Bearer"})
        found = self._world.key(key)
        if found is None:
            raise Refusal(401, "Invalid API key", {"www-authenticate": "Bearer"})
        user_id, state = found
        if state in ("revoked", "expired"):
            raise Refusal(
                403, f"API key has been {state}" if state == "revoked" else "API key has expired"
            )
        if state == "read-only" and request.method != "GET":
            raise Refusal(403, "API key lacks the scope music:write")
        return user_id

    def _limit(self, name: str, user_id: int, most: int | None) -> None:
        if most is None:
            return
        now = self._world.clock()
        calls = self._recent.setdefault((name, user_id), deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= most:
            wait = max(1, math.ceil(calls[0] + 60 - now)) if calls else 60
            raise Refusal(429, "Rate limit exceeded", {"retry-after": str(wait)})
        calls.append(now)

    def _job(self, call: _Call) -> Job:
        if not re.fullmatch(r"-?\d+", call.job_id):
            message = "Input should be a valid integer, unable to parse string as an integer"
            raise invalid("job_id", "int_parsing", message, call.job_id, where="path")
        job = self._world.job(int(call.job_id))
        if job is None or job.user_id != call.user_id:
            raise Refusal(404, "Job not found")
        return job

    def _wired(self, job: Job, *, interactions: bool = False) -> dict[str, object]:
        return wire_job(job, self._switches, self._address, interactions=interactions)

    def _status(self, call: _Call) -> Answer:
        return json_answer(200, self._wired(self._job(call)))

    def _list(self, call: _Call) -> Answer:
        switches = self._switches
        query = parse_query(call.request.query, switches.unknown_filters)
        jobs, total = self._listing.page(call.user_id, query, stable=switches.stable_order)
        rows = [self._wired(job, interactions=query.include_interactions) for job in jobs]
        count = total + switches.total_count_offset
        headers = {"x-total-count": str(count)} if switches.total_count else {}
        if switches.jobs_shape == "object":
            return json_answer(200, {"jobs": rows, "total": count}, headers)
        return json_answer(200, rows, headers)

    def _liked(self, call: _Call) -> Answer:
        known = ("skip", "limit", "song_type", "status")
        given = {name: value for name, value in call.request.query.items() if name in known}
        query = parse_query(given | {"liked": "true"}, self._switches.unknown_filters - {"liked"})
        jobs, total = self._listing.page(call.user_id, query, stable=self._switches.stable_order)
        rows = [self._wired(job) for job in jobs]
        if self._switches.liked_shape == "object":
            return json_answer(200, {"tracks": rows, "total": total})
        return json_answer(200, rows)

    def _delete(self, call: _Call) -> Answer:
        self._world.delete(self._job(call).id)
        return json_answer(200, {"message": "Job deleted successfully"})

    def _patch(self, call: _Call) -> Answer:
        job = self._job(call)
        changes = self._changes(call.request.body)
        self._world.update(job.id, **changes)
        if self._switches.patch_answer == "message":
            return json_answer(200, {"message": "Job updated successfully"})
        wired = self._wired(self._job(call))
        if self._switches.patch_answer == "wrapped":
            return json_answer(200, {"job": wired, "message": "Job updated successfully"})
        return json_answer(200, wired)

    def _changes(self, body: bytes) -> dict[str, str]:
        try:
            given = json.loads(body)
        except ValueError:
            raise invalid("0", "json_invalid", "JSON decode error", {}, where="body") from None
        if not isinstance(given, dict):
            message = "Input should be a valid dictionary"
            raise invalid("body", "model_attributes_type", message, given, where="body")
        changes: dict[str, str] = {}
        for name in ("display_name", "thumbnail_url"):
            value = given.get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                message = "Input should be a valid string"
                raise invalid(name, "string_type", message, value, where="body")
            changes[name] = value
        if not changes:
            raise invalid("body", "missing", "No fields to update", given, where="body")
        if "display_name" in changes:
            changes["display_name"] = self._name(changes["display_name"])
        return changes

    def _name(self, name: str) -> str:
        switches = self._switches
        if switches.name_trim:
            name = name.strip()
        limit = switches.name_limit
        if limit is None or len(name) <= limit:
            return name
        if switches.name_refuse:
            message = f"String should have at most {limit} characters"
            raise invalid("display_name", "string_too_long", message, name, where="body")
        return name[:limit]

    def _retry(self, call: _Call) -> Answer:
        self._limit("retry", call.user_id, self._switches.retries_per_minute)
        job = self._job(call)
        if job.status != FAILED:
            raise Refusal(400, "Only failed jobs can be retried")
        again = self._world.retry(job.id)
        return json_answer(200, {"job": self._wired(again), "message": "Job queued for retry"})

    def _counts(self, call: _Call) -> Answer:
        given = {
            name: value
            for name, value in call.request.query.items()
            if name in ("status", "song_type") and name not in self._switches.unknown_filters
        }
        query = parse_query(given)
        jobs = [job for job in self._world.jobs(call.user_id) if query.accepts(job)]
        filters = {"status": query.status, "song_type": query.song_type}
        return json_answer(
            200,
            {
                "total": len(jobs),
                "by_task": dict(Counter(job.task for job in jobs)),
                "by_song_type": _by_song_type(jobs),
                "filters": filters,
            },
        )

    def _stats(self, call: _Call) -> Answer:
        jobs = self._world.jobs(call.user_id)
        liked = sum(job.liked for job in jobs)

        shape = self._switches.filter_values

        def values(name: str) -> object:
            counts = Counter(value for job in jobs for value in values_of(getattr(job, name)))
            if shape in ("counted", "named"):
                key = "value" if shape == "counted" else "name"
                return [{key: value, "count": counts[value]} for value in sorted(counts)]
            return dict(sorted(counts.items())) if shape == "mapping" else sorted(counts)

        stats: dict[str, object] = {
            "total_tracks": len(jobs),
            "liked_count": liked,
            "song_types": _by_song_type(jobs),
        }
        if shape != "absent":
            stats["available_filters"] = {
                "song_types": ["songs", "rap", "instrumental", "edits"],
                "interactions": ["liked"],
                "statuses": list(STATUSES),
                "languages": values("language"),
                "genres": values("genre"),
                "emotions": values("emotion"),
                "occasions": values("occasion"),
            }
        return json_answer(200, stats)

    def _presets(self, _call: _Call) -> Answer:
        return json_answer(200, {"genre_presets": _PRESETS})

    def _model_status(self, _call: _Call) -> Answer:
        shape = self._switches.model_status
        if shape == "text":
            return json_answer(200, "healthy")
        health = {"status": "healthy", "model": "audiomusic-v2", "loaded": True, "queue_length": 0}
        return json_answer(200, health if shape == "flat" else {"models": {"music": health}})

    def _sample_data(self, _call: _Call) -> Answer:
        shape = self._switches.sample_data
        if shape == "text":
            return json_answer(200, "no samples")
        sample = {"prompt": "a slow piano waltz", "lyrics": "[verse]\nrain on the roof", "bpm": 84}
        return json_answer(200, sample if shape == "flat" else {"samples": [sample]})


def _by_song_type(jobs: list[Job]) -> dict[str, int]:
    counts = {"songs": 0, "rap": 0, "instrumental": 0, "edits": 0}
    for job in jobs:
        if job.task in _EDITS:
            counts["edits"] += 1
        elif job.song_type == "rap":
            counts["rap"] += 1
        elif job.song_type in ("instrumental", "samples"):
            counts["instrumental"] += 1
        else:
            counts["songs"] += 1
    return counts


_PRESETS: dict[str, dict[str, object]] = {
    "lofi": {"prompt": "lo-fi hip hop, dusty drums, warm keys", "bpm": 78, "keyscale": "F Major"},
    "ambient": {"prompt": "slow evolving pads, no drums", "bpm": 60, "keyscale": "D minor"},
    "synthwave": {"prompt": "analogue synths, gated snare", "bpm": 104, "keyscale": "A minor"},
    "folk": {"prompt": "acoustic guitar, close vocals", "bpm": 96, "keyscale": "G Major"},
}
