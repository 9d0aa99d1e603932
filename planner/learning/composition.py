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
from planner.language.normalization import SPAN, normalize
from planner.language.realization import Realizer
from planner.language.sequencing import IN_TURN, join_in_turn
from planner.learning.proposals import Origin, Proposal, initial_state_of, rejection_reason, substitute_category

LENGTHS = (2, 3, 4, 5, 6, 7, 8, 9, 10)  # conditions that joined goals aim at
SHARES: dict[Origin, float] = {"joined": 0.5, "in turn": 0.15, "merged": 0.35}
CANDIDATES = 4  # of which the one is made whose form was made most seldom
MAX_SEQUENTIAL_CONDITIONS = 2  # conditions of each of the tasks
MERGE_TRIES = 40
SAME_OBJECT_SHARE = 0.6  # of tasks in turn go on with what the one before had

Members = Sequence[tuple[Proposal, Goal]]
ComposedTask = tuple[list[Proposal], Goal]


def compose(proposals: Sequence[Proposal], count: int, seed: int) -> Iterator[Proposal]:
    """Yield `count` tasks for each home that several kept proposals make, of any homes."""
    kept = [p for p in proposals if not p.dropped and p.parts == 1]
    members = [(p, goal) for p in kept if len((goal := parse_goal(p.goal)).phases) == 1]
    meanings: set[tuple[tuple[str, ...], ...]] = set()
    form_counts: Counter[str] = Counter()
    for home in dict.fromkeys(p.home for p in proposals):
        rng = random.Random(f"compose/{seed}/{home}")
        for number in range(count):
            (origin,) = rng.choices(list(SHARES), list(SHARES.values()))
            task = _rarest([_MAKERS[origin](members, rng) for _ in range(CANDIDATES)], form_counts)
            if task is None or meaning(task[1]) in meanings:
                continue
            parts, goal = task
            meanings.add(meaning(goal))
            realizer, instructions = Realizer(rng, None), [p.instruction for p in parts]
            instruction = (
                join_in_turn(rng, instructions, IN_TURN) if origin == "in turn" else realizer.join(instructions)
            )
            if len(instruction) > SPAN:  # its end would not be read
                continue
            dropped = rejection_reason(goal, initial_state_of(home, goal))
            if not dropped:
                form_counts.update(condition_forms(goal))
            yield Proposal(
                id=f"{home}/{origin.replace(' ', '-')}/{number}", home=home, instruction=normalize(instruction),
                goal=format_goal(goal), dropped=dropped, parts=len(parts), origin=origin,
            )  # fmt: skip


def _rarest(candidates: Sequence[ComposedTask | None], form_counts: Counter[str]) -> ComposedTask | None:
    """Return the one that has the form that was made most seldom."""
    tasks = [task for task in candidates if task is not None]
    return min(tasks, key=lambda task: min(form_counts[form] for form in condition_forms(task[1])), default=None)


def condition_forms(goal: Goal) -> set[str]:
    """Return what is to be made about equally often: each form of condition at each fixture, and how many there are."""
    forms = {" at ".join((shape(Goal(phases=((c,),))), *fixtures_named(c))) for c in goal.conditions}
    types = sorted({f"{type(c).__name__} {getattr(c, 'quantifier', '')}" for c in goal.conditions})
    return forms | {f"{len(goal.conditions)} conditions: {' , '.join(types)}"}


def _join(members: Members, rng: random.Random) -> ComposedTask | None:
    """Choose tasks to be done together, about as many conditions as one of `LENGTHS`."""
    max_conditions = rng.choice(LENGTHS)
    chosen: list[Proposal] = []
    conditions: list[Condition] = []
    for proposal, goal in rng.sample(members, len(members)):
        added = goal.phases[0]
        if len(conditions) + len(added) > max_conditions or set(added) & set(conditions):
            continue
        if sum(isinstance(c, Holding) for c in (*conditions, *added)) > 1 or len(proposal.instruction) > SPAN / 3:
            continue
        chosen.append(proposal)
        conditions += added
    return (chosen, Goal(phases=(tuple(conditions),))) if len(chosen) > 1 else None


def _in_turn(members: Members, rng: random.Random) -> ComposedTask | None:
    """Choose two or three tasks to be done one after the other; often the second goes on with what the first had."""
    members = [m for m in members if len(m[1].conditions) <= MAX_SEQUENTIAL_CONDITIONS]
    if len(members) < 2:
        return None
    first = rng.choice(members)
    others = [m for m in members if m[1] != first[1]]
    words = {c.thing.word for c in first[1].conditions if isinstance(c, Count | Holding)}
    related = [m for m in others if any(isinstance(c, Count) and c.thing.word in words for c in m[1].conditions)]
    if rng.random() < SAME_OBJECT_SHARE:
        others = related
    if not others:
        return None
    chosen = [first, *rng.sample(others, k=min(len(others), rng.choice((1, 1, 2))))]
    return [p for p, _ in chosen], Goal(phases=tuple(goal.phases[0] for _, goal in chosen))


def _merged(members: Members, rng: random.Random) -> ComposedTask | None:
    """Choose two tasks of one condition each that say together what one thing is to be.

    Where the second is about another thing, by its plain name, it is made to be about the first one's.
    """
    single = [(p, g) for p, g in members if len(g.conditions) == 1 and isinstance(g.conditions[0], Count)]
    for _ in range(MERGE_TRIES if len(single) > 1 else 0):
        (proposal, goal), (other, other_goal) = rng.sample(single, 2)
        word, other_word = (c.thing.word for g in (goal, other_goal) for c in g.conditions if isinstance(c, Count))
        if word != other_word:
            substituted = substitute_category(other.instruction, other.goal, other_word, word)
            if substituted is None:
                continue
            try:
                other, other_goal = replace(other, instruction=substituted[0]), parse_goal(substituted[1])
            except GoalError:
                continue
        both = Goal(phases=((*goal.conditions, *other_goal.conditions),))
        merged = merge_conditions(both)
        if len(merged.conditions) == 1 and merged.conditions[0] not in both.conditions:
            return [proposal, other], merged
    return None


_MAKERS: dict[Origin, Callable[[Members, random.Random], ComposedTask | None]] = {
    "joined": _join,
    "in turn": _in_turn,
    "merged": _merged,
}
