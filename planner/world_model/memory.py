"""What the robot knows before it acts: what it remembers of a home from run to run, what it is told, what is in sight.

`know` puts them together, in this order; `keep` writes what is known to a file, which the next run remembers.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.errors import nearest
from envs.files.bounded_files import ReadError, read_text
from envs.symbolic.domain import load_domain
from gpt.files import write_text_atomically
from planner.errors import PlannerError
from planner.world_model.belief import GROUND, HAND, Belief, Known, free_name
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from planner.world_model.open_home import AnyHome

VERSION = 1
MAX_BYTES = 2_000_000


class BeliefError(PlannerError, ValueError):
    """What the robot is told cannot be, or a memory file is not valid."""


def know(home: AnyHome, *, memory: Path | None = None, told: Iterable[str] = ()) -> Belief:
    """Return what is known at the start: the map of a home, what is remembered, what is told, and what is in sight.

    Args:
        home: As `planner.world_model.open_home.open_home` takes it.
        memory: A file that `keep` wrote; one that is not there yet says nothing.
        told: Sentences such as `mug 1 in cabinet 3`.

    Raises:
        BeliefError: The file is no memory of this home, or a sentence cannot be.
        PlannerError: There is no such home.
    """
    state = open_home(home, geometry=False)
    belief = Belief.of_map(state.world.scene)
    if memory is not None:
        belief = remember(memory, belief)
    return parse_statement(belief, told).observe(state)


def parse_statement(belief: Belief, sentences: Iterable[str]) -> Belief:
    """Let somebody say where things are: `[states] category [number] in|on|with fixture [number] | thing number`.

    Raises:
        BeliefError: A sentence cannot be read, or names what the map does not have.
    """
    for sentence in sentences:
        name, known = _read(belief, sentence)
        belief = belief.told({name: known})
    return belief


def _read(belief: Belief, sentence: str) -> tuple[str, Known]:
    domain = load_domain()
    words = [word for word in sentence.split() if word not in ("the", "a", "an", "is")]
    splits = [i for i, word in enumerate(words) if word in ("in", "on", "with")]
    if not splits:
        raise BeliefError(f"told {sentence!r}: expected where a thing is, for example 'mug 1 in cabinet 3'")
    said, place = words[: splits[0]], " ".join(words[splits[0] + 1 :])
    states = set()
    while said and (said[0] in domain.states or said[0] in domain.negations):
        states |= {said[0]} - set(domain.negations)
        said = said[1:]
    number = said.pop() if said and said[-1].isdecimal() else None
    category = " ".join(said)
    if category not in domain.objects:
        raise BeliefError(f"told {sentence!r}: no thing is called {category!r}{nearest(category, domain.objects)}")
    name = f"{category} {number}" if number else free_name(belief, category)
    holder = _holder(belief, place, sentence)
    if not domain.fits(category, holder[1]):
        raise BeliefError(f"told {sentence!r}: a {category} does not fit there")
    if holder[0] == name or name in _chain(belief, holder[0]):
        raise BeliefError(f"told {sentence!r}: {name} would be inside itself")
    liquid = domain.objects[category].contains or ""
    return name, Known(category=category, place=holder[0], states=frozenset(states), liquid=liquid, source="told")


def _holder(belief: Belief, place: str, sentence: str) -> tuple[str, str]:
    """The name and the category of what a sentence calls a place."""
    fixtures = {spec.name: spec.category for spec in belief.scene.fixtures}
    if place in fixtures:
        return place, fixtures[place]
    if place in belief.things:
        return place, belief.things[place].category
    named = [name for name, category in fixtures.items() if category == place]
    if len(named) == 1:
        return named[0], place
    if named:
        raise BeliefError(f"told {sentence!r}: which {place}? there are {', '.join(named)}")
    known = [*fixtures, *belief.things]
    raise BeliefError(f"told {sentence!r}: there is no place {place!r} on the map{nearest(place, known)}")


def _chain(belief: Belief, name: str) -> set[str]:
    found: set[str] = set()
    while name in belief.things and name not in found:
        found.add(name)
        name = belief.things[name].place
    return found


def remember(path: Path, belief: Belief) -> Belief:
    """Add what a memory file says to what is known; a file that is not there yet says nothing.

    Raises:
        BeliefError: The file is not a memory, or is that of another home.
    """
    if not path.exists():
        return belief
    try:
        raw = json.loads(read_text(path, MAX_BYTES))
    except ReadError as error:
        raise BeliefError(f"{error}; it cannot be read as a memory") from None
    except (ValueError, RecursionError) as error:
        raise BeliefError(f"{path}: cannot be read as a memory: {error}; another --memory begins anew") from None
    try:
        return _remembered(raw, belief)
    except BeliefError as error:
        raise BeliefError(f"{path}: {error}; another --memory begins anew") from None


def _remembered(raw: object, belief: Belief) -> Belief:
    domain = load_domain()
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        raise BeliefError(f"not a memory of version {VERSION}")
    fixtures = {spec.name: spec.category for spec in belief.scene.fixtures}
    if raw.get("map") != fixtures:
        raise BeliefError(f"the memory of another home than {belief.scene.name}")
    things, looked, states = raw.get("things"), raw.get("looked"), raw.get("fixtures")
    if not isinstance(things, dict) or not isinstance(looked, list) or not isinstance(states, dict):
        raise BeliefError("`things` and `fixtures` are to be objects, `looked` a list")
    found = {name: _thing(name, entry) for name, entry in things.items()}
    for name, known in found.items():
        if known.place not in (HAND, GROUND) and known.place not in fixtures and known.place not in found:
            raise BeliefError(f"{name} is at {known.place!r}, which is not there")
        chain, holder = {name}, known.place
        while holder in found:
            if holder in chain:
                raise BeliefError(f"{name} is inside itself")
            chain.add(holder)
            holder = found[holder].place
    if not all(isinstance(name, str) and name in fixtures for name in (*looked, *states)):
        raise BeliefError("it names a fixture that is not on the map")
    seen: dict[str, frozenset[str]] = {}
    for name, words in states.items():
        if not isinstance(words, list) or not all(isinstance(w, str) and w in domain.states for w in words):
            raise BeliefError(f"the states of {name} are to be a list of: {', '.join(domain.states)}")
        seen[name] = frozenset(words)
    # What was in the hand has been put down since, nobody knows where.
    all_of_it = replace(belief, things=found)
    found = {n: k for n, k in found.items() if all_of_it.root(n) != HAND}
    return replace(belief, things=found, first=found, fixtures=seen, remembered=frozenset(looked))


def _thing(name: str, entry: object) -> Known:
    domain = load_domain()
    category = name.rpartition(" ")[0]
    if category not in domain.objects or not isinstance(entry, dict):
        raise BeliefError(f"{name!r} is no thing of the domain")
    place, states, liquid = entry.get("place"), entry.get("states", []), entry.get("liquid", "")
    if not isinstance(place, str) or not isinstance(liquid, str) or (liquid and liquid not in domain.liquids):
        raise BeliefError(f"{name}: `place` and `liquid` are to be words")
    if not isinstance(states, list) or not all(isinstance(s, str) and s in domain.states for s in states):
        raise BeliefError(f"{name}: `states` are to be some of: {', '.join(domain.states)}")
    return Known(category=category, place=place, states=frozenset(states), liquid=liquid, source="remembered")


def keep(path: Path, belief: Belief) -> None:
    """Write what is known to a memory file, beside it first and then renamed.

    Raises:
        BeliefError: It cannot be written.
    """
    data = {
        "version": VERSION,
        "home": belief.scene.name,
        "map": {spec.name: spec.category for spec in belief.scene.fixtures},
        "things": {
            name: {"place": k.place, "states": sorted(k.states), "liquid": k.liquid}
            for name, k in sorted(belief.things.items())
        },
        "fixtures": {name: sorted(states) for name, states in sorted(belief.fixtures.items())},
        "looked": sorted(belief.looked | belief.remembered),
    }
    try:
        write_text_atomically(path, json.dumps(data, indent=1) + "\n")
    except OSError as error:
        raise BeliefError(f"{path}: the memory cannot be written ({error.strerror or error})") from None
