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

LASTING = ("cannot reach", "no way to", "no room", "cannot turn")  # how reasons begin that a second try will meet too
_ALSO_LASTING = "is too wide for the hand"
TWICE = 2  # failures after which a thing or a place is given up
MOST = 4  # notes of a prompt, the last ones
_FIXTURE_WORDS = (("open", "closed"), ("on", "off"))
_THING_WORDS = ("dirty", "hot", "cold", "sliced", "cooked", "folded")


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
    named = [name for name in action.args if _says(words, name)]
    return Note(
        said=f"{format_action(world, action)} failed : {words}",
        names=action.args,
        suspect=named[-1] if named else action.args[-1],
        lasts=words.startswith(LASTING) or words.endswith(_ALSO_LASTING),
    )


def _says(words: str, name: str) -> bool:
    return f" {name} " in f" {words} "


def changes(expected: State, seen: State) -> tuple[Note, ...]:
    """Return notes of what is not as it should be by now."""
    world = seen.world
    notes = []
    for i in range(len(world.names)):
        name = world.names[i]
        if expected.place[i] != seen.place[i]:
            notes.append(_moved(expected, seen, i))
        if expected.flags[i] != seen.flags[i]:
            notes += [Note(said=said, names=(name,)) for said in _turned(expected, seen, i)]
    return tuple(notes)


def _moved(expected: State, seen: State, thing: int) -> Note:
    world, name, place = seen.world, seen.world.names[thing], seen.place[thing]
    if place == HELD:
        return Note(said=f"{name} is in hand now", names=(name,))
    where = world.names[place] if place >= 0 else "floor"
    if expected.place[thing] == HELD:
        relation = world.relation[place] if place >= 0 else "on"
        return Note(said=f"{name} dropped : it is {relation} {where} now", names=(name,))
    return Note(said=f"somebody moved {name} to {where}", names=(name, where))


def _turned(expected: State, seen: State, entity: int) -> Iterator[str]:
    world, name = seen.world, seen.world.names[entity]
    if entity < world.n_fixtures:
        for yes, no in _FIXTURE_WORDS:
            now = seen.has(entity, yes)
            if now != expected.has(entity, yes):
                yield f"{name} is {yes if now else no} now"
        return
    for word in _THING_WORDS:
        now = seen.has(entity, word)
        if now != expected.has(entity, word):
            yield f"{name} is {word} now" if now else f"{name} is not {word} now"


def abandoned(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names of what is not to be used again."""
    times = Counter(note.suspect for note in notes if note.suspect)
    return permanent_failures(notes) | {name for name, count in times.items() if count >= TWICE}


def permanent_failures(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names of what would fail again."""
    return frozenset(note.suspect for note in notes if note.lasts)


def suspects(notes: Sequence[Note]) -> frozenset[str]:
    """Return the names of all that failed: others of their kinds belong into the prompt, too."""
    return frozenset(note.suspect for note in notes if note.suspect)


def relevant_notes(notes: Sequence[Note], names: Collection[str]) -> tuple[Note, ...]:
    """Return the last few of the notes that are about something of these names."""
    return tuple(note for note in notes if not set(names).isdisjoint(note.names))[-MOST:]


def facts_for(
    state: State,
    conditions: Sequence[Condition],
    start: State,
    notes: Sequence[Note],
    *,
    avoid: frozenset[int] = frozenset(),
    phase: Sequence[Condition] = (),
    also: Sequence[int] = (),
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
    plain = retrieve_facts(state, conditions, start, avoid=avoid, phase=phase)
    failed = entities(state.world, suspects(notes))
    if failed:
        others = retrieve_facts(state, conditions, start, avoid=avoid | failed, phase=phase).entities
        return facts_of(state, (*plain.entities, *others, *also))
    return facts_of(state, (*plain.entities, *also)) if also else plain


def entities(world: World, names: Collection[str]) -> frozenset[int]:
    """Return what things and places of these names are in `World.names`."""
    return frozenset(world.index[name] for name in names)
