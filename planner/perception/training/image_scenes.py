"""Training homes for pictures: sampled, full of objects, mostly open, in many colors and lights."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.rendering.renderer import Light
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.domain import load_domain
from envs.symbolic.state import OPEN
from planner.tasks.home_splits import SPLITS, SplitName

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import State
    from envs.symbolic.scene import Scene

OPEN_RATE, SWITCHED_RATE, EMPTY_RATE = 0.65, 0.4, 0.3


def sample_training_scene(rng: random.Random, split: SplitName) -> Scene:
    """Sample a home to picture.

    Raises:
        EnvsError: There is not enough space for the drawn objects.
    """
    domain = load_domain()
    fixtures = dict.fromkeys(rng.sample(sorted(domain.fixtures), k=rng.randrange(4, 12)), 1)
    objects = {
        category: rng.choice((1, 1, 2, 3)) for category in rng.sample(sorted(domain.objects), k=rng.randrange(10, 40))
    }
    scene = sample_scene(
        rng.randrange(*SPLITS[split]), rooms=rng.choice((1, 2, 2, 3)), n_objects=rng.randrange(30, 110),
        need_fixtures=fixtures, need_objects=objects,
    )  # fmt: skip
    fixtures_shown = []
    for spec in scene.fixtures:
        category, states = domain.fixtures[spec.category], set(spec.states)
        if category.can_be("open"):
            states = states - {"open"} | ({"open"} if rng.random() < OPEN_RATE else set())
        if category.can_be("on") and rng.random() < SWITCHED_RATE:
            states ^= {"on"}
        fixtures_shown.append(replace(spec, states=frozenset(states)))
    return replace(scene, fixtures=tuple(fixtures_shown))


def random_light(rng: random.Random) -> Light:
    """Draw a light from above, from any side, dim to bright."""
    return Light(
        direction=(rng.uniform(-8, 8), rng.uniform(-8, 8), rng.uniform(5, 14)),
        ambient=rng.uniform(0.42, 0.78), diffuse=rng.uniform(0.25, 0.6), specular=rng.uniform(0.0, 0.2),
    )  # fmt: skip


def repaint(home: PhysicalHome, rng: random.Random) -> None:
    """Change the colors of walls, floors, furniture and objects slightly for the following pictures."""
    renderer = home.scene_view.renderer
    for name in renderer.bodies:
        body_type = name.partition(" ")[0]
        if body_type in ("upper", "lawn", "robot") or " glow" in name or name.endswith("marker"):
            continue
        strength = 0.4 if body_type in ("wall", "floors") else 0.15
        if renderer.painted(name)[3]:  # otherwise it is invisible
            red, green, blue = (1.0 - strength * rng.random() for _ in range(3))
            renderer.paint(name, (red, green, blue, 1.0))


def fixtures_to_picture(home: PhysicalHome, state: State, rng: random.Random) -> set[str]:
    """Return the furniture with visible objects, and some of the rest."""
    world = home.world
    non_empty = {state.root(i) for i in range(world.n_fixtures, len(world.names))}
    return {
        world.names[i] for i in range(world.n_fixtures)
        if rng.random() < EMPTY_RATE or (i in non_empty and not (world.enclosed[i] and not state.flags[i] & OPEN))
    }  # fmt: skip
