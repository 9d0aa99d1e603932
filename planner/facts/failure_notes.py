"""Feedback: notes in plain words about what went wrong, which the GPT reads before it replans.

A note describes a failed subtask, `pick up cup 1 failed : cannot reach cup 1`, or a deviation from the expected state,
`drawer 2 is closed now`, `somebody moved mug 1 to desk 1`. An object or place that failed for a permanent reason must
not be used again; one that slipped may be tried once more, and must not be used after a second failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import HELD, Action, State, World, format_action
from envs.symbolic.domain import BUILT_IN_STATES
from planner.facts.retrieval import facts_of, retrieve_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.goals import Condition
    from planner.facts.retrieval import Facts
    from planner.goals.narrowing import Narrowed

# Prefixes of reasons for which a second attempt would fail, too.
PERMANENT_REASONS = ("cannot reach", "no way to", "no room", "cannot turn")
_PERMANENT_SUFFIX = "is too wide for the hand"
MAX_FAILURES = 2  # failures after which an object or place is abandoned
MAX_NOTES = 4  # the last so many notes are shown in a prompt
_FIXTURE_WORDS = (("open", "closed"), ("on", "off"))
_OBJECT_WORDS = ("dirty", "hot", "cold", "sliced", "cooked", "folded")


@dataclass(frozen=True, kw_only=True)
class Note:
    """A note on one failure or deviation.

    Attributes:
        said: The text of the note.
        names: Names of the objects and places that it is about.
        suspect: The name that caused a subtask to fail; empty if no subtask failed.
        lasts: Whether the failure is permanent: the same subtask would fail again.
    """

    said: str
    names: tuple[str, ...]
    suspect: str = ""
    lasts: bool = False


@dataclass(frozen=True, kw_only=True)
class FailedPlan:
    """A plan that failed.

    Attributes:
        rest: The remaining subtasks, including a failed one.
        expected: The state that they were planned for.
        notes: What went wrong, in this plan and in earlier ones.
    """

    rest: tuple[Action, ...]
    expected: State
    notes: tuple[Note, ...]


def failure(world: World, action: Action, reason: str) -> Note:
    """Return the note on a failed subtask."""
    # Leave out a timeout's tick: it is not informative, and a number not seen in training would only be noise.
    words = "timeout" if reason.startswith("timeout") else reason.partition(": blocked by ")[0]
    mentioned = [name for name in action.args if _mentions(words, name)]
    return Note(
        said=f"{format_action(world, action)} failed : {words}",
        names=action.args,
        suspect=mentioned[-1] if mentioned else action.args[-1],
        lasts=words.startswith(PERMANENT_REASONS) or words.endswith(_PERMANENT_SUFFIX),
    )


def _mentions(words: str, name: str) -> bool:
    return f" {name} " in f" {words} "


def changes(expected: State, observed: State) -> tuple[Note, ...]:
    """Return notes on all differences between the expected and the observed state."""
    world = observed.world
    notes = []
    for i in range(len(world.names)):
        name = world.names[i]
        if expected.place[i] != observed.place[i]:
            notes.append(_move_note(expected, observed, i))
        if expected.flags[i] != observed.flags[i]:
            notes += [Note(said=text, names=(name,)) for text in _state_changes(expected, observed, i)]
    return tuple(notes)


def _move_note(expected: State, observed: State, thing: int) -> Note:
    world, name, place = observed.world, observed.world.names[thing], observed.place[thing]
    if place == HELD:
        return Note(said=f"{name} is in hand now", names=(name,))
    place_name = world.names[place] if place >= 0 else "floor"
    if expected.place[thing] == HELD:
        relation = world.relation[place] if place >= 0 else "on"
        return Note(said=f"{name} dropped : it is {relation} {place_name} now", names=(name,))
    return Note(said=f"somebody moved {name} to {place_name}", names=(name, place_name))


def _state_changes(expected: State, observed: State, entity: int) -> Iterator[str]:
    world, name = observed.world, observed.world.names[entity]
    if entity < world.n_fixtures:
        for true_word, false_word in _FIXTURE_WORDS:
            is_true = observed.has(entity, true_word)
            if is_true != expected.has(entity, true_word):
                yield f"{name} is {true_word if is_true else false_word} now"
    own = [word for word in world.domain.states if word not in BUILT_IN_STATES]
    for state_name in own if entity < world.n_fixtures else (*_OBJECT_WORDS, *own):
        is_true = observed.has(entity, state_name)
        if is_true != expected.has(entity, state_name):
            yield f"{name} is {state_name} now" if is_true else f"{name} is not {state_name} now"


def abandoned(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names that must not be used again: permanent or repeated failures."""
    failures = Counter(note.suspect for note in notes if note.suspect)
    return permanent_failures(notes) | {name for name, count in failures.items() if count >= MAX_FAILURES}


def permanent_failures(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names whose failure is permanent."""
    return frozenset(note.suspect for note in notes if note.lasts)


def unreachable(failed_plan: FailedPlan | None, state: State) -> frozenset[int]:
    """Return the entities of a state that failed for good in a failed plan, if there is one."""
    names = permanent_failures(failed_plan.notes) if failed_plan is not None else frozenset[str]()
    return frozenset(state.world.index[name] for name in names if name in state.world.index)


def suspects(notes: Sequence[Note]) -> frozenset[str]:
    """Return all names that failed; the prompt must also show alternatives to them."""
    return frozenset(note.suspect for note in notes if note.suspect)


def relevant_notes(notes: Sequence[Note], names: Collection[str]) -> tuple[Note, ...]:
    """Return the last few notes that are about any of these names."""
    return tuple(note for note in notes if not set(names).isdisjoint(note.names))[-MAX_NOTES:]


def facts_for(
    state: State,
    conditions: Sequence[Condition | Narrowed],
    initial_state: State,
    notes: Sequence[Note],
    *,
    avoid: frozenset[int] = frozenset(),
    phase: Sequence[Condition] = (),
    extra_entities: Sequence[int] = (),
    common_sense: bool = False,
) -> Facts:
    """Return the facts for replanning: what the goal needs, including entities that failed, then alternatives to these.

    Entities that failed keep their position among the facts; the GPT must infer from the notes which to use.

    Args:
        state: The observed state.
        conditions: The conditions to meet.
        initial_state: The episode's initial state.
        notes: What went wrong.
        avoid: As in `retrieve_facts`.
        phase: As in `retrieve_facts`.
        extra_entities: Entities that the prompt names and that need a fact.
        common_sense: As in `retrieve_facts`; nothing is withheld if what the plan needs has failed.
    """
    facts = retrieve_facts(state, conditions, initial_state, avoid=avoid, phase=phase, common_sense=common_sense)
    failed_names = suspects(notes)
    shown = facts.entities
    if failed := entities(state.world, failed_names):
        shown += retrieve_facts(
            state, conditions, initial_state, avoid=avoid | failed, phase=phase, common_sense=common_sense
        ).entities
    is_failed = not failed_names.isdisjoint(facts.names)
    withheld = frozenset() if is_failed else facts.withheld - {state.world.names[e] for e in extra_entities}
    return replace(facts_of(state, (*shown, *extra_entities), (*conditions, *phase)), withheld=withheld)


def entities(world: World, names: Collection[str]) -> frozenset[int]:
    """Return the indices of names in `World.names`."""
    return frozenset(world.index[name] for name in names)
