"""Compose longer tasks from proposals: joined, sequential, or merged into one condition on one object.

A request such as `fill the glass and put the glass on the desk` may mean two conditions, or one condition on one
glass, which is stricter than both. Two proposals about the same object category are therefore also merged.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from envs.errors import GoalError
from envs.symbolic.goals import Condition, Count, Goal, Holding, fixtures_named, format_goal, parse_goal
from planner.goals.comparison import meaning, shape
from planner.goals.merging import merge_conditions
from planner.language.normalization import MAX_INSTRUCTION_CHARS, normalize
from planner.language.realization import Realizer
from planner.language.sequencing import SEQUENCE_FRAMES, join_in_sequence
from planner.learning.proposing.proposals import (
    Origin,
    Proposal,
    initial_state_of,
    rejection_reason,
    substitute_category,
)

MAX_CONDITIONS = 10  # of a joined goal, in any cycle
SHARES: dict[Origin, float] = {"joined": 0.5, "in turn": 0.15, "merged": 0.35}
CANDIDATES = 4  # of which the one with the rarest form is used
MAX_SEQUENTIAL_CONDITIONS = 2  # conditions of each part of a sequential task
MERGE_TRIES = 40
SAME_OBJECT_SHARE = 0.6  # of sequential tasks continue with the object of the part before

Members = Sequence[tuple[Proposal, Goal]]
ComposedTask = tuple[list[Proposal], Goal]
Maker = Callable[[Members, random.Random], ComposedTask | None]


def compose(
    proposals: Sequence[Proposal], count: int, seed: int, *, longest: int = MAX_CONDITIONS
) -> Iterator[Proposal]:
    """Yield up to `count` tasks for each home, composed of kept proposals of all homes.

    A joined goal aims at 2 to `longest` conditions, at most 10. Tasks that become a little longer each time are what
    lets small transformers learn much longer ones (arXiv:2502.01612).
    """
    lengths = range(2, max(2, min(longest, MAX_CONDITIONS)) + 1)
    makers: dict[Origin, Maker] = {"joined": partial(_join, lengths=lengths), "in turn": _in_turn, "merged": _merged}
    usable = [p for p in proposals if not p.dropped and p.parts == 1]
    members = [(p, goal) for p in usable if len((goal := parse_goal(p.goal)).phases) == 1]
    meanings: set[tuple[tuple[str, ...], ...]] = set()
    form_counts: Counter[str] = Counter()
    for home in dict.fromkeys(p.home for p in proposals):
        rng = random.Random(f"compose/{seed}/{home}")
        for number in range(count):
            (origin,) = rng.choices(list(SHARES), list(SHARES.values()))
            task = _rarest([makers[origin](members, rng) for _ in range(CANDIDATES)], form_counts)
            if task is None or meaning(task[1]) in meanings:
                continue
            parts, goal = task
            meanings.add(meaning(goal))
            realizer, instructions = Realizer(rng, None), [p.instruction for p in parts]
            instruction = (
                join_in_sequence(rng, instructions, SEQUENCE_FRAMES)
                if origin == "in turn"
                else realizer.join(instructions)
            )
            if len(instruction) > MAX_INSTRUCTION_CHARS:  # the GPT would not see its end
                continue
            dropped = rejection_reason(goal, initial_state_of(home, goal))
            if not dropped:
                form_counts.update(condition_forms(goal))
            yield Proposal(
                id=f"{home}/{origin.replace(' ', '-')}/{number}", home=home, instruction=normalize(instruction),
                goal=format_goal(goal), dropped=dropped, parts=len(parts), origin=origin,
            )  # fmt: skip


def _rarest(candidates: Sequence[ComposedTask | None], form_counts: Counter[str]) -> ComposedTask | None:
    """Return the task with the rarest form."""
    tasks = [task for task in candidates if task is not None]
    return min(tasks, key=lambda task: min(form_counts[form] for form in condition_forms(task[1])), default=None)


def condition_forms(goal: Goal) -> set[str]:
    """Return the forms to balance: each form of condition at each fixture, and the combination of conditions."""
    forms = {" at ".join((shape(Goal(phases=((c,),))), *fixtures_named(c))) for c in goal.conditions}
    types = sorted({f"{type(c).__name__} {getattr(c, 'quantifier', '')}" for c in goal.conditions})
    return forms | {f"{len(goal.conditions)} conditions: {' , '.join(types)}"}


def _join(members: Members, rng: random.Random, lengths: Sequence[int]) -> ComposedTask | None:
    """Join tasks up to a number of conditions drawn from `lengths`."""
    max_conditions = rng.choice(lengths)
    chosen: list[Proposal] = []
    conditions: list[Condition] = []
    for proposal, goal in rng.sample(members, len(members)):
        added = goal.phases[0]
        if len(conditions) + len(added) > max_conditions or set(added) & set(conditions):
            continue
        if (
            sum(isinstance(c, Holding) for c in (*conditions, *added)) > 1
            or len(proposal.instruction) > MAX_INSTRUCTION_CHARS / 3
        ):
            continue
        chosen.append(proposal)
        conditions += added
    return (chosen, Goal(phases=(tuple(conditions),))) if len(chosen) > 1 else None


def _in_turn(members: Members, rng: random.Random) -> ComposedTask | None:
    """Chain two or three tasks; often the later ones continue with an object of the first."""
    members = [m for m in members if len(m[1].conditions) <= MAX_SEQUENTIAL_CONDITIONS]
    if len(members) < 2:
        return None
    first = rng.choice(members)
    others = [m for m in members if m[1] != first[1]]
    categories = {c.thing.word for c in first[1].conditions if isinstance(c, Count | Holding)}
    related = [m for m in others if any(isinstance(c, Count) and c.thing.word in categories for c in m[1].conditions)]
    if rng.random() < SAME_OBJECT_SHARE:
        others = related
    if not others:
        return None
    chosen = [first, *rng.sample(others, k=min(len(others), rng.choice((1, 1, 2))))]
    return [p for p, _ in chosen], Goal(phases=tuple(goal.phases[0] for _, goal in chosen))


def _merged(members: Members, rng: random.Random) -> ComposedTask | None:
    """Merge two tasks of one condition each into one condition on one object.

    If the second names another category, the first one's category is substituted.
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
