"""Tasks that are made of proposals: joined, to be done in turn, or saying together what one thing is to be.

What a person asks in one breath, `fill the glass and put the glass on the desk`, may be two conditions or one about one
glass, which is more than both: where two proposals are about one thing, what they ask for together is a task as well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from envs.errors import GoalError
from envs.symbolic.goals import Condition, Count, Goal, Holding, fixtures_named, format_goal, parse_goal
from planner.goals.comparison import meaning, shape
from planner.goals.merging import merge_conditions
from planner.language.normalization import MAX_INSTRUCTION_CHARS, normalize
from planner.language.realization import Realizer
from planner.language.sequencing import SEQUENCE_FRAMES, join_in_sequence
from planner.learning.proposals import Origin, Proposal, refused, start_of, substitute_category

LENGTHS = (2, 3, 4, 5, 6, 7, 8, 9, 10)  # conditions that joined goals aim at
SHARES: dict[Origin, float] = {"joined": 0.5, "in turn": 0.15, "merged": 0.35}
CANDIDATES = 4  # of which the one is made whose form was made most seldom
MOST_IN_TURN = 2  # conditions of each of the tasks
MERGE_TRIES = 40
SAME_THING = 0.6  # of tasks in turn go on with what the one before had

Members = Sequence[tuple[Proposal, Goal]]
Made = tuple[list[Proposal], Goal]


def compose(proposals: Sequence[Proposal], count: int, seed: int) -> Iterator[Proposal]:
    """Yield `count` tasks for each home that several kept proposals make, of any homes."""
    kept = [p for p in proposals if not p.dropped and p.parts == 1]
    members = [(p, goal) for p in kept if len((goal := parse_goal(p.goal)).phases) == 1]
    seen: set[tuple[tuple[str, ...], ...]] = set()
    made: Counter[str] = Counter()
    for home in dict.fromkeys(p.home for p in proposals):
        rng = random.Random(f"compose/{seed}/{home}")
        for number in range(count):
            (origin,) = rng.choices(list(SHARES), list(SHARES.values()))
            found = _rarest([_MAKERS[origin](members, rng) for _ in range(CANDIDATES)], made)
            if found is None or meaning(found[1]) in seen:
                continue
            chosen, goal = found
            seen.add(meaning(goal))
            realizer, parts = Realizer(rng, None), [p.instruction for p in chosen]
            words = join_in_sequence(rng, parts, SEQUENCE_FRAMES) if origin == "in turn" else realizer.join(parts)
            if len(words) > MAX_INSTRUCTION_CHARS:  # its end would not be read
                continue
            dropped = refused(goal, start_of(home, goal))
            if not dropped:
                made.update(condition_forms(goal))
            yield Proposal(
                id=f"{home}/{origin.replace(' ', '-')}/{number}", home=home, instruction=normalize(words),
                goal=format_goal(goal), dropped=dropped, parts=len(chosen), origin=origin,
            )  # fmt: skip


def _rarest(found: Sequence[Made | None], made: Counter[str]) -> Made | None:
    """Return the one that has the form that was made most seldom."""
    there = [one for one in found if one is not None]
    return min(there, key=lambda one: min(made[form] for form in condition_forms(one[1])), default=None)


def condition_forms(goal: Goal) -> set[str]:
    """Return what is to be made about equally often: each form of condition at each fixture, and how many there are."""
    single = {" at ".join((shape(Goal(phases=((c,),))), *fixtures_named(c))) for c in goal.conditions}
    kinds = sorted({f"{type(c).__name__} {getattr(c, 'quantifier', '')}" for c in goal.conditions})
    return single | {f"{len(goal.conditions)} conditions: {' , '.join(kinds)}"}


def _join(members: Members, rng: random.Random) -> Made | None:
    """Choose tasks to be done together, about as many conditions as one of `LENGTHS`."""
    conditions = rng.choice(LENGTHS)
    chosen: list[Proposal] = []
    found: list[Condition] = []
    for proposal, goal in rng.sample(members, len(members)):
        added = goal.phases[0]
        if len(found) + len(added) > conditions or set(added) & set(found):
            continue
        if (
            sum(isinstance(c, Holding) for c in (*found, *added)) > 1
            or len(proposal.instruction) > MAX_INSTRUCTION_CHARS / 3
        ):
            continue
        chosen.append(proposal)
        found += added
    return (chosen, Goal(phases=(tuple(found),))) if len(chosen) > 1 else None


def _in_turn(members: Members, rng: random.Random) -> Made | None:
    """Choose two or three tasks to be done one after the other; often the second goes on with what the first had."""
    members = [m for m in members if len(m[1].conditions) <= MOST_IN_TURN]
    if len(members) < 2:
        return None
    first = rng.choice(members)
    others = [m for m in members if m[1] != first[1]]
    things = {c.thing.word for c in first[1].conditions if isinstance(c, Count | Holding)}
    same = [m for m in others if any(isinstance(c, Count) and c.thing.word in things for c in m[1].conditions)]
    if rng.random() < SAME_THING:
        others = same
    if not others:
        return None
    chosen = [first, *rng.sample(others, k=min(len(others), rng.choice((1, 1, 2))))]
    return [p for p, _ in chosen], Goal(phases=tuple(goal.phases[0] for _, goal in chosen))


def _merged(members: Members, rng: random.Random) -> Made | None:
    """Choose two tasks of one condition each that say together what one thing is to be.

    Where the second is about another thing, by its plain name, it is made to be about the first one's.
    """
    single = [(p, g) for p, g in members if len(g.conditions) == 1 and isinstance(g.conditions[0], Count)]
    for _ in range(MERGE_TRIES if len(single) > 1 else 0):
        (proposal, goal), (other, more) = rng.sample(single, 2)
        about, told = (c.thing.word for g in (goal, more) for c in g.conditions if isinstance(c, Count))
        if about != told:
            exchanged = substitute_category(other.instruction, other.goal, told, about)
            if exchanged is None:
                continue
            try:
                other, more = replace(other, instruction=exchanged[0]), parse_goal(exchanged[1])
            except GoalError:
                continue
        both = Goal(phases=((*goal.conditions, *more.conditions),))
        whole = merge_conditions(both)
        if len(whole.conditions) == 1 and whole.conditions[0] not in both.conditions:
            return [proposal, other], whole
    return None


_MAKERS: dict[Origin, Callable[[Members, random.Random], Made | None]] = {
    "joined": _join,
    "in turn": _in_turn,
    "merged": _merged,
}
