"""Whether the catalog, the folder and the service belong together.

Asked once, when they are opened. Whatever does not fit is told apart from a deletion by the user:
an unmounted disk, another folder, a folder or a catalog from a backup, another service.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syncd.catalog.store import Binding, Catalog
from syncd.config import Settings
from syncd.errors import (
    CatalogUnusable,
    ConfigError,
    RootUnusable,
    SyncdError,
    Uninitialised,
    WrongAccount,
)
from syncd.local.mounts import root_id
from syncd.local.root import Marker, Root, create_root, find_marker, open_root


def open_bound(settings: Settings, catalog: Catalog) -> tuple[Root, Marker]:
    """The root, its marker and the catalog, proven to belong together; a blank catalog joins.

    Raises ``Uninitialised``, ``RootUnusable``, ``WrongAccount`` or ``CatalogUnusable``, each with
    the one command that resolves it.
    """
    # A catalog that never held a job is as good as none, whatever it was bound to.
    binding = None if catalog.is_empty() else catalog.binding()
    where = settings.library.root
    marker = find_marker(where)
    if marker is None and binding is None:
        raise uninitialised(where)
    root = open_root(where, settings.library.ignore)
    if marker is None:
        raise unmarked(where)
    base_url = settings.api.base_url
    if marker.base_url != base_url or (binding and binding.base_url != base_url):
        raise WrongAccount(
            f"the library in {where} belongs to {marker.base_url}, api.base_url is {base_url}",
            hint="correct api.base_url; if the service moved, syncd adopt binds the library anew; "
            "syncd init makes a new one for another service",
        )
    if binding is None:
        if marker.generation:
            raise lost(settings)
        binding = Binding(library_id=marker.library_id, base_url=base_url, account=marker.account)
        catalog.bind(binding)
    if binding.library_id != marker.library_id:
        raise RootUnusable(
            may_return=False,
            message=f"{where} is another library than the one in the catalog {settings.catalog}",
            hint="correct library.root, or give this library a state.dir of its own; "
            "syncd adopt binds this catalog to this folder",
        )
    _check_generation(settings, binding, marker)
    if marker.account and binding.account and marker.account != binding.account:
        raise WrongAccount(
            f"the library in {where} belongs to account {marker.account}, and the catalog "
            f"{settings.catalog} to {binding.account}",
            hint="correct library.root, or state.dir; syncd adopt shows the differences and binds "
            "them anew; nothing was changed",
        )
    return root, marker


def make_tree(settings: Settings, catalog: Catalog) -> None:
    """Make the root and the marker of a further tree, where there never was one.

    What stands in the folder is left alone. Raises ``RootUnusable`` where it was there before, and
    ``ConfigError`` where it lies in the first one, by way of a link, or that in it.
    """
    first, source, where = settings.first, catalog.source, settings.library.root
    assert first is not None, "it is a further tree"
    assert source is not None, "it follows the first"
    one, other = first.library.root.resolve(), where.resolve()
    if one in (other, *other.parents) or other in one.parents:
        raise ConfigError(
            f"{where} and {first.library.root} lie in one another",
            hint="choose another library.also_root",
        )
    if find_marker(where) is not None:
        return
    if source.further.set_up(settings.format) is not None or not catalog.is_empty():
        raise RootUnusable(
            f"{where} is not there, or has no marker: it is not the tree that was made before",
            hint="mount the disk that holds it, or correct library.also_root; if this is it "
            f"nevertheless, or that one is gone for good, syncd --tree {settings.format} adopt "
            "binds it anew",
        )
    create_root(where, settings.api.base_url)


def note_root(catalog: Catalog, root: Root) -> None:
    """Note what the root is known by, and whether it is another one than before.

    Then what a scan misses may have been left behind by what brought the library there: an
    interrupted copy looks like a deletion (``Baseline.left_behind``). Raises ``RootUnusable``.
    """
    binding = catalog.binding()
    assert binding is not None, "a library is bound when it is opened"
    found = root_id(root)
    if binding.root_id == found:
        return
    moved = binding.root_moved or binding.root_id is not None
    catalog.bind(replace(binding, root_id=found, root_moved=moved))


def _check_generation(settings: Settings, binding: Binding, marker: Marker) -> None:
    """Refuse a catalog or a folder that came back from a backup: it would show false deletions.

    A stop between the two writes leaves the marker at the generation that it is known to hold.
    """
    if marker.generation in (binding.generation, binding.marker_generation):
        return
    if marker.generation > binding.generation:
        raise CatalogUnusable(
            f"the catalog in {settings.state.dir} is older than the library: it was restored from "
            "a backup, or another syncd worked on this folder",
            hint="syncd adopt shows the differences and binds them anew; nothing was changed",
        )
    raise RootUnusable(
        may_return=False,
        message=f"the library in {settings.library.root} is older than its catalog: it was "
        "restored from a backup",
        hint="syncd adopt shows the differences and binds them anew; nothing was changed",
    )


def uninitialised(where: Path) -> Uninitialised:
    return Uninitialised(
        f"{where} is not a syncd library yet",
        hint=f"run syncd init --root {where}",
    )


def unmarked(where: Path) -> RootUnusable:
    return RootUnusable(
        f"{where} has no marker: it is not the folder that this catalog belongs to",
        hint="mount the disk that holds the library, or correct library.root; if this is the "
        "library nevertheless, syncd adopt binds it anew; nothing was changed",
    )


def without_marker(settings: Settings) -> SyncdError:
    """Why ``library.root`` has no marker: there never was one, or what the catalog knows is away.

    Raises ``CatalogUnusable``.
    """
    where = settings.library.root
    catalog = Catalog.read(settings.catalog)
    if catalog is None:
        return uninitialised(where)
    try:
        return uninitialised(where) if catalog.is_empty() else unmarked(where)
    finally:
        catalog.close()


def was_lost(settings: Settings) -> bool:
    """Whether a catalog that holds nothing is not the one that the library was made with."""
    try:
        marker = find_marker(settings.library.root)
    except RootUnusable:
        return False  # an unmounted disk tells nothing
    return marker is not None and marker.generation > 0


def lost(settings: Settings) -> CatalogUnusable:
    return CatalogUnusable(
        f"the catalog in {settings.state.dir} is new or was lost, and the library in "
        f"{settings.library.root} is not new",
        hint="syncd rebuild makes the catalog anew, without deleting or renaming anything",
    )


def unsynced(settings: Settings) -> SyncdError:
    """Why there is no catalog: there is no library, it was lost, or nothing was synced yet."""
    where = settings.library.root
    try:
        marker = find_marker(where)
    except RootUnusable as error:
        return error
    if marker is None:
        return uninitialised(where)
    if marker.generation:
        return lost(settings)
    return Uninitialised(
        f"there is no catalog in {settings.state.dir} yet", hint="run syncd sync first"
    )
