"""What a scene has come to: in the folder, its trash, the account and the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .. import sound
from ..house import Home, House
from ..ledger import everything, walk


async def state(house: House) -> dict[str, object]:
    """What there is in folder, trash, account and catalog, as far as it means anything."""
    home = house.homes[0]
    root, private = home.root, home.root / ".syncd"
    library = (await home.member.open()).library
    catalog = library.catalog
    baseline = catalog.baseline(library.now())
    return {
        "files": {str(path.relative_to(root)): _meant(home, path) for path in walk(root)},
        "folders": sorted(str(path.relative_to(root)) for path in _folders(root)),
        "trash": sorted(
            {
                str(_meant(home, path))
                for path in everything(private / "trash")
                if path.suffix in sound.SUFFIXES
            }
        ),
        "unfinished": sorted(path.name for path in everything(private / "incoming")),
        "new": sorted(path.name for path in private.glob("*.new")),
        "account": {
            job.id: (job.display_name, job.status, sorted(job.audio)) for job in house.world.jobs()
        },
        "catalog": {
            track.job_id: (str(track.state), track.placed and track.placed.path)
            for track in baseline.tracks.values()
        },
        "holds": sorted((one.job_id, one.verb) for one in catalog.holds.all()),
    }


def _folders(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_dir() and ".syncd" not in path.parts]


def _meant(home: Home, path: Path) -> tuple[object, ...]:
    seen = home.read(path)
    if path.suffix in sound.SUFFIXES:
        return (seen.job, seen.heard, seen.title, seen.marks)
    return (seen.sha,)


def differences(found: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    """In what ``found`` is not ``wanted``, in words."""
    return [
        f"{what} differ from where nothing struck: {_unlike(found.get(what), wanted[what])}"
        for what in wanted
        if found.get(what) != wanted[what]
    ]


def _unlike(found: object, wanted: object) -> str:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
        return "; ".join(f"{key}: {found.get(key)} for {wanted.get(key)}" for key in keys)
    return f"{found} for {wanted}"
