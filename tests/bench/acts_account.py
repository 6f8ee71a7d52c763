"""What happens in the account by other hands, and to the clocks; as ``acts_folder``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .house import House

TITLES = (
    "Rain", "Sun", "Moon", "rain", "AC/DC", "Café", "", None, "con", "Rain [2]", ".hidden", " pad ",
    "Zoë: live?", "雨", "a\tb", "y" * 190, "\u202eevil",
)  # fmt: skip
MOST = 12
"""Jobs in an account: enough to get in each other's way."""


def _job(house: House, number: int) -> int | None:
    found = [job.id for job in house.world.jobs()]
    return found[number % len(found)] if found else None


def job_rename(house: House, one: int, other: int) -> str | None:
    job = _job(house, one)
    if job is None:
        return None
    title = TITLES[other % len(TITLES)]
    house.world.rename(job, title)
    return f"account: {job} is {title!r}"


def job_delete(house: House, one: int, other: int) -> str | None:
    job = _job(house, one)
    if job is None:
        return None
    house.world.delete(job)
    return f"account: {job} deleted"


def job_add(house: House, one: int, other: int) -> str | None:
    if len(house.world.jobs()) >= MOST:
        return None
    kinds = (("flac", "mp3"), ("mp3",), ("flac",), ("wav",))[one % 4]
    audio = {kind: house.audio(kind) for kind in kinds}
    job = house.world.add(
        display_name=TITLES[other % len(TITLES)],
        prompt=f"prompt {one}",
        audio=audio,
        lrc_content="[00:00.00]la" if one % 3 == 0 else None,
    )
    return f"account: {job} made, {TITLES[other % len(TITLES)]!r}, {'+'.join(kinds)}"


def job_begin(house: House, one: int, other: int) -> str | None:
    if len(house.world.jobs()) >= MOST:
        return None
    outcome = "FAILED" if other % 3 == 0 else "COMPLETED"
    job = house.world.add(
        display_name=TITLES[other % len(TITLES)],
        status="PENDING",
        outcome=outcome,
        audio={"flac": house.audio("flac")},
    )
    return f"account: {job} begun, will be {outcome}"


def job_retry(house: House, one: int, other: int) -> str | None:
    failed = [job.id for job in house.world.jobs() if job.status == "FAILED"]
    if not failed:
        return None
    job = failed[one % len(failed)]
    house.world.retry(job)
    return f"account: {job} retried"


def job_audio(house: House, one: int, other: int) -> str | None:
    job = _job(house, one)
    found = house.world.job(job) if job is not None else None
    if found is None or not found.audio:
        return None
    house.world.replace_audio(job, {kind: house.audio(kind) for kind in found.audio})
    return f"account: {job} has other audio"


def job_words(house: House, one: int, other: int) -> str | None:
    job = _job(house, one)
    if job is None:
        return None
    genre = ("Pop", "Jazz", "Lo-fi", None)[other % 4]
    house.world.update(job, genre=genre, bpm=60 + other)
    return f"account: {job} is {genre}"


def wait(house: House, one: int, other: int) -> str | None:
    seconds = (60, 600, 3_700, 30_000, 90_000)[one % 5]
    house.moment.pass_(seconds)
    return f"{seconds} s pass"


def clock(house: House, one: int, other: int) -> str | None:
    if other % 3:
        return None
    seconds = (-7_200, 86_400 * 40, -86_400 * 3, 3_600)[one % 4]
    house.moment.step(seconds)
    return f"the clock is set by {seconds} s"


ACTS = (
    job_rename, job_rename, job_delete, job_add, job_begin, job_retry, job_audio, job_words,
    wait, wait, clock,
)  # fmt: skip
"""As often as they stand here."""

NAMED = {act.__name__: act for act in ACTS}
