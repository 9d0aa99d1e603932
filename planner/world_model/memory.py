"""The robot's initial belief: its memory of a home from earlier runs, the user's statements, and what is visible.

`know` combines them in this order; `keep` writes a belief to a memory file, which the next run reads.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.errors import nearest, quoted
from envs.files.bounded_files import ReadError, read_text
from envs.files.strict_json import JsonError, parse_json
from envs.symbolic.domain import Domain
from envs.symbolic.kinds.spoken_words import spoken_words
from gpt.files import write_text_atomically
from planner.errors import PlannerError
from planner.world_model.belief import GROUND, HAND, Belief, Known, free_name
from planner.world_model.open_home import open_home

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from envs.scenes.home_file import AnyHome
    from envs.symbolic.scene import Scene

VERSION = 1
MAX_BYTES = 2_000_000
MAX_THINGS = 2000  # objects that are known; a home file has at most 1000
_TIMES = ("contents_seen_s", "states_seen_s")  # fields of a belief that the file has
_NUMBER = re.compile("[1-9][0-9]{0,5}")  # as in home files


class BeliefError(PlannerError, ValueError):
    """A statement is invalid or impossible, or a memory file is invalid."""


def know(home: AnyHome, *, memory: Path | None = None, told: Iterable[str] = (), time_s: float | None = None) -> Belief:
    """Return the initial belief: the map of a home, the memory, the user's statements, and what is visible.

    Args:
        home: As `planner.world_model.open_home.open_home` takes it.
        memory: A file written by `keep`; ignored if it does not exist yet.
        told: Statements such as `mug 1 in cabinet 3`.
        time_s: The time now [s], on the clock of the memory; None: no time has passed since it was written.

    Raises:
        BeliefError: The file is not a memory of this home, or a statement is invalid.
        PlannerError: There is no such home.
    """
    state = open_home(home, geometry=False)
    belief = Belief.of_map(state.world.scene)
    if memory is not None:
        belief = remember(memory, belief)
    return parse_statement(belief, told).observe(state, time_s=time_s)


def parse_statement(belief: Belief, sentences: Iterable[str]) -> Belief:
    """Add statements about locations: `[words] category [number] in|on|with fixture [number] | object number`.

    The words are states and properties, as in `dirty red mug` and `Anna's mug`.

    Raises:
        BeliefError: A statement cannot be parsed, or names something that is not on the map.
    """
    for sentence in sentences:
        name, known = _parse_sentence(belief, sentence)
        belief = belief.with_statements({name: known})
    return belief


def _parse_sentence(belief: Belief, sentence: str) -> tuple[str, Known]:
    domain, said = belief.scene.domain, f"told {quoted(sentence)}"
    words = [word for word in sentence.lower().split() if word not in ("the", "a", "an", "is")]
    splits = [i for i, word in enumerate(words) if word in ("in", "on", "with")]
    if not splits:
        raise BeliefError(f"{said}: expected where an object is, for example 'mug 1 in cabinet 3'")
    object_words, place = words[: splits[0]], " ".join(words[splits[0] + 1 :])
    stated: set[str] = set()
    properties: list[str] = []
    owners = {f"{name.lower()}'s": f"{name}'s" for name in belief.scene.people}
    called = spoken_words(domain)
    while len(object_words) > 1 and not (
        " ".join(object_words) in domain.objects or called.is_own(_without_number(object_words))
    ):
        if object_words[0] in domain.states or object_words[0] in domain.negations:
            stated.add(object_words.pop(0))
        elif object_words[0] in domain.property_group or object_words[0] in owners:
            properties.append(owners.get(object_words[0], object_words[0]))
            del object_words[0]
        else:
            break
    number = object_words.pop() if object_words and object_words[-1].isdecimal() else None
    category = " ".join(object_words)
    category = next((name for name in domain.objects if name.lower() == category), category)
    if category not in domain.objects and called.is_own(category):
        category = next(iter(called.names_of(category, "objects")), category)
    if category in domain.fixtures:
        raise BeliefError(f"{said}: {category!r} is furniture, and the map shows it; tell where objects are")
    if category not in domain.objects:
        raise BeliefError(f"{said}: no object is called {quoted(category)}{nearest(category, domain.objects)}")
    name = f"{category} {number}" if number else free_name(belief, category)
    holder, holder_category = _find_place(belief, place, said)
    absent = {domain.negations[word] for word in stated if word in domain.negations}
    if contradiction := sorted(absent & stated):
        raise BeliefError(f"{said}: a {category} cannot be {contradiction[0]} and not {contradiction[0]}")
    liquid = domain.objects[category].contains or ""
    known = Known(
        category=category, place=holder, states=frozenset(stated - domain.negations.keys()), liquid=liquid,
        source="told", properties=tuple(properties),
    )  # fmt: skip
    if problem := _impossibility(name, known, holder_category, domain):
        raise BeliefError(f"{said}: {problem}")
    if holder == name or name in _enclosing_names(belief, holder):
        raise BeliefError(f"{said}: {name} would be inside itself")
    return name, known


def _impossibility(name: str, known: Known, holder: str, domain: Domain) -> str:
    """Return why an object cannot be as described, or ""; `holder` is the category of its place, if it has one."""
    category, number = domain.objects[known.category], name[len(known.category) + 1 :]
    if not _NUMBER.fullmatch(number):
        return f"the number of a {known.category} is one like {known.category} 1, found {quoted(number)}"
    if holder and not domain.fits(known.category, holder):
        return f"a {known.category} does not fit there"
    if impossible := sorted(known.states - category.possible_states):
        return f"a {known.category} cannot be {impossible[0]}"
    for one, other in domain.exclusive:
        if known.states >= {one, other}:
            return f"a {known.category} cannot be {one} and {other}"
    if known.liquid and not category.fills and known.liquid != category.contains:
        return f"a {known.category} cannot contain {known.liquid}"
    return ""


def _find_place(belief: Belief, place: str, said: str) -> tuple[str, str]:
    """Return the name and the category of the place that a statement names."""
    fixtures = {spec.name: spec.category for spec in belief.scene.fixtures}
    names = (*fixtures, *fixtures.values(), *belief.things)
    place = next((name for name in names if name.lower() == place), place)
    if place in fixtures:
        return place, fixtures[place]
    if place in belief.things:
        return place, belief.things[place].category
    called = spoken_words(belief.scene.domain)
    noun = _without_number(place.split())
    if called.is_own(noun):
        kind = next(iter(called.names_of(noun, "fixtures")), noun)
        place = f"{kind}{place[len(noun) :]}"
    if place in fixtures:
        return place, fixtures[place]
    matches = [name for name, category in fixtures.items() if category == place]
    if len(matches) == 1:
        return matches[0], place
    if matches:
        raise BeliefError(f"{said}: which {place}? there are {', '.join(matches)}")
    place_names = [*fixtures, *belief.things]
    raise BeliefError(f"{said}: there is no place {quoted(place)} on the map{nearest(place, place_names)}")


def _without_number(words: Sequence[str]) -> str:
    """Return the words of a name without the number at their end."""
    return " ".join(words[:-1] if len(words) > 1 and words[-1].isdecimal() else words)


def _enclosing_names(belief: Belief, name: str) -> set[str]:
    enclosing: set[str] = set()
    while name in belief.things and name not in enclosing:
        enclosing.add(name)
        name = belief.things[name].place
    return enclosing


def remember(path: Path, belief: Belief) -> Belief:
    """Add the contents of a memory file to the belief; a file that does not exist yet adds nothing.

    Raises:
        BeliefError: The file is not a memory file, or belongs to another home.
    """
    if not path.exists():
        return belief
    try:
        raw = parse_json(read_text(path, MAX_BYTES))
    except ReadError as error:
        raise BeliefError(f"{error}; it cannot be read as a memory") from None
    except JsonError as error:
        raise BeliefError(
            f"{path}: cannot be read as a memory: {error}; another --memory file starts a new one"
        ) from None
    try:
        return _belief_from_memory(raw, belief)
    except BeliefError as error:
        raise BeliefError(f"{path}: {error}; another --memory file starts a new one") from None


def _belief_from_memory(raw: object, belief: Belief) -> Belief:
    domain = belief.scene.domain
    if not isinstance(raw, dict) or raw.get("version") != VERSION:
        raise BeliefError(f"not a memory of version {VERSION}")
    fixtures = {spec.name: spec.category for spec in belief.scene.fixtures}
    if raw.get("map") != fixtures:
        raise BeliefError(f"the memory belongs to another home than {belief.scene.name}")
    things, seen_fixtures, states = raw.get("things"), raw.get("looked"), raw.get("fixtures")
    if not isinstance(things, dict) or not isinstance(seen_fixtures, list) or not isinstance(states, dict):
        raise BeliefError("`things` and `fixtures` must be objects, `looked` a list")
    if len(things) > MAX_THINGS:
        raise BeliefError(f"it has {len(things)} objects; the maximum is {MAX_THINGS}")
    objects = {name: _parse_object(name, entry, domain) for name, entry in things.items()}
    for name, known in objects.items():
        _check_place(name, known, objects, fixtures, domain)
    if not all(isinstance(name, str) and name in fixtures for name in (*seen_fixtures, *states)):
        raise BeliefError("it names a fixture that is not on the map")
    fixture_states: dict[str, frozenset[str]] = {}
    for name, words in states.items():
        possible = [word for word in domain.states if domain.fixtures[fixtures[name]].can_be(word)]
        if not isinstance(words, list) or not all(isinstance(w, str) and w in possible for w in words):
            raise BeliefError(f"the states of {name} must be a list of: {', '.join(possible) or 'nothing'}")
        fixture_states[name] = frozenset(words)
    time_s = _parse_time(raw.get("time_s", 0.0), math.inf, "time_s") or 0.0
    times = {key: _parse_times(raw.get(key, {}), time_s, fixtures, key) for key in _TIMES}
    objects = {n: _with_time(n, k, things[n], time_s, belief.scene) for n, k in objects.items()}
    # Objects in the hand have been put down since then, at an unknown place.
    remembered = replace(belief, things=objects)
    objects = {n: k for n, k in objects.items() if remembered.root(n) != HAND}
    return replace(
        belief, things=objects, first=objects, fixtures=fixture_states, remembered=frozenset(seen_fixtures),
        time_s=time_s, contents_seen_s=times["contents_seen_s"], states_seen_s=times["states_seen_s"],
    )  # fmt: skip


def _parse_time(value: object, latest_s: float, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= latest_s or math.isinf(value):
        raise BeliefError(f"{where}: a time is a number of seconds from 0 to the memory's `time_s`")
    return float(value)


def _parse_times(raw: object, time_s: float, fixtures: Mapping[str, str], key: str) -> dict[str, float]:
    if not isinstance(raw, dict) or not raw.keys() <= fixtures.keys():
        raise BeliefError(f"`{key}` must be an object with names of fixtures on the map")
    times = {name: _parse_time(value, time_s, f"{key}: {name}") for name, value in raw.items()}
    return {name: seen_s for name, seen_s in times.items() if seen_s is not None}


def _with_time(name: str, known: Known, entry: Mapping[str, object], time_s: float, scene: Scene) -> Known:
    """Add when an object was last seen, and its properties."""
    properties, possible = entry.get("properties", []), {*scene.domain.property_group}
    possible |= {f"{person}'s" for person in scene.people}
    if not isinstance(properties, list) or not all(isinstance(p, str) and p in possible for p in properties):
        raise BeliefError(f"{name}: `properties` must be colors, sizes, materials and people of the home")
    seen_s = _parse_time(entry.get("seen_s"), time_s, name)
    return replace(known, properties=tuple(properties), seen_s=seen_s)


def _check_place(
    name: str, known: Known, objects: Mapping[str, Known], fixtures: Mapping[str, str], domain: Domain
) -> None:
    """Check that a remembered object can be as it is remembered, and where."""
    if known.place not in (HAND, GROUND) and known.place not in fixtures and known.place not in objects:
        raise BeliefError(f"{name} is at {quoted(known.place)}, which does not exist")
    chain, place = {name}, known.place
    while place in objects:
        if place in chain:
            raise BeliefError(f"{name} is inside itself")
        chain.add(place)
        place = objects[place].place
    holder = objects[known.place].category if known.place in objects else fixtures.get(known.place, "")
    if problem := _impossibility(name, known, holder, domain):
        raise BeliefError(f"{name}: {problem}")


def _parse_object(name: str, entry: object, domain: Domain) -> Known:
    category = name.rpartition(" ")[0]
    if category not in domain.objects or not isinstance(entry, dict):
        raise BeliefError(f"{quoted(name)} is not an object of the domain")
    place, states, liquid = entry.get("place"), entry.get("states", []), entry.get("liquid", "")
    if not isinstance(place, str) or not isinstance(liquid, str) or (liquid and liquid not in domain.liquids):
        raise BeliefError(f"{name}: `place` and `liquid` must be strings")
    if not isinstance(states, list) or not all(isinstance(s, str) and s in domain.states for s in states):
        raise BeliefError(f"{name}: `states` must be some of: {', '.join(domain.states)}")
    return Known(category=category, place=place, states=frozenset(states), liquid=liquid, source="remembered")


def keep(path: Path, belief: Belief) -> None:
    """Write the belief to a memory file atomically.

    Raises:
        BeliefError: The file cannot be written.
    """
    names = {spec.name for spec in belief.scene.fixtures}
    data = {
        "version": VERSION,
        "home": belief.scene.name,
        "map": {spec.name: spec.category for spec in belief.scene.fixtures},
        "things": {
            name: {
                "place": k.place,
                "states": sorted(k.states),
                "liquid": k.liquid,
                **({"properties": list(k.properties)} if k.properties else {}),
                **({} if k.seen_s is None else {"seen_s": round(k.seen_s, 3)}),
            }
            for name, k in sorted(belief.things.items())
        },
        "fixtures": {name: sorted(states) for name, states in sorted(belief.fixtures.items())},
        "looked": sorted(belief.looked | belief.remembered),
        "time_s": round(belief.time_s, 3),
        **{
            key: {name: round(seen_s, 3) for name, seen_s in sorted(getattr(belief, key).items()) if name in names}
            for key in _TIMES
        },
    }
    try:
        write_text_atomically(path, json.dumps(data, indent=1) + "\n")
    except OSError as error:
        raise BeliefError(f"{path}: the memory cannot be written ({error.strerror or error})") from None
