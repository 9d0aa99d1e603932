"""Writes our subtasks as steps of a PDDL plan: with the robot's attention, what appliances do, and the judging."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from envs.symbolic.actions import format_action, successor, unmet_precondition
from envs.symbolic.domain.achievers import KNOWN_SKILLS
from envs.symbolic.progress import advance, begin, score
from planner.errors import ExportError
from planner.plans.own_skills.strips_variants import Variant as OwnVariant
from planner.plans.own_skills.strips_variants import variant_of
from planner.plans.pddl.operators import words_of
from planner.plans.pddl.strips_domain import process_name
from planner.plans.pddl.strips_facts import NOWHERE, holders
from planner.plans.pddl.strips_goal import ACT

if TYPE_CHECKING:
    from envs.symbolic.actions import Action, State
    from envs.symbolic.goals import Goal
    from planner.plans.pddl.strips_goal import GoalRules


def plan_steps(
    goal: Goal,
    rules: GoalRules,
    actions: Sequence[Action],
    initial_state: State,
    names: Sequence[str],
    processes: Collection[str],
    variants: Sequence[OwnVariant] = (),
) -> list[str]:
    """Write a plan.

    Args:
        goal: The goal.
        rules: The goal in PDDL.
        actions: The plan; it is written up to the first subtask that cannot be executed, or breaks a rule. Where it
            reaches a phase, or the whole goal, the state is judged.
        initial_state: The state in which it begins.
        names: The PDDL name of each entity; empty if it is left out of the problem.
        processes: The names of what appliances do, as far as the problem asks for it.
        variants: The actions of skills that the domain adds.
    """
    progress = begin(goal, initial_state)
    first = len(goal.phases) - len(rules.phases)  # the phases before it are left out at the start
    phase, steps = first, list[str]()
    if rules.begins_with != ACT:
        steps += rules.settle(0, progress.state, progress.uses)
    for number in range(len(actions) + 1):
        while phase < progress.phase + (progress.phase in progress.left_out):
            if phase not in progress.left_out:
                steps += rules.leave(phase - first, progress.state, progress.uses)
            phase += 1
            if phase < len(goal.phases):
                steps += rules.enter(phase - first, progress.state, left_out=phase in progress.left_out)
                if phase not in progress.left_out and rules.is_forced(phase - first):
                    steps += rules.settle(phase - first, progress.state, progress.uses)
        if number == len(actions) or unmet_precondition(progress.state, actions[number]) is not None:
            break
        action, state = actions[number], progress.state
        after = advance(progress, successor(state, action), action)
        if after.broken:
            break
        notes = _notes(rules, state, after.state, after.uses - progress.uses, names)
        for step, now in (
            *_subtask(state, action, after.state, names, processes, rules, variants),
            *((n, after.state) for n in notes),
        ):
            steps.append(step)
            if rules.checks(step):
                steps += rules.settle(phase - first, now, after.uses)
        progress = after
    if score(progress).success and phase < len(goal.phases):
        steps += rules.leave(phase - first, progress.state, progress.uses)
    return steps


def _subtask(
    state: State,
    action: Action,
    next_state: State,
    names: Sequence[str],
    processes: Collection[str],
    rules: GoalRules,
    variants: Sequence[OwnVariant],
) -> Iterator[tuple[str, State]]:
    """Yield the steps of one subtask, with the state after each."""
    name = _namer(state, names)
    skill, args = action
    entities = [state.world.index[argument] for argument in args]
    first, last = entities[0], entities[-1]
    objects = (i for i in range(state.world.n_fixtures, len(names)) if names[i])
    changed = [i for i in objects if _differs_by_process(state, action, next_state, i)]
    now = _without_processes(state, next_state, changed)
    own = skill not in KNOWN_SKILLS
    for step in _own_steps(state, action, variants, name) if own else _skill_steps(state, skill, first, last, name):
        yield _variant(step, rules, state, names), now
    for number, i in enumerate(changed, start=1):
        now = _without_processes(state, next_state, changed[number:])
        for step in _process_steps(state, next_state, i, name, processes):
            yield step, now


def _without_processes(state: State, next_state: State, changed: Sequence[int]) -> State:
    """Return the next state before appliances changed these objects."""
    flags, liquid = list(next_state.flags), list(next_state.liquid)
    for i in changed:
        flags[i], liquid[i] = state.flags[i], state.liquid[i]
    return next_state._replace(flags=tuple(flags), liquid=tuple(liquid))


def _variant(step: str, rules: GoalRules, state: State, names: Sequence[str]) -> str:
    """Return a step as the variant of its action that rules allow in a state."""
    word, *arguments = words_of(step)
    if word not in rules.variants:
        return step
    entities = [names.index(argument) if argument in names else -1 for argument in arguments]
    variant = next(v for v in rules.variants[word] if v.is_allowed(state, entities))
    return f"({' '.join([variant.name, *arguments])})"


def _notes(
    rules: GoalRules, before: State, state: State, uses: Collection[tuple[str, int]], names: Sequence[str]
) -> Iterator[str]:
    """Yield the steps that record which objects the means of a goal were used on by an action."""
    name = _namer(state, names)
    for number, word in enumerate(rules.goal.means, start=1):
        wanted = [i for w, i in uses if w == word and f"(wanted-{number} {names[i]})" in rules.facts]
        tools = state.world.entities_by_category.get(word, ())
        for i in sorted(wanted):
            chain = holders(state, i)
            holder = next((tool for tool in tools if tool in chain), None)
            if holder is None:
                yield f"(note-{number}-tool {name(i)} {name(before.held)})"
                continue
            suffix = "" if holder < state.world.n_fixtures else "-held"
            if chain[0] == holder:
                yield f"(note-{number}{suffix} {name(i)} {name(holder)})"
            else:
                yield from _attention(state, i, f"note-{number}{suffix}-nested", name)
                yield f"(note-{number}-inside {name(i)})"


def _namer(state: State, names: Sequence[str]) -> Callable[[int], str]:
    return lambda i: names[i] if i >= 0 else NOWHERE


def _skill_steps(state: State, skill: str, first: int, last: int, name: Callable[[int], str]) -> Iterator[str]:
    world, held, x, place = state.world, state.held, name(first), name(last)
    fixture = world.fixture_category[last]
    if skill == "go to":
        yield f"(go-to {x})"
    elif skill == "put" and last >= world.n_fixtures:
        yield from _reached(state, "put-in", last, f"{x} {place}", name)
    elif skill in ("put", "give"):
        yield f"({skill} {x} {place})"
    elif skill == "pick up":
        if _is_nested(state, first):
            yield from _attention(state, first, "reach-nested", name)
            yield f"(pick-up-nested {x} {name(state.place[first])})"
        else:
            yield f"(pick-up {x} {name(state.place[first])})"
    elif skill in ("open", "close"):
        yield f"({skill}{'' if world.enclosed[first] else '-panel'} {x})"
    elif skill == "turn on":
        process = world.process[first]
        yield f"(turn-on{'-closed' if process and 'closed' in process.when else ''} {x})"
    elif skill == "turn off":
        yield f"(turn-off {x})"
    elif skill == "wipe":
        yield f"(wipe {x} {name(held)})"
    elif skill == "slice":
        yield from _reached(state, "slice", first, f"{x} {name(held)}", name, "reach-nested-on-surface")
    elif skill == "fold":
        yield from _reached(state, "fold", first, x, name)
    else:
        assert skill == "pour"
        category = world.object_category[first]
        source = "-from-supply" if category and category.contains else ""
        arguments = f"{x} {place} {state.liquid[first]}"
        if fixture is not None:
            yield f"(pour-onto-plant{source} {arguments})"
        else:
            temperature = next((f"-{s}" for pair in world.domain.exclusive for s in pair if state.has(first, s)), "")
            yield from _reached(state, f"pour{temperature}{source}", last, arguments, name)


def _own_steps(
    state: State, action: Action, variants: Sequence[OwnVariant], name: Callable[[int], str]
) -> Iterator[str]:
    """Yield the steps of a skill that the domain adds: its variant for this state."""
    chosen = variant_of(state, action, variants)
    if chosen is None:
        raise ExportError(f"cannot be said in PDDL: {format_action(state.world, action)!r}, as things are then")
    variant, binding = chosen
    if variant.attends is not None:
        variable, step = variant.attends
        yield from _attention(state, int(binding[variable]), step, name)
    arguments = (binding[variable] for variable in variant.operator.parameters)
    words = (argument if isinstance(argument, str) else name(argument) for argument in arguments)
    yield f"({' '.join([variant.operator.name, *words])})"


def _is_nested(state: State, i: int) -> bool:
    return state.place[i] >= state.world.n_fixtures


def _reached(
    state: State, step: str, target: int, arguments: str, name: Callable[[int], str], attention: str = "reach-nested"
) -> Iterator[str]:
    """Yield a step on an object, or its nested variant after the robot's attention has moved to the object."""
    if _is_nested(state, target):
        yield from _attention(state, target, attention, name)
        yield f"({step}-nested {arguments})"
    else:
        yield f"({step} {arguments} {name(state.place[target])})"


def _attention(state: State, i: int, first_step: str, name: Callable[[int], str]) -> Iterator[str]:
    """Yield the steps that move the robot's attention, or an appliance's effect, to a nested object."""
    chain = [i, *holders(state, i)]
    if chain[-1] >= state.world.n_fixtures:  # a vessel that is at no place
        chain.append(-1)
    yield f"({first_step} {name(chain[-3])} {name(chain[-2])} {name(chain[-1])})"
    for k in range(len(chain) - 4, -1, -1):
        yield f"(reach-deeper {name(chain[k])} {name(chain[k + 1])})"


def _differs_by_process(state: State, action: Action, next_state: State, i: int) -> bool:
    """Whether an appliance changed an object, besides what the action itself changes."""
    world, (skill, args) = state.world, action
    flags, liquid = state.flags[i], state.liquid[i]
    if skill == "pour":
        vessel, target = (world.index[argument] for argument in args)
        if i == vessel:
            return False
        if i == target:
            liquid = state.liquid[vessel]
            hot_or_cold = [s for pair in world.domain.exclusive for s in pair]
            if any(state.has(vessel, s) for s in hot_or_cold):
                mismatch = [s for s in hot_or_cold if next_state.has(i, s) != state.has(vessel, s)]
                same = [s for s in world.domain.states if s not in hot_or_cold]
                return bool(mismatch) or any(state.has(i, s) != next_state.has(i, s) for s in same)
    if skill in ("slice", "fold") and i == world.index[args[0]]:
        return False
    if skill not in KNOWN_SKILLS and (i == state.held or world.names[i] in args):
        return False
    return flags != next_state.flags[i] or liquid != next_state.liquid[i]


def _process_steps(
    state: State, next_state: State, i: int, name: Callable[[int], str], processes: Collection[str]
) -> Iterator[str]:
    world = state.world
    root = next_state.root(i)
    process, category = world.process[root], world.object_category[i]
    assert process is not None and category is not None
    word = process_name(process)
    suffix, liquid = "", ""
    if process.fill and not state.liquid[i] and next_state.liquid[i] == process.fill and category.fills:
        suffix, liquid = "-fill", f" {process.fill}"
    elif process.cook and category.cooks:
        suffix = "-cook"
    if f"{word}{suffix}" not in processes:
        return
    if _is_nested(next_state, i):
        yield from _attention(next_state, i, f"{word}-nested", name)
        yield f"({word}{suffix}-inside {name(i)}{liquid})"
    else:
        yield f"({word}{suffix} {name(i)} {name(root)}{liquid})"
