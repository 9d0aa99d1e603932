"""Feedback: what went wrong, as notes in plain words that the GPT reads before it plans on.

A note is of a subtask that failed, `pick up cup 1 failed : cannot reach cup 1`, or of something that is not as the
plan left it, `drawer 2 is closed now`, `somebody moved mug 1 to desk 1`. What failed for a reason that lasts is not to
be used again; what slipped may be tried once more, and is not to be used after it failed twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import HELD, Action, State, World, format_action
from planner.facts.retrieval import facts_of, retrieve_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.symbolic.goals import Condition
    from planner.facts.retrieval import Facts

# Prefixes of failure reasons that a second attempt would meet again.
PERMANENT_REASONS = ("cannot reach", "no way to", "no room", "cannot turn")
_PERMANENT_SUFFIX = "is too wide for the hand"
MAX_FAILURES = 2  # failures after which a thing or a place is given up
MAX_NOTES = 4  # notes of a prompt, the last ones
_FIXTURE_WORDS = (("open", "closed"), ("on", "off"))
_OBJECT_WORDS = ("dirty", "hot", "cold", "sliced", "cooked", "folded")


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that went wrong.

    Attributes:
        said: In words.
        names: The things and places that it is about.
        suspect: The one of them that a subtask failed with; empty: nothing failed.
        lasts: Whether it would fail again.
    """

    said: str
    names: tuple[str, ...]
    suspect: str = ""
    lasts: bool = False


@dataclass(frozen=True, kw_only=True)
class FailedPlan:
    """A plan that broke.

    Attributes:
        rest: The subtasks that were still to come, a failed one included.
        expected: The state that they were meant for.
        notes: What went wrong, in this plan and in those before it.
    """

    rest: tuple[Action, ...]
    expected: State
    notes: tuple[Note, ...]


def failure(world: World, action: Action, reason: str) -> Note:
    """Return the note of a subtask that failed."""
    # A timeout's tick tells nothing, and a number that never came up in training would only be noise.
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
    """Return notes of what is not as it should be by now."""
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
        return
    for state_name in _OBJECT_WORDS:
        is_true = observed.has(entity, state_name)
        if is_true != expected.has(entity, state_name):
            yield f"{name} is {state_name} now" if is_true else f"{name} is not {state_name} now"


def abandoned(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names of what is not to be used again."""
    failures = Counter(note.suspect for note in notes if note.suspect)
    return permanent_failures(notes) | {name for name, count in failures.items() if count >= MAX_FAILURES}


def permanent_failures(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names of what would fail again."""
    return frozenset(note.suspect for note in notes if note.lasts)


def suspects(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names of all that failed: others of their kinds belong into the prompt, too."""
    return frozenset(note.suspect for note in notes if note.suspect)


def relevant_notes(notes: Sequence[Note], names: Collection[str]) -> tuple[Note, ...]:
    """Return the last few of the notes that are about something of these names."""
    return tuple(note for note in notes if not set(names).isdisjoint(note.names))[-MAX_NOTES:]


def facts_for(
    state: State,
    conditions: Sequence[Condition],
    initial_state: State,
    notes: Sequence[Note],
    *,
    avoid: frozenset[int] = frozenset(),
    phase: Sequence[Condition] = (),
    extra_entities: Sequence[int] = (),
) -> Facts:
    """Return the facts to go on with: of what the goal needs, whether it failed or not, and of what could stand in.

    What failed keeps its place, so that the notes decide what is used.

    Args:
        state: What is seen.
        conditions: To be met.
        start: The episode's first state.
        notes: What went wrong.
        avoid: As in `retrieve_facts`.
        phase: As in `retrieve_facts`.
        also: Entities that are named in the prompt and are to have a fact.
    """
    facts = retrieve_facts(state, conditions, initial_state, avoid=avoid, phase=phase)
    failed = entities(state.world, suspects(notes))
    if failed:
        alternatives = retrieve_facts(state, conditions, initial_state, avoid=avoid | failed, phase=phase).entities
        return facts_of(state, (*facts.entities, *alternatives, *extra_entities))
    return facts_of(state, (*facts.entities, *extra_entities)) if extra_entities else facts


def entities(world: World, names: Collection[str]) -> frozenset[int]:
    """Return what things and places of these names are in `World.names`."""
    return frozenset(world.index[name] for name in names)
