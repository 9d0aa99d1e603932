"""What the GPT may choose from: actions that can be done now and lead somewhere new, those about its facts first."""

from __future__ import annotations

from collections.abc import Collection

from envs.symbolic.actions import Action, State, applicable, successor, unmet_precondition

Place = tuple[object, ...]

_ON_FIXTURES = ("open", "close", "turn on", "turn off")


def state_key(state: State) -> Place:
    """Return what tells two states of a home apart, but for where the robot stands."""
    return (state.place, state.flags, state.liquid)


def candidate_actions(state: State, names: frozenset[str], seen: Collection[Place]) -> list[tuple[Action, State]]:
    """Return actions that lead to none of the states `seen`, with the states that they lead to.

    Those about things of certain names alone; if there is none, those about any.
    """
    near = _fresh(state, applicable_to(state, names), seen)
    return near or _fresh(state, [a for a in applicable(state) if not names.issuperset(a.args)], seen)


def applicable_to(state: State, names: Collection[str]) -> list[Action]:
    """Return the applicable actions whose arguments are all among `names`, in the order of `applicable`.

    It takes as long in a home of any size.
    """
    world = state.world
    entities = sorted(world.index[name] for name in names)
    fixtures = [world.names[i] for i in entities if i < world.n_fixtures]
    things = [world.names[i] for i in entities if i >= world.n_fixtures]
    actions = [Action("go to", (f,)) for f in fixtures]
    if state.held < 0:
        actions += [Action(skill, (t,)) for skill in ("pick up", "fold") for t in things]
        actions += [Action(skill, (f,)) for skill in _ON_FIXTURES for f in fixtures]
    else:
        held = world.names[state.held]
        if held in names:
            to = {"put": [*fixtures, *things], "give": fixtures, "pour": [*fixtures, *things]}
            actions += [Action(skill, (held, name)) for skill, found in to.items() for name in found]
        actions += [Action("wipe", (f,)) for f in fixtures] + [Action("slice", (t,)) for t in things]
    return [a for a in actions if unmet_precondition(state, a) is None]


def _fresh(state: State, actions: list[Action], seen: Collection[Place]) -> list[tuple[Action, State]]:
    here = state_key(state)
    stays_out = here not in seen  # for many actions nothing but where the robot stands changes: compared by identity
    found = []
    for action in actions:
        after = successor(state, action)
        there = state_key(after)
        same = all(a is b for a, b in zip(here, there, strict=True))
        if stays_out if same else there not in seen:
            found.append((action, after))
    return found
