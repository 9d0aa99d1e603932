"""The symbolic world: pure `unmet_precondition(state, action)` and `apply(state, action) -> State`.

What a state is stands in `envs/symbolic/state.py`; what the robot can do, when and to what effect is here, and so are the names
to import both from.
"""

from __future__ import annotations

from envs.errors import ActionError, nearest, quoted
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
    "successor",
    "apply_process",
    "format_action",
    "parse_action",
    "unmet_precondition",
]


_TWO_NAMES = ("put", "give", "pour")
# What the skills that only set or clear a state do: the state, and whether it is then true.
_TURNS = {
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


def _unmet_put(state: State, thing: int, place: int) -> str | None:
    world = state.world
    if state.held != thing:
        return f"not holding {world.names[thing]} (holding {_in_hand(state)})"
    if world.relation[place] is None or world.relation[place] == "with":
        return f"nothing can be put on {world.names[place]}"
    if world.enclosed[place] and not state.flags[place] & OPEN:
        return f"{world.names[place]} is closed"
    if (unreachable := _reach(state, place)) is not None:
        return unreachable
    if not world.fits(thing, place):
        return f"{world.names[thing]} does not fit {world.relation[place]} {world.names[place]}"
    others = state.children(place)
    if others and world.units[thing] + sum([world.units[i] for i in others]) > world.capacity[place]:
        return f"no room {world.relation[place]} {world.names[place]}"
    return None


def _unmet_give(state: State, thing: int, receiver: int) -> str | None:
    world = state.world
    if state.held != thing:
        return f"not holding {world.names[thing]} (holding {_in_hand(state)})"
    if world.relation[receiver] != "with":
        return f"{world.names[receiver]} is not a person"
    return None if world.fits(thing, receiver) else f"{world.names[thing]} is too large to hand over"


def _unmet_fixture(state: State, skill: str, fixture: int) -> str | None:
    world = state.world
    kind, name = world.fixture[fixture], world.names[fixture]
    if kind is None:
        return f"{name} is not a fixture"
    if skill == "go to":
        return None
    flags = state.flags[fixture]
    if skill == "wipe":
        held = world.thing[state.held] if state.held >= 0 else None
        if held is None or not held.wipes:
            return "not holding a cloth or sponge"
        return None if kind.wipeable else f"{name} cannot be wiped"
    if state.held >= 0:
        return f"the hand is not empty (holding {world.names[state.held]})"
    if skill in ("open", "close"):
        if kind.joint is None:
            return f"{name} cannot be opened or closed"
        if bool(flags & OPEN) == (skill == "open"):
            return f"{name} is already {'open' if flags & OPEN else 'closed'}"
        return f"{name} is on" if flags & ON else None
    if not kind.switch:
        return f"{name} has no switch"
    if bool(flags & ON) == (skill == "turn on"):
        return f"{name} is already {'on' if flags & ON else 'off'}"
    process = world.process[fixture]
    if skill == "turn on" and process and "closed" in process.when and flags & OPEN:
        return f"{name} is open"
    return None


def _unmet_pour(state: State, vessel: int, into: int) -> str | None:
    world = state.world
    if state.held != vessel:
        return f"not holding {world.names[vessel]} (holding {_in_hand(state)})"
    if not state.liquid[vessel]:
        return f"{world.names[vessel]} is empty"
    kind, thing = world.fixture[into], world.thing[into]
    if kind is not None and kind.waterable:
        return None if state.liquid[vessel] == "water" else f"{world.names[vessel]} holds no water"
    if thing is None or not thing.fills:
        return f"nothing can be poured into {world.names[into]}"
    if state.liquid[into]:  # `into` may be the vessel itself
        return f"{world.names[into]} is not empty"
    return _reach(state, into)


def _unmet_object(state: State, skill: str, thing: int) -> str | None:
    world = state.world
    kind, name = world.thing[thing], world.names[thing]
    if kind is None:
        return f"{name} is a fixture"
    if skill == "slice":
        held = world.thing[state.held] if state.held >= 0 else None
        if held is None or not held.cuts:
            return "not holding a knife"
        if not kind.slices:
            return f"{name} cannot be sliced"
        if state.flags[thing] & SLICED:
            return f"{name} is already sliced"
        root = state.root(thing)
        if root >= 0 and (world.enclosed[root] or world.relation[root] == "with"):
            return f"{name} is not on an open surface"
        return _reach(state, thing)
    if state.held >= 0:
        return f"the hand is not empty (holding {world.names[state.held]})"
    if skill == "fold":
        if not kind.folds:
            return f"{name} cannot be folded"
        if state.flags[thing] & FOLDED:
            return f"{name} is already folded"
    return _reach(state, thing)


def unmet_precondition(state: State, action: Action) -> str | None:
    """Return in words the first precondition that an action lacks, or None if it is applicable.

    Raises:
        ActionError: The action names no skill or a thing that this home does not have.
    """
    world = state.world
    skill, args = action
    if skill not in world.domain.skills:
        raise ActionError(f"there is no skill {quoted(skill)}{nearest(skill, world.domain.skills)}")
    wanted = 2 if skill in _TWO_NAMES else 1
    if len(args) != wanted:
        raise ActionError(f"{skill!r} takes {wanted} name{'s' * (wanted > 1)}, found {len(args)}")
    first = _entity(world, args[0])
    if wanted == 2:
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
    """Return the state after an action that is known to be applicable (no preconditions are checked)."""
    world, place, flags, liquid, held, at = state
    skill, args = action
    first = world.index[args[0]]
    if skill == "go to":
        return State(world, place, flags, liquid, held, first)
    if skill == "pick up":
        at = state.root(first)
        moved = list(place)
        moved[first] = HELD
        return State(world, tuple(moved), flags, liquid, first, at)
    if skill in ("put", "give"):
        target = world.index[args[1]]
        moved = list(place)
        moved[first] = target
        at = state.root(target)
        flags, liquid = _exposed(world, tuple(moved), flags, liquid, at)
        return State(world, tuple(moved), flags, liquid, NOWHERE, at)
    if skill == "pour":
        return _poured(state, first, world.index[args[1]])
    at = state.root(first)
    bit, turned_on = _TURNS[skill]
    new_flags = list(flags)
    new_flags[first] = new_flags[first] | bit if turned_on else new_flags[first] & ~bit
    flags = tuple(new_flags)
    if skill in ("close", "turn on"):
        flags, liquid = _exposed(world, place, flags, liquid, first)
    return State(world, place, flags, liquid, held, at)


def _exposed(
    world: World, place: tuple[int, ...], flags: tuple[int, ...], liquid: tuple[str, ...], fixture: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return flags and liquids after the process of a fixture, if one runs there."""
    if world.rule[fixture] is None:
        return flags, liquid
    new_flags, new_liquid = list(flags), list(liquid)
    apply_process(world, place, new_flags, new_liquid, fixture)
    return tuple(new_flags), tuple(new_liquid)


def _poured(state: State, vessel: int, into: int) -> State:
    world = state.world
    flags, liquid = list(state.flags), list(state.liquid)
    at = state.root(into)
    if into < world.n_fixtures:
        flags[into] |= WATERED
    else:
        liquid[into] = liquid[vessel]
        warmth = flags[vessel] & (HOT | COLD)
        if warmth:
            flags[into] = flags[into] & ~(HOT | COLD) | warmth
    thing = world.thing[vessel]
    if thing is not None and not thing.contains:
        liquid[vessel] = ""
    apply_process(world, state.place, flags, liquid, at)  # cold milk into a mug on a burner gets hot
    return State(world, state.place, tuple(flags), tuple(liquid), state.held, at)


def format_action(world: World, action: Action) -> str:
    """Write an action as a subtask, for example `put plate 1 on dining table 1`."""
    skill, args = action
    if skill == "put":
        place = world.index.get(args[1])
        word = world.relation[place] if place is not None else None
        return f"put {args[0]} {word or 'on'} {args[1]}"
    joint = {"give": " to ", "pour": " into "}.get(skill, " ")
    return f"{skill} {joint.join(args)}"


def parse_action(world: World, text: str) -> Action:
    """Read a subtask. `in` and `on` are both accepted for any place; the place's own word is written back.

    Raises:
        ActionError: The text names no skill, or a thing that this home does not have.
    """
    words = " ".join(text.split())
    for skill in sorted(world.domain.skills, key=len, reverse=True):
        if words.startswith(skill + " "):
            rest = words[len(skill) + 1 :]
            break
    else:
        known = ", ".join(world.domain.skills)
        raise ActionError(f"{quoted(text)} starts with no skill of the robot; it can: {known}")
    joints = {"put": (" on ", " in "), "pour": (" into ", " in "), "give": (" to ",)}.get(skill)
    if joints is None:
        _entity(world, rest)
        return Action(skill, (rest,))
    for joint in joints:
        thing, found, place = rest.partition(joint)
        if found:
            _entity(world, thing)
            _entity(world, place)
            return Action(skill, (thing, place))
    raise ActionError(f"{quoted(text)}: expected {world.domain.skills[skill].text!r}")


def applicable(state: State, *, fixtures_only: bool = False) -> list[Action]:
    """Return every applicable action, in a fixed order (`fixtures_only`: put things on fixtures only)."""
    world = state.world
    names = world.names
    fixtures = range(world.n_fixtures)
    things = range(world.n_fixtures, len(names))
    found = [Action("go to", (names[f],)) for f in fixtures]
    tool = world.thing[state.held] if state.held >= 0 else None
    if tool is not None:
        thing, held = state.held, names[state.held]
        places = fixtures if fixtures_only else range(len(names))
        people = [f for f in fixtures if world.relation[f] == "with"]
        vessels = range(len(names)) if state.liquid[thing] else ()
        found += [Action("put", (held, names[p])) for p in places if _unmet_put(state, thing, p) is None]
        found += [Action("give", (held, names[p])) for p in people if _unmet_give(state, thing, p) is None]
        found += [Action("pour", (held, names[v])) for v in vessels if _unmet_pour(state, thing, v) is None]
        if tool.wipes:
            found += [Action("wipe", (names[f],)) for f in fixtures if _unmet_fixture(state, "wipe", f) is None]
        if tool.cuts:
            found += [Action("slice", (names[i],)) for i in things if _unmet_object(state, "slice", i) is None]
        return found
    found += [Action("pick up", (names[i],)) for i in things if _unmet_object(state, "pick up", i) is None]
    found += [Action("fold", (names[i],)) for i in things if _unmet_object(state, "fold", i) is None]
    for skill in ("open", "close", "turn on", "turn off"):
        found += [Action(skill, (names[f],)) for f in fixtures if _unmet_fixture(state, skill, f) is None]
    return found
