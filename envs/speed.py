"""Measure the speed of the two worlds and of home files: `python -m envs.speed`.

Symbolic: actions per CPU second on one core, each with all its preconditions (`unmet_precondition`) and, if it is
applicable, all its effects and processes (`successor`); the same with five rules tested after each; conditions of goals
tested per second. Home files: the time to read one of the largest (2,000 objects, 200 fixtures), without and with a
floor plan, to write it, and to start in it. Physics: simulated seconds per CPU second of a short plan, the time to
build and to reset a home, and the frame rate of the head camera.
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
from envs.evaluation.random_plans import draw_actions, draw_inapplicable
from envs.scenes.home_file import dump_home, parse_home
from envs.scenes.large_homes import large_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import Action, State, World, applicable, successor, unmet_precondition
from envs.symbolic.goals import parse_goal, parse_rule
from envs.symbolic.rules import RuleWatch
from envs.symbolic.scoring import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envs.symbolic.goals import Condition, Rule

SEED = 3
N_OBJECTS = 32
N_ACTIONS = 2000
RULES = (
    "never knife with person",
    "never oven on",
    "never open oven",
    "never dirty plate on dining table",
    "never 2 book on sofa",
)
PLAIN_CONDITIONS = (
    "mug on desk",
    "2 clean plate on dining table",
    "every dishes in sink",
    "every lamp off",
    "no food on sofa",
)
CONDITIONS = (  # one of each construct
    "2 of mug from cabinet on desk",
    "1 more glass on dining table",
    "exactly 2 plate on dining table",
    "every book except book from desk on bookshelf",
    "fork beside plate",
    "spoon in every mug",
    "every lamp except desk lamp off",
    "hot potato by microwave",
    "red mug in bedroom",
    "no lamp in bedroom on",
)
PHYSICS_SKILLS = ("open", "close", "pick up", "put", "pick up", "put")
Figures = dict[str, float | int | str]


def with_inapplicable(initial_state: State, actions: Sequence[Action], rng: random.Random) -> list[Action]:
    """Insert before each action an inapplicable one with a random skill and random names."""
    state, mixed_actions = initial_state, list[Action]()
    for action in actions:
        mixed_actions += [draw_inapplicable(state, rng), action]
        state = successor(state, action)
    return mixed_actions


def actions_per_s(
    initial_state: State, actions: Sequence[Action], seconds: float, clock: Callable[[], float] = time.process_time
) -> tuple[float, float]:
    """Apply the actions in sequence, repeatedly; return actions per CPU second and the fraction applicable."""
    tried = applied = 0
    started_at = clock()
    while (elapsed_s := clock() - started_at) < seconds:
        state = initial_state
        for action in actions:
            if unmet_precondition(state, action) is None:
                state = successor(state, action)
                applied += 1
        tried += len(actions)
    return tried / elapsed_s, applied / tried


def rules_actions_per_s(
    initial_state: State, actions: Sequence[Action], rules: Sequence[Rule], seconds: float,
    clock: Callable[[], float] = time.process_time,
) -> float:  # fmt: skip
    """Apply the actions in sequence, repeatedly, and test rules after each one; return actions per CPU second."""
    watch = RuleWatch(rules, initial_state)
    tried = 0
    started_at = clock()
    while (elapsed_s := clock() - started_at) < seconds:
        state = initial_state
        for action in actions:
            if unmet_precondition(state, action) is None:
                after = successor(state, action)
                watch.broken_by(action, state, after)
                state = after
        tried += len(actions)
    return tried / elapsed_s


def conditions_per_s(
    states: Sequence[State], conditions: Sequence[Condition], seconds: float,
    clock: Callable[[], float] = time.process_time,
) -> float:  # fmt: skip
    """Test every condition in every state, repeatedly; return conditions per CPU second."""
    tested = 0
    started_at = clock()
    while (elapsed_s := clock() - started_at) < seconds:
        for state in states:
            for condition in conditions:
                holds(state, condition, states[0])
        tested += len(states) * len(conditions)
    return tested / elapsed_s


def symbolic_figures(seconds: float) -> Figures:
    """Measure the symbolic world in one sampled home."""
    rng = random.Random(SEED)
    world = World(sample_scene(SEED, n_objects=N_OBJECTS, geometry=False))
    initial_state = world.initial()
    actions = draw_actions(initial_state, N_ACTIONS, rng)
    mixed_actions = with_inapplicable(initial_state, actions, rng)
    applicable_per_s, _ = actions_per_s(initial_state, actions, seconds / 2)
    mixed_per_s, mixed_share = actions_per_s(initial_state, mixed_actions, seconds / 2)
    rules = [parse_rule(text, world.domain) for text in RULES]
    with_rules_per_s = rules_actions_per_s(initial_state, actions, rules, seconds / 2)
    plain, constructs = (
        [parse_goal(text, world.domain).conditions[0] for text in texts] for texts in (PLAIN_CONDITIONS, CONDITIONS)
    )
    states = [initial_state]
    for action in actions[:200]:
        states.append(successor(states[-1], action))
    plain_per_s, constructs_per_s = (
        conditions_per_s(states, conditions, seconds / 4) for conditions in (plain, constructs)
    )
    started_at = time.process_time()
    for state in states:
        applicable(state)
    return {
        "entities": len(world.names),
        "applicable_actions_per_s": round(applicable_per_s),
        "mixed_actions_per_s": round(mixed_per_s),
        "mixed_share_applicable": round(mixed_share, 3),
        "five_rules_actions_per_s": round(with_rules_per_s),
        "plain_conditions_per_s": round(plain_per_s),
        "all_constructs_conditions_per_s": round(constructs_per_s),
        "list_applicable_ms": round((time.process_time() - started_at) / len(states) * 1e3, 4),
    }


def home_file_figures(repeats: int = 5) -> Figures:
    """Measure a home as large as a file may be."""
    scene = large_home()
    text = dump_home(scene)
    works: dict[str, Callable[[], object]] = {
        "read_large_home_ms": lambda: parse_home(text, geometry=False),
        "read_large_home_with_floor_plan_ms": lambda: parse_home(text),
        "write_large_home_ms": lambda: dump_home(scene),
        "start_large_home_ms": lambda: World(scene).initial(),
    }
    figures: Figures = {"large_home_objects": len(scene.objects)}
    for name, work in works.items():
        seconds = []
        for _ in range(repeats):
            started_at = time.process_time()
            work()
            seconds.append(time.process_time() - started_at)
        figures[name] = round(1e3 * statistics.median(seconds), 1)
    return figures


def physics_figures() -> Figures:
    """Measure a short plan in the same home: the first applicable action of each of PHYSICS_SKILLS.

    Raises:
        PhysicsError: PyBullet is not installed.
    """
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(sample_scene(SEED, n_objects=N_OBJECTS))
    home.reset()
    done, simulated_s = 0, 0.0
    started_at = time.process_time()
    for skill in PHYSICS_SKILLS:
        action = next((a for a in applicable(home.state()) if a.skill == skill), None)
        if action is not None:
            outcome = home.execute(action)
            simulated_s += outcome.duration_s
            done += outcome.status == "done"
    elapsed_s = time.process_time() - started_at
    home.close()
    return {
        "physics_actions_done": f"{done} of {len(PHYSICS_SKILLS)}",
        "physics_simulated_s": round(simulated_s, 1),
        "physics_x_real_time": round(simulated_s / elapsed_s, 1),
    }


def reset_figures(repeats: int = 5) -> Figures:
    """Measure the time to build a home, and to reset it.

    Raises:
        PhysicsError: PyBullet is not installed.
    """
    from envs.simulation.physical_home import PhysicalHome

    scene = sample_scene(SEED, n_objects=N_OBJECTS)
    started_at = time.process_time()
    home = PhysicalHome(scene)
    build_s = time.process_time() - started_at
    reset_s = []
    for _ in range(repeats):
        home.engine.step()
        started_at = time.process_time()
        home.reset()
        reset_s.append(time.process_time() - started_at)
    home.close()
    return {"physics_build_ms": round(1e3 * build_s, 1), "physics_reset_ms": round(1e3 * statistics.median(reset_s), 1)}


def camera_figures(frames: int = 25) -> Figures:
    """Measure the head camera in the same home: frames per CPU second, with color only and with all images.

    Raises:
        PhysicsError: PyBullet is not installed.
    """
    from envs.gym.observations import Senses
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(sample_scene(SEED, n_objects=N_OBJECTS))
    figures: Figures = {}
    for pixels in (256, 128):
        for name, observe in (("rgb", ("rgb",)), ("all", ("rgb", "depth", "segmentation"))):
            senses = Senses(observe=observe, image_size=(pixels, pixels))
            frame_s = []
            for _ in range(frames):
                started_at = time.process_time()
                senses.read(home)
                frame_s.append(time.process_time() - started_at)
            figures[f"camera_{pixels}_{name}_fps"] = round(1 / statistics.median(frame_s), 1)
    home.close()
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m envs.speed", description="Measure the speed of the two worlds.")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to measure the symbolic world (default 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    if not 0 < args.seconds <= 600:
        parser.error(f"--seconds is {args.seconds}; it is more than 0 and at most 600")
    figures = symbolic_figures(args.seconds) | home_file_figures()
    try:
        figures |= physics_figures() | reset_figures() | camera_figures()
    except (EnvsError, ImportError) as error:
        print(f"physics is not measured: {error}", file=sys.stderr)
    if args.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            text = value if isinstance(value, str) else f"{value:,}"
            print(f"{name.replace('_', ' '):36} {text:>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
