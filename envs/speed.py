"""How fast the two worlds are: `python -m envs.speed`.

Symbolic: actions in a second of one core's time, each with all its preconditions (`unmet_precondition`) and, where it is applicable,
all its effects and processes (`successor`). Physics: how much faster than real time a short plan runs
(simulated seconds a CPU second), how long a home takes to build, and the head camera's frames.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from typing import TYPE_CHECKING

from envs.errors import EnvsError
from envs.evaluation.random_plans import applicable_walk, draw_inapplicable
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import Action, State, World, applicable, successor, unmet_precondition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 3
N_OBJECTS = 32
N_ACTIONS = 2000
PHYSICS_SKILLS = ("open", "close", "pick up", "put", "pick up", "put")
Figures = dict[str, float | int | str]


def with_inapplicable(start: State, walk: Sequence[Action], rng: random.Random) -> list[Action]:
    """Put before each action of a walk one with a random skill and random names that is not applicable there."""
    state, mixed = start, list[Action]()
    for action in walk:
        mixed += [draw_inapplicable(state, rng), action]
        state = successor(state, action)
    return mixed


def actions_per_s(
    start: State, actions: Sequence[Action], seconds: float, clock: Callable[[], float] = time.process_time
) -> tuple[float, float]:
    """Try the actions in a row, again and again. Returns actions a CPU second, and the share that was applicable."""
    tried = done = 0
    began = clock()
    while (taken_s := clock() - began) < seconds:
        state = start
        for action in actions:
            if unmet_precondition(state, action) is None:
                state = successor(state, action)
                done += 1
        tried += len(actions)
    return tried / taken_s, done / tried


def symbolic_figures(seconds: float) -> Figures:
    """Measure the symbolic world in one sampled home."""
    rng = random.Random(SEED)
    world = World(sample_scene(SEED, n_objects=N_OBJECTS, geometry=False))
    start = world.initial()
    walk = applicable_walk(start, N_ACTIONS, rng)
    mixed = with_inapplicable(start, walk, rng)
    walk_per_s, _ = actions_per_s(start, walk, seconds / 2)
    mixed_per_s, mixed_share = actions_per_s(start, mixed, seconds / 2)
    states = [start]
    for action in walk[:200]:
        states.append(successor(states[-1], action))
    began = time.process_time()
    for state in states:
        applicable(state)
    return {
        "entities": len(world.names),
        "applicable_actions_per_s": round(walk_per_s),
        "mixed_actions_per_s": round(mixed_per_s),
        "mixed_share_applicable": round(mixed_share, 3),
        "list_applicable_ms": round((time.process_time() - began) / len(states) * 1e3, 4),
    }


def physics_figures() -> Figures:
    """Measure a short plan in the same home: the first applicable action of each of PHYSICS_SKILLS.

    Raises:
        PhysicsError: PyBullet is not installed.
    """
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(sample_scene(SEED, n_objects=N_OBJECTS))
    home.reset()
    done, simulated_s = 0, 0.0
    began = time.process_time()
    for skill in PHYSICS_SKILLS:
        action = next((a for a in applicable(home.state()) if a.skill == skill), None)
        if action is not None:
            outcome = home.execute(action)
            simulated_s += outcome.duration_s
            done += outcome.status == "done"
    taken_s = time.process_time() - began
    home.close()
    return {
        "physics_actions_done": f"{done} of {len(PHYSICS_SKILLS)}",
        "physics_simulated_s": round(simulated_s, 1),
        "physics_x_real_time": round(simulated_s / taken_s, 1),
    }


def reset_figures(repeats: int = 5) -> Figures:
    """Measure how long a home takes to build at first, and to be built anew at each reset.

    Raises:
        PhysicsError: PyBullet is not installed.
    """
    from envs.simulation.physical_home import PhysicalHome

    scene = sample_scene(SEED, n_objects=N_OBJECTS)
    began = time.process_time()
    home = PhysicalHome(scene)
    built_s = time.process_time() - began
    taken_s = []
    for _ in range(repeats):
        home.engine.step()
        began = time.process_time()
        home.reset()
        taken_s.append(time.process_time() - began)
    home.close()
    return {"physics_build_ms": round(1e3 * built_s, 1), "physics_reset_ms": round(1e3 * statistics.median(taken_s), 1)}


def camera_figures(frames: int = 25) -> Figures:
    """Measure the head camera in the same home: frames a CPU second, colors alone and with depth and segmentation.

    Raises:
        PhysicsError: PyBullet is not installed.
    """
    from envs.gym.observations import Senses
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(sample_scene(SEED, n_objects=N_OBJECTS))
    found: Figures = {}
    for pixels in (256, 128):
        for name, observe in (("rgb", ("rgb",)), ("all", ("rgb", "depth", "segmentation"))):
            senses = Senses(observe=observe, image_size=(pixels, pixels))
            taken_s = []
            for _ in range(frames):
                began = time.process_time()
                senses.read(home)
                taken_s.append(time.process_time() - began)
            found[f"camera_{pixels}_{name}_fps"] = round(1 / statistics.median(taken_s), 1)
    home.close()
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m envs.speed", description="Measure the speed of the two worlds.")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to measure the symbolic world (default 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    if not 0 < args.seconds <= 600:
        parser.error(f"--seconds is {args.seconds}; it is more than 0 and at most 600")
    figures = symbolic_figures(args.seconds)
    try:
        figures |= physics_figures() | reset_figures() | camera_figures()
    except (EnvsError, ImportError) as error:
        print(f"physics is not measured: {error}", file=sys.stderr)
    if args.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            text = value if isinstance(value, str) else f"{value:,}"
            print(f"{name.replace('_', ' '):28} {text:>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
