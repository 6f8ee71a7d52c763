"""What each part of the program needs of the settings."""

from __future__ import annotations

from dataclasses import replace

from syncd.catalog.store import Catalog
from syncd.config import Settings
from syncd.core.exporting import Exports
from syncd.core.model import Origin
from syncd.core.only import Only
from syncd.core.policy import Policy
from syncd.core.query import parse_query
from syncd.core.tagging import Style
from syncd.elsewhere import Elsewhere, stand_elsewhere
from syncd.executor import Execution
from syncd.local import files


def policy_of(settings: Settings) -> Policy:
    """The settings that decide; the origin is filled in by the cycle, which knows the account."""
    return Policy(
        origin=Origin(settings.api.base_url),
        formats=settings.library.formats,
        template=settings.library.template,
        artist=settings.library.artist,
        album=settings.library.album,
        direction=settings.sync.direction,
        deletions=settings.sync.deletions,
        deletion_grace=settings.sync.deletion_grace,
        deletion_budget=settings.sync.deletion_budget,
        rename_budget=settings.sync.rename_budget,
        remote_deletions=settings.sync.remote_deletions,
        conflicts=settings.sync.conflicts,
        moves=settings.library.moves,
        retry_failed=0 if settings.sync.retry_failed == "off" else settings.sync.retry_failed,
        only=Only(**dict(settings.library.only)),
        further=settings.first is not None,
    )


def policy_now(settings: Settings, catalog: Catalog) -> Policy:
    """The same, with what the catalogs of the other trees say of files that are missed."""
    others = further_of(settings, catalog)
    missed = catalog.further.absent() if others else ()
    return replace(policy_of(settings), elsewhere=stand_elsewhere(others, missed))


def style_of(settings: Settings) -> Style:
    """How tags are written."""
    return Style(**settings.tags.model_dump())


def exports_of(settings: Settings) -> Exports:
    """What is kept up to date for other programs."""
    return Exports(
        playlists=settings.exports.playlists or None,
        rekordbox=settings.exports.rekordbox or None,
        nsp=settings.exports.nsp or None,
        path_map=settings.exports.path_map,
        queries={one.name: parse_query(one.query) for one in settings.playlists},
        artist=settings.library.artist,
    )


def execution_of(settings: Settings) -> Execution:
    """How operations are carried out."""
    return Execution(
        artist=settings.library.artist,
        template=settings.library.template,
        file_mode=files.default_mode(),
        max_file_size=settings.limits.max_file_size,
        min_free_space=settings.limits.min_free_space,
        parallel_downloads=settings.limits.parallel_downloads,
        deletion_grace=settings.sync.deletion_grace,
        style=style_of(settings),
    )


def further_of(settings: Settings, catalog: Catalog) -> tuple[Elsewhere, ...]:
    """The further trees, to be looked at from the first one, whose ``catalog`` it is."""
    return tuple(
        Elsewhere(format_, tree.library.root, tree.library.ignore, tree.catalog, catalog)
        for format_, tree in settings.trees.items()
    )
