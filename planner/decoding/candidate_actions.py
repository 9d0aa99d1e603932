"""What the GPT may choose from: actions that can be done now and lead somewhere new, those about its facts first."""

from __future__ import annotations

from collections.abc import Collection

from envs.symbolic.actions import Action, State, applicable, successor, unmet_precondition

StateKey = tuple[object, ...]

_ON_FIXTURES = ("open", "close", "turn on", "turn off")


def state_key(state: State) -> StateKey:
    """Return what tells two states of a home apart, but for where the robot stands."""
    return (state.place, state.flags, state.liquid)


def candidate_actions(state: State, names: frozenset[str], visited: Collection[StateKey]) -> list[tuple[Action, State]]:
    """Return actions that lead to none of the states `seen`, with the states that they lead to.

    Those about things of certain names alone; if there is none, those about any.
    """
    relevant = _fresh(state, applicable_to(state, names), visited)
    return relevant or _fresh(state, [a for a in applicable(state) if not names.issuperset(a.args)], visited)


def applicable_to(state: State, names: Collection[str]) -> list[Action]:
    """Return the applicable actions whose arguments are all among `names`, in the order of `applicable`.

    It takes as long in a home of any size.
    """
    world = state.world
    entities = sorted(world.index[name] for name in names)
    fixtures = [world.names[i] for i in entities if i < world.n_fixtures]
    objects = [world.names[i] for i in entities if i >= world.n_fixtures]
    actions = [Action("go to", (f,)) for f in fixtures]
    if state.held < 0:
        actions += [Action(skill, (o,)) for skill in ("pick up", "fold") for o in objects]
        actions += [Action(skill, (f,)) for skill in _ON_FIXTURES for f in fixtures]
    else:
        held = world.names[state.held]
        if held in names:
            targets_by_skill = {"put": [*fixtures, *objects], "give": fixtures, "pour": [*fixtures, *objects]}
            actions += [Action(skill, (held, name)) for skill, targets in targets_by_skill.items() for name in targets]
        actions += [Action("wipe", (f,)) for f in fixtures] + [Action("slice", (o,)) for o in objects]
    return [a for a in actions if unmet_precondition(state, a) is None]


def _fresh(state: State, actions: list[Action], visited: Collection[StateKey]) -> list[tuple[Action, State]]:
    key = state_key(state)
    key_is_new = key not in visited  # for many actions nothing but where the robot stands changes: compared by identity
    candidates = []
    for action in actions:
        next_state = successor(state, action)
        next_key = state_key(next_state)
        is_unchanged = all(a is b for a, b in zip(key, next_key, strict=True))
        if key_is_new if is_unchanged else next_key not in visited:
            candidates.append((action, next_state))
    return candidates
