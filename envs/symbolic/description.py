"""Describe a state in text for people: the robot's position, and every fixture and object with its states."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def describe(state: State) -> str:
    """Return one line for the robot and one for each fixture with its contents."""
    names = state.world.names
    at = names[state.at] if state.at >= 0 else "the start"
    held = _entity(state, state.held) if state.held >= 0 else "nothing"
    lines = [f"robot: at {at}, holding {held}"]
    lines += [_entity(state, fixture) for fixture in range(state.world.n_fixtures)]
    return "\n".join(lines)


def _entity(state: State, entity: int) -> str:
    """Return an entity, its states in parentheses, and its contents after a colon (an object's contents in braces)."""
    world = state.world
    words = [s for s in world.domain.states if state.has(entity, s)]
    words += [f"with {state.liquid[entity]}"] if state.liquid[entity] else []
    text = world.names[entity] + (f" ({', '.join(words)})" if words else "")
    inside = ", ".join(_entity(state, child) for child in state.children(entity))
    if not inside:
        return text
    return f"{text}: {inside}" if entity < world.n_fixtures else f"{text} {{{inside}}}"
