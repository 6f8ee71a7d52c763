"""Stories for the planner's model world: drawn by number, written down, and made shorter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from random import Random
from typing import TypeVar

from syncd.core.policy import Policy

from ...core import world_people as people
from ...core.test_convergence_keeping import OFTEN as KEEPING
from ...core.test_convergence_selection import OFTEN as SELECTING
from ...core.trees import HERE
from ...core.world_people import ACTS, TEMPLATES, TITLES
from ...core.world_rounds import Fault, Luck
from ...core.world_story import Episode, Story

T = TypeVar("T")
Step = tuple[int, int, int]

_NAMING = (
    people.rename, people.rename, people.rename_job, people.rename_job, people.swap, people.chain,
    people.swap_jobs, people.rename_upon, people.move, people.change_template, people.reject,
    people.approve, people.copy, people.add_job, people.delete,
)  # fmt: skip
_DELETING = (
    people.delete, people.delete, people.delete, people.delete_folder, people.put_back,
    people.delete_job, people.bring_job_back, people.strip, people.paste, people.copy, people.move,
    people.rename_job, people.replace_audio, people.set_status, people.set_formats, people.approve,
    people.reject, people.veil, people.set_clock, people.silence_clock, people.add_job,
    people.rename_upon, people.edit, people.evict,
)  # fmt: skip
_KINDS = tuple(
    tuple(ACTS.index(act) for act in kind)
    for kind in (ACTS, ACTS, ACTS, KEEPING, SELECTING, _NAMING, _DELETING, _DELETING)
)
"""What people are up to in one story: everything, or much of one thing."""

_PAUSES = tuple(timedelta(minutes=m) for m in (45, 45, 1, 0.1, 300, 1500))
_FAULTS = tuple(Fault)


def story(seed: int) -> Story:
    """The story of that number, always the same one."""
    rng = Random(seed)
    kind = rng.choice(_KINDS)
    others = rng.choice((0, 0, 0, 0, 0, 1))
    size = rng.choice((0, 1, 2, 2, 3, 4, 5, 6, 9))
    return Story(
        policy=_policy(rng),
        titles=[rng.choice(TITLES) for _ in range(size)],
        episodes=[_episode(rng, kind, others) for _ in range(rng.choice((1, 1, 2, 2, 3, 6)))],
        others=[_policy(rng) for _ in range(others)],
    )


def _policy(rng: Random) -> Policy:
    """Mostly what mirrors everything, for there the most can go wrong."""
    return Policy(
        origin=HERE,
        formats=rng.choice((("flac", "mp3"), ("mp3", "flac"))),
        template=rng.choice(TEMPLATES),
        deletions=rng.choice(("mirror", "mirror", "mirror", "restore", "ignore")),
        remote_deletions=rng.choice(("trash", "trash", "keep")),
        conflicts=rng.choice(("local", "remote", "hold")),
        direction=rng.choice(("both", "both", "both", "down")),
        moves=rng.choice(("auto", "auto", "ask", "never")),
        retry_failed=rng.choice((0, 2, 3)),
        deletion_budget=rng.choice((10, 10, 10, 1, 0)),
        rename_budget=rng.choice((100, 100, 100, 0)),
        deletion_grace=rng.choice((0.0, 3600.0)),
    )


def _episode(rng: Random, kind: Sequence[int], others: int) -> Episode:
    return Episode(
        acts=[_step(rng, kind) for _ in range(rng.choice((1, 1, 2, 3, 4, 7)))],
        rounds=[_luck(rng, kind) for _ in range(rng.choice((1, 1, 2, 3)))],
        who=rng.randint(0, others),
    )


def _step(rng: Random, kind: Sequence[int]) -> Step:
    return (rng.choice(kind), rng.randrange(10), rng.randrange(17))


def _luck(rng: Random, kind: Sequence[int]) -> Luck:
    faults = {rng.randrange(5): rng.choice(_FAULTS) for _ in range(rng.choice((0, 0, 0, 1, 2)))}
    is_met = Fault.MEDDLING in faults.values()
    return Luck(
        pause=rng.choice(_PAUSES),
        order=rng.randrange(8),
        swept=rng.random() < 0.75,
        faults=faults,
        meddling=_step(rng, kind) if is_met else (0, 0, 0),
    )


# --- shorter ---


def shortened(tale: Story, fails: Callable[[Story], bool], *, tries: int = 3_000) -> Story:
    """The shortest found with so many tries; ``fails`` says whether a story still does."""
    left, found = tries, True
    while found and left > 0:
        found = False
        for shorter in _shorter(tale):
            left -= 1
            if left < 0:
                break
            if fails(shorter):
                tale, found = shorter, True
                break
    return tale


def _shorter(tale: Story) -> Iterator[Story]:
    """Every story that is one bit simpler, the greatest bits first."""
    if tale.others:
        yield replace(tale, others=tale.others[:-1])
    for episodes in _without_one(tale.episodes):
        yield replace(tale, episodes=episodes)
    for titles in _without_one(tale.titles):
        yield replace(tale, titles=titles)
    for number, episode in enumerate(tale.episodes):
        for simpler in _simpler(episode):
            yield replace(tale, episodes=_with(tale.episodes, number, simpler))
    for simpler in _plainer(tale.policy):
        yield replace(tale, policy=simpler)
    for number, other in enumerate(tale.others):
        for simpler in _plainer(other):
            yield replace(tale, others=_with(tale.others, number, simpler))
    for number, title in enumerate(tale.titles):
        plain = ("Rain", "Sun")[number % 2]
        if title not in ("Rain", "Sun"):
            yield replace(tale, titles=_with(tale.titles, number, plain))


def _simpler(episode: Episode) -> Iterator[Episode]:
    for acts in _without_one(episode.acts):
        yield replace(episode, acts=acts)
    for rounds in _without_one(episode.rounds):
        yield replace(episode, rounds=rounds)
    for number, luck in enumerate(episode.rounds):
        for simpler in _luckier(luck):
            yield replace(episode, rounds=_with(episode.rounds, number, simpler))
    for number, (kind, one, other) in enumerate(episode.acts):
        for step in ((kind, 0, other), (kind, one, 0)):
            if step != episode.acts[number]:
                yield replace(episode, acts=_with(episode.acts, number, step))


def _luckier(luck: Luck) -> Iterator[Luck]:
    for number in luck.faults:
        rest = {at: fault for at, fault in luck.faults.items() if at != number}
        yield replace(luck, faults=rest, meddling=luck.meddling if rest else (0, 0, 0))
    if not luck.swept:
        yield replace(luck, swept=True)
    if luck.order:
        yield replace(luck, order=0)
    if luck.pause != Luck().pause:
        yield replace(luck, pause=Luck().pause)


def _plainer(policy: Policy) -> Iterator[Policy]:
    usual = Policy(origin=HERE, moves="auto", deletion_grace=0.0)
    for field in fields(Policy):
        plain = getattr(usual, field.name)
        if getattr(policy, field.name) != plain:
            yield replace(policy, **{field.name: plain})


def _without_one(items: list[T]) -> Iterator[list[T]]:
    return (items[:number] + items[number + 1 :] for number in range(len(items)))


def _with(items: list[T], number: int, item: T) -> list[T]:
    return [*items[:number], item, *items[number + 1 :]]


# --- written down ---


def as_test(tale: Story, name: str) -> str:
    """``tale`` as a test for ``tests/core/test_convergence_cases.py``, to be given a name."""
    told = [f"def test_{name}() -> None:", "    play(", "        Story("]
    told.append(f"            policy={_told(tale.policy)},")
    told.append(f"            titles={tale.titles!a},")
    told.append("            episodes=[")
    for episode in tale.episodes:
        acts = ", ".join(f"step({_act(kind)}, {one}, {other})" for kind, one, other in episode.acts)
        rounds = ", ".join(map(_luck_told, episode.rounds))
        who = f", who={episode.who}" if episode.who else ""
        told.append(f"                Episode([{acts}], [{rounds}]{who}),")
    told.append("            ],")
    if tale.others:
        told.append(f"            others=[{', '.join(map(_told, tale.others))}],")
    return "\n".join([*told, "        )", "    )"])


def _act(kind: int) -> str:
    return f"acts.{ACTS[kind].__name__}"


def _told(policy: Policy) -> str:
    usual = Policy(origin=HERE, template="{title}.{ext}", moves="auto", deletion_grace=0.0)
    names = (field.name for field in fields(Policy))
    changed = {
        name: getattr(policy, name)
        for name in names
        if getattr(policy, name) != getattr(usual, name)
    }
    return f"replace(POLICY, {', '.join(f'{name}={value!r}' for name, value in changed.items())})"


def _luck_told(luck: Luck) -> str:
    usual, told = Luck(), []
    if luck.pause != usual.pause:
        told.append(f"pause=timedelta(seconds={luck.pause.total_seconds():g})")
    if luck.order:
        told.append(f"order={luck.order}")
    if not luck.swept:
        told.append("swept=False")
    if luck.faults:
        faults = ", ".join(f"{at}: {fault}" for at, fault in luck.faults.items())
        told.append(f"faults={{{faults}}}")
    if Fault.MEDDLING in luck.faults.values():
        kind, one, other = luck.meddling
        told.append(f"meddling=step({_act(kind)}, {one}, {other})")
    return f"Luck({', '.join(told)})"
