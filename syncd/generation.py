"""What is written down beside the plan: how often the set of placed files changed, whether the
catalog has settled, and what a lost catalog could not tell anew.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.core.baseline import State
from syncd.library import Library
from syncd.local.notes import MOST_TIMES, Notes, write_notes
from syncd.local.root import prepare, read_marker, write_marker


def enter_next_generation(library: Library) -> None:
    """Count a change to the set of placed files: in the catalog first, then in the marker.

    So a catalog or a folder that comes back from a backup is told from the current one when it is
    opened (``engine``), and a stop between the two is told from either.
    Raises ``RootUnusable``, and counts nothing, where the root is not the library's by now.
    """
    library.root.verify(library.marker)
    binding = library.catalog.binding()
    assert binding is not None, "a library is bound when it is opened"
    marker = read_marker(library.root) or library.marker
    following = replace(binding, generation=binding.generation + 1)
    if marker.generation == binding.generation:
        # After a stop that is not noted yet, and after another one this may be the one that stands.
        following = replace(following, marker_generation=marker.generation)
    library.catalog.bind(following)
    prepare(library.root)
    fresh = replace(marker, generation=following.generation, account=following.account)
    write_marker(library.root, fresh)
    library.catalog.bind(replace(following, marker_generation=following.generation))


def settle(library: Library) -> bool:
    """Note that a complete clean cycle has ended; whether it was the first.

    One that was held back, because the catalog was bound anew, does not show that all is well.
    """
    binding = library.catalog.binding()
    if binding is None or binding.settled or binding.bound_anew:
        return False
    library.catalog.bind(replace(binding, settled=True))
    return True


def end_caution(library: Library) -> None:
    """All that differs since the catalog was bound anew, or the root is another, is known by now.

    Known after a listing without a doubt, and a scan that could read everything.
    """
    binding = library.catalog.binding()
    if binding is not None and (binding.bound_anew or binding.root_moved):
        library.catalog.bind(replace(binding, bound_anew=None, root_moved=False))


def keep_notes(library: Library) -> None:
    """Keep beside the marker what a lost catalog could not tell anew.

    Raises ``RootUnusable``, and writes nothing, where the root is not the library's by now.
    """
    library.root.verify(library.marker)
    catalog = library.catalog
    with catalog.together():
        notes = Notes(
            evicted=catalog.selected.put_aside(State.EVICTED),
            ignored=catalog.selected.put_aside(State.IGNORED),
            held=frozenset(held.job_id for held in catalog.holds.all()),
            freed=catalog.selected.put_aside(State.UNSELECTED, had_file=True),
            retried={job: min(times, MOST_TIMES) for job, times in catalog.retries.times().items()},
            further=catalog.further.all_set_up(),
        )
    write_notes(library.root, notes)
