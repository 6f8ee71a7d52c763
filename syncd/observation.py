"""Observing: what the service and the folder show is taken into the catalog, and into three trees.

The account is looked at in full (``sweep_account``), cheaply (``poll_account``), or for the sake of
its unfinished jobs alone (``ask_unfinished``). The folder is always looked at in full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from syncd.account import check_account, confirm_key
from syncd.catalog.store import Binding, Catalog
from syncd.core.baseline import Baseline
from syncd.core.evidence import match, sight, to_hash
from syncd.core.model import Job, LocalFile, LocalTree
from syncd.core.policy import Policy
from syncd.core.selection import changed_states
from syncd.elsewhere import stand_elsewhere
from syncd.errors import (
    ContractBroken,
    CreditsExhausted,
    KeyRevoked,
    NoSuchJob,
    Offline,
    RemoteError,
    RequestRefused,
    RootUnusable,
    WrongAccount,
)
from syncd.executor.threads import to_its_end
from syncd.library import Library, Trees
from syncd.local import files
from syncd.local.scan import scan
from syncd.local.tags import read_identity
from syncd.remote.query import JobQuery
from syncd.remote.sweep import Sweep

MOST_ASKED = 5
"""Of how many unfinished jobs the status is asked at once; a poll sees the others."""

_FIGURES = {
    "counts": timedelta(hours=1),
    "filters": timedelta(hours=1),
    "presets": timedelta(days=7),
}
"""What of ``remote.query.PATHS`` is kept after a sweep, and when it is asked anew."""

_log = structlog.get_logger("syncd.observation")


@dataclass(frozen=True, slots=True)
class News:
    """What a look at the account brought. ``doubts`` say in plain words why it may not be all:
    of a sweep, that no absence follows from it; of a cheap look, that a sweep is needed.
    """

    changed: bool = False
    doubts: tuple[str, ...] = ()


async def sweep_account(library: Library) -> News:
    """Take the whole account into the catalog."""
    await confirm_key(library.client, library.catalog, library.key_fingerprint)
    sweep = Sweep(library.client)
    number = await asyncio.to_thread(library.catalog.begin_sweep, library.clock())
    async for jobs in sweep.pages():
        await asyncio.to_thread(check_account, library.catalog, jobs)
        await asyncio.to_thread(library.catalog.observe, jobs, library.clock(), sweep=number)
        library.progress.swept(sweep.count, sweep.total)
    await asyncio.to_thread(
        library.catalog.finish_sweep,
        number,
        library.clock(),
        complete=sweep.complete,
        total=sweep.total,
        seen=sweep.count,
        doubts=sweep.doubts,
    )
    library.poller.swept(sweep.total, sweep.count)
    for doubt in sweep.doubts:
        _log.warning("the listing is doubtful", why=doubt)
    return News(changed=True, doubts=sweep.doubts)


async def ask_for_figures(library: Library) -> None:
    """Keep what the service says of the account as a whole, where that is not known of late.

    Nothing is decided by it: where it cannot be had, it is left for the next sweep.
    """
    answers = library.catalog.answers
    for name, age in _FIGURES.items():
        kept = await asyncio.to_thread(answers.find, name, {})
        if kept is not None and kept.at <= library.clock() < kept.at + age:
            continue
        try:
            reply = await library.client.ask(name)
        except RemoteError as error:
            _log.debug("was not told", what=name, why=error.message)
            return
        await asyncio.to_thread(answers.keep, name, {}, reply.document, library.clock())


async def poll_account(library: Library) -> News:
    """Take in what a few requests show, however large the account is (``remote.poll``)."""
    await confirm_key(library.client, library.catalog, library.key_fingerprint)
    polled = await library.poller.poll()
    await asyncio.to_thread(check_account, library.catalog, polled.jobs)
    news = await asyncio.to_thread(library.catalog.observe, polled.jobs, library.clock())
    doubts = library.poller.doubts(polled, news.new)
    in_flight = await asyncio.to_thread(library.catalog.in_flight)
    unseen = library.poller.missing_in_flight(polled, in_flight)
    asked = await _ask(library, unseen)
    return News(bool(news.changed) or asked.changed, (*doubts, *asked.doubts))


async def ask_unfinished(library: Library) -> News:
    """Take in the status of the youngest unfinished jobs: they are about to be finished."""
    in_flight = await asyncio.to_thread(library.catalog.in_flight)
    youngest = sorted(in_flight, reverse=True)[:MOST_ASKED]
    return await _ask(library, youngest)


async def _ask(library: Library, job_ids: Iterable[int]) -> News:
    """An answer that settles nothing is that job's alone, as long as the account itself is shown:
    403 for one job is no revoked key, and 500 no absent service.
    """
    found: list[Job] = []
    doubts = []
    for job_id in job_ids:
        try:
            found.append(await library.client.job(job_id))
        except NoSuchJob as error:
            doubts.append(error.message)
        except (ContractBroken, RequestRefused, CreditsExhausted, KeyRevoked, Offline) as error:
            # Of this job alone, or of everything? Then this fails as well.
            await library.client.page(JobQuery(limit=1))
            _log.debug("a job does not tell its status", job=job_id, why=error.message)
    news = await asyncio.to_thread(library.catalog.observe, found, library.clock())
    return News(bool(news.changed), tuple(doubts))


async def follow_first(library: Library) -> News:
    """Take over what was observed of the account on behalf of the first tree: of a further one.

    Raises ``WrongAccount`` where the first tree is of another account by now.
    """
    return await asyncio.to_thread(_follow_first, library.catalog)


def _follow_first(catalog: Catalog) -> News:
    assert catalog.source is not None, "the first tree follows no other"
    theirs, ours = catalog.source.binding(), catalog.binding()
    if theirs is None or ours is None or theirs.key_fingerprint is None:
        return News(doubts=("the account was not listed yet",))
    if None not in (ours.account, theirs.account) and ours.account != theirs.account:
        raise WrongAccount(
            f"this tree is of account {ours.account}, and the library's own folder of account "
            f"{theirs.account}",
            hint="choose another library.also_root; nothing was changed",
        )
    doubts = catalog.source.doubts()
    fresh = replace(
        ours,
        account=theirs.account or ours.account,
        key_fingerprint=theirs.key_fingerprint,
        first_key=theirs.first_key,
    )
    if _may_be_of_another(ours, theirs):
        fresh = replace(fresh, settled=False, bound_anew=ours.bound_anew or "adopt")
    if fresh.bound_anew and theirs.bound_anew:
        # Until then the caution does not end here, either.
        doubts += ("the library's own folder was bound anew, and was not gone through since",)
    # Before what it shows is taken over, which would be acted on without caution.
    if fresh != ours:
        if fresh.key_fingerprint != ours.key_fingerprint:
            catalog.holds.end_refusals_to_key()
        catalog.bind(fresh)
    return News(catalog.follow(), doubts)


def _may_be_of_another(ours: Binding, theirs: Binding) -> bool:
    """Whether the first tree may be of another account by now, which no job names.

    Not where a key was found to be of the same one (``account.confirm_key``), but where the folder
    was adopted, or its catalog made anew, with another key.
    """
    if ours.key_fingerprint is None or None not in (ours.account, theirs.account):
        return False
    return ours.line_of_keys != theirs.line_of_keys


def look_elsewhere(library: Library, trees: Trees) -> Mapping[int, str]:
    """Of the tracks whose file is missed: where it stands in another tree, in words.

    Their grace has not begun: it does once they are gone from there, too.
    """
    if not library.others:
        return {}
    missed = {known.job_id for known in trees.baseline.tracks.values() if known.absence}
    standing = stand_elsewhere(library.others, missed)
    library.catalog.scans.rearm(standing, library.now())
    return standing


async def observe(library: Library, policy: Policy) -> Trees:
    """The three trees: a scan of a root that is valid before and after it, and the catalog."""
    # Waited for where the run is stopped: the locks are held while the folder is looked at.
    return await to_its_end(_observe, library, policy)


def _observe(library: Library, policy: Policy) -> Trees:
    catalog, now = library.catalog, library.now()
    known = catalog.scans.known_files()
    library.root.verify(library.marker)
    local = scan(
        library.root.path,
        known,
        read_identity=read_identity,
        looked=library.progress.looked,
        ignore=library.root.ignore,
    )
    library.root.verify(library.marker)
    if "." in local.broken:
        raise RootUnusable(
            f"{local.broken['.']}: what is to be kept out of {library.root.path} is not known",
            hint="mend that file, or remove it; nothing was changed",
        )
    if "." in local.unreadable:
        raise RootUnusable(
            f"the library folder {library.root.path} cannot be read",
            hint="give the user that runs syncd the right to read it",
        )
    catalog.outcomes.fill_in_told()
    remote, baseline = catalog.remote_tree(), catalog.baseline(now)
    found = match(local, baseline, policy)
    only = policy.only
    changed = changed_states(remote, baseline, only, found.files)
    local = _with_digests(library, local, to_hash(remote, baseline, found, only))
    mounted = _mounted(local, baseline, found.files)
    with catalog.together():
        catalog.selected.note(changed, only.digest)
        catalog.scans.remember(known, local.files)
        catalog.scans.note(sight(local, baseline, found), now)
        catalog.scans.note_mounted(mounted)
        baseline = catalog.baseline_after(baseline, changed.keys() | mounted.keys())
    return Trees(remote, local, baseline)


def _with_digests(library: Library, local: LocalTree, wanted: Iterable[LocalFile]) -> LocalTree:
    """``local`` with the SHA-256 of those files whose bytes a decision turns on."""
    files_ = dict(local.files)
    for file in wanted:
        try:
            digest = files.sha256(library.root.path / file.path, library.progress.looked)
        except OSError:
            continue  # not known, so it counts as edited, and stays
        files_[file.path] = replace(file, sha256=digest)
    return replace(local, files=files_)


def _mounted(
    local: LocalTree, baseline: Baseline, found: Mapping[int, LocalFile]
) -> dict[int, bool]:
    """The tracks whose file is where it was, in what is mounted there and was not, or no more."""
    changed = {}
    for job_id, file in found.items():
        known = baseline.tracks.get(job_id)
        placed = known.placed if known else None
        if placed and placed.path == file.path:
            mounted = local.mount_of(file.path) is not None
            if mounted != placed.mounted:
                changed[job_id] = mounted
    return changed
