"""Preconditions and effects of every skill, as pure functions of a state and an action.

`envs/symbolic/state.py` defines the state; its names are re-exported here.
"""

from __future__ import annotations

from envs.errors import ActionError, nearest, quoted
from envs.symbolic.embodiment.hand_limits import cannot, hand_limit
from envs.symbolic.state import (
    BIT,
    COLD,
    COOKED,
    DIRTY,
    FOLDED,
    HELD,
    HOT,
    NOWHERE,
    ON,
    OPEN,
    SLICED,
    WATERED,
    Action,
    State,
    World,
    apply_process,
)

__all__ = [
    "BIT",
    "COLD",
    "COOKED",
    "DIRTY",
    "FOLDED",
    "HELD",
    "HOT",
    "NOWHERE",
    "ON",
    "OPEN",
    "SLICED",
    "WATERED",
    "Action",
    "State",
    "World",
    "applicable",
    "apply",
    "apply_process",
    "format_action",
    "parse_action",
    "successor",
    "unmet_precondition",
]


_TWO_NAMES = ("put", "give", "pour")
# Skills that only set or clear one state: the state, and whether it is true afterwards.
_STATE_EFFECTS = {
    "open": (OPEN, True),
    "close": (OPEN, False),
    "turn on": (ON, True),
    "turn off": (ON, False),
    "slice": (SLICED, True),
    "fold": (FOLDED, True),
    "wipe": (DIRTY, False),
}


def _entity(world: World, name: str) -> int:
    index = world.index.get(name)
    if index is None:
        raise ActionError(f"there is no {quoted(name)} in this home{nearest(name, world.index)}")
    return index


def _reach(state: State, entity: int) -> str | None:
    root = state.root(entity)
    if root == HELD:
        return f"{state.world.names[entity]} is in the hand"
    if root >= 0 and root != entity and state.world.enclosed[root] and not state.flags[root] & OPEN:
        return f"{state.world.names[root]} is closed"
    return None


def _in_hand(state: State) -> str:
    return state.world.names[state.held] if state.held >= 0 else "nothing"


def _unmet_put(state: State, obj: int, place: int) -> str | None:
    world = state.world
    if state.held != obj:
        return f"not holding {world.names[obj]} (holding {_in_hand(state)})"
    if world.relation[place] is None or world.relation[place] == "with":
        return f"nothing can be put on {world.names[place]}"
    if world.enclosed[place] and not state.flags[place] & OPEN:
        return f"{world.names[place]} is closed"
    if (unreachable := _reach(state, place)) is not None:
        return unreachable
    if not world.fits(obj, place):
        return f"{world.names[obj]} does not fit {world.relation[place]} {world.names[place]}"
    others = state.children(place)
    if others and world.units[obj] + sum([world.units[i] for i in others]) > world.capacity[place]:
        return f"no room {world.relation[place]} {world.names[place]}"
    return None


def _unmet_give(state: State, obj: int, receiver: int) -> str | None:
    world = state.world
    if state.held != obj:
        return f"not holding {world.names[obj]} (holding {_in_hand(state)})"
    if world.relation[receiver] != "with":
        return f"{world.names[receiver]} is not a person"
    return None if world.fits(obj, receiver) else f"{world.names[obj]} is too large to hand over"


def _unmet_fixture(state: State, skill: str, fixture: int) -> str | None:
    world = state.world
    category, name = world.fixture_category[fixture], world.names[fixture]
    if category is None:
        return f"{name} is not a fixture"
    if skill == "go to":
        return None
    flags = state.flags[fixture]
    if skill == "wipe":
        held = world.object_category[state.held] if state.held >= 0 else None
        if held is None or not held.wipes:
            return "not holding a cloth or sponge"
        return None if category.wipeable else f"{name} cannot be wiped"
    if state.held >= 0:
        return f"the hand is not empty (holding {world.names[state.held]})"
    if skill in ("open", "close"):
        if category.joint is None:
            return f"{name} cannot be opened or closed"
        if bool(flags & OPEN) == (skill == "open"):
            return f"{name} is already {'open' if flags & OPEN else 'closed'}"
        return f"{name} is on" if flags & ON else None
    if not category.switch:
        return f"{name} has no switch"
    if bool(flags & ON) == (skill == "turn on"):
        return f"{name} is already {'on' if flags & ON else 'off'}"
    process = world.process[fixture]
    if skill == "turn on" and process and "closed" in process.when and flags & OPEN:
        return f"{name} is open"
    return None


def _unmet_pour(state: State, vessel: int, target: int) -> str | None:
    world = state.world
    if state.held != vessel:
        return f"not holding {world.names[vessel]} (holding {_in_hand(state)})"
    if not state.liquid[vessel]:
        return f"{world.names[vessel]} is empty"
    fixture_category, object_category = world.fixture_category[target], world.object_category[target]
    if fixture_category is not None and fixture_category.waterable:
        return None if state.liquid[vessel] == "water" else f"{world.names[vessel]} holds no water"
    if object_category is None or not object_category.fills:
        return f"nothing can be poured into {world.names[target]}"
    if state.liquid[target]:  # the target may be the vessel itself
        return f"{world.names[target]} is not empty"
    return _reach(state, target)


def _unmet_object(state: State, skill: str, obj: int) -> str | None:
    world = state.world
    category, name = world.object_category[obj], world.names[obj]
    if category is None:
        return f"{name} is a fixture"
    if skill == "slice":
        held = world.object_category[state.held] if state.held >= 0 else None
        if held is None or not held.cuts:
            return "not holding a knife"
        if not category.slices:
            return f"{name} cannot be sliced"
        if state.flags[obj] & SLICED:
            return f"{name} is already sliced"
        root = state.root(obj)
        if root >= 0 and (world.enclosed[root] or world.relation[root] == "with"):
            return f"{name} is not on an open surface"
        return _reach(state, obj)
    if state.held >= 0:
        return f"the hand is not empty (holding {world.names[state.held]})"
    if skill == "fold":
        if not category.folds:
            return f"{name} cannot be folded"
        if state.flags[obj] & FOLDED:
            return f"{name} is already folded"
    return _reach(state, obj)


def unmet_precondition(state: State, action: Action) -> str | None:
    """Return in words the first false precondition of an action, or None if it is applicable.

    Raises:
        ActionError: The action names an unknown skill, or an object or fixture that this home does not have.
    """
    domain = state.world.domain
    if action.skill in domain.lacking:
        return cannot(action.skill)
    reason = _unmet(state, action)
    if reason is not None or domain.hand is None:
        return reason
    return hand_limit(state, domain.skills[action.skill], [state.world.index[name] for name in action.args])


def _unmet(state: State, action: Action) -> str | None:
    world = state.world
    skill, args = action
    if skill not in world.domain.skills:
        raise ActionError(f"there is no skill {quoted(skill)}{nearest(skill, world.domain.skills)}")
    n_args = 2 if skill in _TWO_NAMES else 1
    if len(args) != n_args:
        raise ActionError(f"{skill!r} takes {n_args} name{'s' * (n_args > 1)}, found {len(args)}")
    first = _entity(world, args[0])
    if n_args == 2:
        second = _entity(world, args[1])
        if skill == "put":
            return _unmet_put(state, first, second)
        if skill == "pour":
            return _unmet_pour(state, first, second)
        return _unmet_give(state, first, second)
    if skill in ("pick up", "slice", "fold"):
        return _unmet_object(state, skill, first)
    return _unmet_fixture(state, skill, first)


def apply(state: State, action: Action) -> State:
    """Return the state after an applicable action.

    Raises:
        ActionError: The action is not applicable; the message says which precondition is false.
    """
    if (reason := unmet_precondition(state, action)) is not None:
        raise ActionError(f"{format_action(state.world, action)}: {reason}")
    return successor(state, action)


def successor(state: State, action: Action) -> State:
    """Return the state after an action that is known to be applicable; preconditions are not checked."""
    world, places, flags, liquid, held, at, apart = state
    skill, args = action
    first = world.index[args[0]]
    if skill == "go to":
        return State(world, places, flags, liquid, held, first, apart)
    if skill == "pick up":
        at = state.root(first)
        new_places = list(places)
        new_places[first] = HELD
        if apart:
            apart = frozenset(pair for pair in apart if first not in pair)
        return State(world, tuple(new_places), flags, liquid, first, at, apart)
    if skill in ("put", "give"):
        target = world.index[args[1]]
        new_places = list(places)
        new_places[first] = target
        at = state.root(target)
        flags, liquid = _after_process(world, tuple(new_places), flags, liquid, at)
        return State(world, tuple(new_places), flags, liquid, NOWHERE, at, apart)
    if skill == "pour":
        return _after_pour(state, first, world.index[args[1]])
    at = state.root(first)
    bit, is_set = _STATE_EFFECTS[skill]
    new_flags = list(flags)
    new_flags[first] = new_flags[first] | bit if is_set else new_flags[first] & ~bit
    flags = tuple(new_flags)
    if skill in ("close", "turn on"):
        flags, liquid = _after_process(world, places, flags, liquid, first)
    return State(world, places, flags, liquid, held, at, apart)


def _after_process(
    world: World, places: tuple[int, ...], flags: tuple[int, ...], liquid: tuple[str, ...], fixture: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return flags and liquids after the process of a fixture has run, if it has one."""
    if world.rule[fixture] is None:
        return flags, liquid
    new_flags, new_liquid = list(flags), list(liquid)
    apply_process(world, places, new_flags, new_liquid, fixture)
    return tuple(new_flags), tuple(new_liquid)


def _after_pour(state: State, vessel: int, target: int) -> State:
    world = state.world
    flags, liquid = list(state.flags), list(state.liquid)
    at = state.root(target)
    if target < world.n_fixtures:
        flags[target] |= WATERED
    else:
        liquid[target] = liquid[vessel]
        temperature = flags[vessel] & (HOT | COLD)
        if temperature:
            flags[target] = flags[target] & ~(HOT | COLD) | temperature
    category = world.object_category[vessel]
    if category is not None and not category.contains:
        liquid[vessel] = ""
    apply_process(world, state.place, flags, liquid, at)  # cold milk into a mug on a burner gets hot
    return State(world, state.place, tuple(flags), tuple(liquid), state.held, at, state.apart)


def format_action(world: World, action: Action) -> str:
    """Write an action as a subtask, for example `put plate 1 on dining table 1`."""
    skill, args = action
    if skill == "put":
        place = world.index.get(args[1])
        relation = world.relation[place] if place is not None else None
        return f"put {args[0]} {relation or 'on'} {args[1]}"
    separator = {"give": " to ", "pour": " into "}.get(skill, " ")
    return f"{skill} {separator.join(args)}"


def parse_action(world: World, text: str) -> Action:
    """Parse a subtask. `in` and `on` are both accepted for any place; `format_action` writes the place's own word.

    Raises:
        ActionError: The text names no skill, or an object or fixture that this home does not have.
    """
    words = " ".join(text.split())
    for skill in sorted(world.domain.all_skills, key=len, reverse=True):
        if words.startswith(skill + " "):
            rest = words[len(skill) + 1 :]
            break
    else:
        known = ", ".join(world.domain.skills)
        raise ActionError(f"{quoted(text)} starts with no skill of the robot; it can: {known}")
    separators = {"put": (" on ", " in "), "pour": (" into ", " in "), "give": (" to ",)}.get(skill)
    if separators is None:
        _entity(world, rest)
        return Action(skill, (rest,))
    for separator in separators:
        first_name, separator_found, second_name = rest.partition(separator)
        if separator_found:
            _entity(world, first_name)
            _entity(world, second_name)
            return Action(skill, (first_name, second_name))
    raise ActionError(f"{quoted(text)}: expected {world.domain.all_skills[skill].text!r}")


def applicable(state: State, *, fixtures_only: bool = False) -> list[Action]:
    """Return every applicable action, in a fixed order (`fixtures_only`: put objects on fixtures only)."""
    actions = _applicable(state, fixtures_only=fixtures_only)
    if state.world.domain.has_limits:
        return [action for action in actions if unmet_precondition(state, action) is None]
    return actions


def _applicable(state: State, *, fixtures_only: bool) -> list[Action]:
    world = state.world
    names = world.names
    fixtures = range(world.n_fixtures)
    objects = range(world.n_fixtures, len(names))
    actions = [Action("go to", (names[f],)) for f in fixtures]
    held_category = world.object_category[state.held] if state.held >= 0 else None
    if held_category is not None:
        held, held_name = state.held, names[state.held]
        places = fixtures if fixtures_only else range(len(names))
        people = [f for f in fixtures if world.relation[f] == "with"]
        vessels = range(len(names)) if state.liquid[held] else ()
        actions += [Action("put", (held_name, names[p])) for p in places if _unmet_put(state, held, p) is None]
        actions += [Action("give", (held_name, names[p])) for p in people if _unmet_give(state, held, p) is None]
        actions += [Action("pour", (held_name, names[v])) for v in vessels if _unmet_pour(state, held, v) is None]
        if held_category.wipes:
            actions += [Action("wipe", (names[f],)) for f in fixtures if _unmet_fixture(state, "wipe", f) is None]
        if held_category.cuts:
            actions += [Action("slice", (names[i],)) for i in objects if _unmet_object(state, "slice", i) is None]
        return actions
    actions += [Action("pick up", (names[i],)) for i in objects if _unmet_object(state, "pick up", i) is None]
    actions += [Action("fold", (names[i],)) for i in objects if _unmet_object(state, "fold", i) is None]
    for skill in ("open", "close", "turn on", "turn off"):
        actions += [Action(skill, (names[f],)) for f in fixtures if _unmet_fixture(state, skill, f) is None]
    return actions
