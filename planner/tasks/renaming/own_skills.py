"""Gives a home a skill of its own with a made-up name and a made-up state: `flup {room}` makes a room `zarked`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.skills.notation import new_states, parse_skills
from envs.symbolic.state import State, World
from planner.tasks.renaming.nouns import nouns_of

if TYPE_CHECKING:
    import random

    from planner.tasks.renaming.nouns import NounSplit

DURATIONS_S = (10.0, 30.0, 60.0, 120.0)


def with_own_skill(home: State, rng: random.Random, split: NounSplit) -> State:
    """Return a home at its start whose robot has one skill more; what it is about and what it needs are drawn."""
    world = home.world
    domain, nouns = world.domain, nouns_of(split)
    verb = nouns.made_up(rng)
    state = f"{verb.removesuffix('e')}ed" if rng.random() < 0.5 else f"{nouns.made_up(rng)}ed"
    things = [c for c in world.entities_by_category if c in domain.objects]
    furniture = [c for c in world.entities_by_category if c in domain.fixtures and not domain.fixtures[c].underfoot]
    classes = [c for c, members in domain.members.items() if c != "anything" and not set(members).isdisjoint(things)]
    about = rng.choice(["room", rng.choice(things), rng.choice(furniture), rng.choice(classes)])
    needs = ["hand empty", ""]
    if about in classes or about in things:
        needs.append(f"holding {{{about}}}")
    needs += [f"holding {{{tool}}}" for tool in rng.sample(things, k=min(2, len(things))) if tool != about]
    need = rng.choice(needs)
    described = {
        "text": f"{verb} {{{about}}}",
        "when": [need] if need else [],
        "sets": [f"{{{about}}} {state}"],
        "duration_s": rng.choice(DURATIONS_S),
    }
    skills = parse_skills({verb: described}, domain.vocabulary)
    extended = domain.extended(skills=skills, states=new_states(skills, domain.states))
    return World(replace(world.scene, domain=extended)).initial()
