"""Homes and the worlds made of them: home files, seeds, memories, environments, robots, and exported plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np

from envs.errors import EnvsError
from envs.gym.home_env import HomeSymbolic
from envs.scenes.home_file import HomeFileError, dump_home, parse_home
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State, World, applicable, parse_action, successor
from envs.symbolic.goals import Goal, parse_goal
from envs.symbolic.home_protocol import Outcome
from envs.symbolic.scene import Scene
from planner import home as home_command
from planner import run as run_command
from planner.errors import ExportError
from planner.execution.executor import execute
from planner.plans.export import PLAN_FORMATS, export_files, joined
from planner.verification.plan_verification import verify
from planner.world_model.belief import Belief
from planner.world_model.memory import keep, remember
from planner.world_model.open_home import open_home
from tests.fuzz.inputs import files, json_files, texts
from tests.fuzz.soundness import called, check_belief, check_export, check_message, check_shown, check_strips, read_json
from tests.fuzz.targets.contract import (
    SMALL_HOMES,
    only_our_errors,
    opened,
    planners,
    released_weights_loaded,
    scratch_folder,
    some_state,
)


def homes(rng: Random) -> None:
    """A home file: a valid home, which can be written and read back, or a list of its problems."""
    text = files.home(rng)
    geometry = rng.randrange(20) == 0  # a floor plan takes a hundred times as long
    try:
        scene = parse_home(text, geometry=geometry)
    except HomeFileError as error:
        assert error.problems and all(p.line is None or p.line > 0 for p in error.problems)
        check_message(str(error))
    else:
        check_home(scene)
        if geometry:
            again = parse_home(dump_home(scene), geometry=False)
            assert _contents(again) == _contents(scene)
            assert dump_home(parse_home(dump_home(scene))) == dump_home(scene)
    if geometry:
        _home_file(rng, text)


def check_home(scene: Scene) -> None:
    """Check that names are unique and can be shown, and that every name is an entity of its own."""
    world = World(scene)
    check_shown(" ".join((scene.name, *(room.name for room in scene.rooms), *world.names)))
    for names in (world.names, [room.name for room in scene.rooms]):
        repeated = [name for name, n in Counter(" ".join(name.split()) for name in names).items() if n > 1]
        assert not repeated, repeated
    world.initial()


def _contents(scene: Scene) -> object:
    rooms = [(room.name, room.kind) for room in scene.rooms]
    fixtures = {(f.name, f.category, f.room, f.states) for f in scene.fixtures}
    return scene.name, rooms, fixtures, set(scene.objects)  # in a file, places come before their contents


def _home_file(rng: Random, text: str) -> None:
    with scratch_folder() as folder:
        path = folder / "home.yaml"
        path.write_bytes(files.damaged(text.encode("utf-8", "replace"), rng))
        code, output = called(home_command.main, ["check", str(path), "--json"])
        assert code == 2 or read_json(output)["ok"] == (code == 0)
        code, output = called(home_command.main, ["show", str(path), *["--json"] * rng.randrange(2)])


def seeds(rng: Random) -> None:
    """A seed: the same home each time, which can be written and read back."""
    seed = rng.choice((rng.randrange(100), rng.randrange(2**31), 2**62 - 1 - rng.randrange(3)))
    rooms, objects = rng.choice((None, 1, 3, 8)), rng.choice((None, None, 0, 1, 12, 60))
    geometry = rng.randrange(20) == 0
    with only_our_errors():
        scene = sample_scene(seed, rooms=rooms, n_objects=objects, geometry=geometry)
        assert sample_scene(seed, rooms=rooms, n_objects=objects, geometry=geometry) == scene
        check_home(scene)
        if geometry:
            assert _contents(parse_home(dump_home(scene), geometry=False)) == _contents(scene)
    text = rng.choice((str(seed), f"0{seed}", f"{seed}.0", f"+{seed}", f"{seed} ", "1_0", "٣", "²", "9" * 19, "9" * 20))
    with only_our_errors():
        assert open_home(text, geometry=False).world.scene == open_home(int(text), geometry=False).world.scene
    if geometry:
        drawn, symbolic = (open_home(seed, geometry=needed).world.names for needed in (True, False))
        assert drawn == symbolic


def memories(rng: Random) -> None:
    """A file of --memory: a belief that can hold and that is written again as it is, or a message."""
    name = rng.choice(SMALL_HOMES)
    truth = opened(name)
    unknown = Belief.of_map(truth.world.scene)
    with scratch_folder() as folder:
        path = folder / "memory.json"
        keep(path, _explored(rng, unknown, truth))
        path.write_bytes(json_files.raw(json_files.changed(read_json(path.read_text(encoding="utf-8")), rng), rng))
        with only_our_errors(path):
            belief = remember(path, unknown)
            check_belief(belief)
            keep(path, belief)
            assert remember(path, unknown) == belief
            check_belief(belief.observe(truth))
        if rng.randrange(10) == 0:
            goal = rng.choice(("mug on desk", "book on bed", "2 towel in bathtub", "holding pen", "no lamp on"))
            flags = ["--observe", "--memory", str(path), "--backend", "symbolic", "--json", "--goal", goal]
            with released_weights_loaded():
                code, output = called(run_command.main, ["--home", name, *flags, "--", "go to desk 1"])
            assert code == 2 or "success" in read_json(output)


def _explored(rng: Random, belief: Belief, state: State) -> Belief:
    """Return the belief of a robot that did a few things in the home."""
    belief = belief.observe(state)
    for _ in range(rng.choice((0, 3, 12))):
        action = rng.choice(applicable(state))
        state = successor(state, action)
        belief = belief.after(action).observe(state)
    return belief


def environments(rng: Random) -> None:
    """What a program passes to the environment: arguments, seeds, and actions of any shape and type."""
    home = rng.choice((*SMALL_HOMES, 3, 7, -1, 2**70, "", "x" * 300, None, texts.odd(rng), True, 1.5))
    goal = texts.goal(rng, opened(SMALL_HOMES[0])) if rng.randrange(2) else rng.choice((None, "holding anything"))
    steps = rng.choice((50, 50, 1, 0, -1, 2**40))
    try:
        bundled = home if home not in SMALL_HOMES else opened(str(home)).world.scene
        env = HomeSymbolic(home=bundled, goal=goal, max_steps=steps, render_mode="ansi")  # type: ignore[arg-type]
        observation, info = env.reset(seed=rng.choice((None, 0, 5, 2**31)))
    except (EnvsError, ValueError, TypeError) as error:
        check_message(str(error))
        return
    assert env.observation_space.contains(observation)
    for _ in range(4):
        action = _any_action(rng, info["action_indices"])
        before = env.home_state()
        try:
            observation, reward, terminated, truncated, info = env.step(action)  # type: ignore[arg-type]
        except (EnvsError, ValueError, TypeError) as error:  # a wrong call, which changes nothing
            check_message(str(error))
            assert env.home_state() == before
            continue
        assert env.observation_space.contains(observation) and np.isfinite(reward)
        assert (info["outcome"]["status"] == "done") == (not info["unmet"])
        if info["unmet"]:
            assert env.home_state() == before
        else:
            assert successor(before, parse_action(before.world, info["action"])) == env.home_state()
        if terminated or truncated:
            break
    check_shown(env.render())


def _any_action(rng: Random, known: list[list[int]]) -> object:
    valid = rng.choice(known) if known else [0, 1, 0]
    wrong: tuple[Callable[[], object], ...] = (
        lambda: np.array(valid), lambda: valid, lambda: tuple(valid), lambda: np.array(valid, np.float64) + 0.5,
        lambda: np.array([rng.randrange(-3, 300) for _ in range(3)]), lambda: np.array([*valid, 0]), lambda: [],
        lambda: np.array([float("nan")] * 3), lambda: np.array([2**62] * 3, np.int64), lambda: None, lambda: "put",
        lambda: np.array(valid, object), lambda: np.array([valid]), lambda: {"skill": 1}, lambda: np.array(valid, bool),
        lambda: np.array(valid, np.uint8), lambda: [str(n) for n in valid], lambda: np.array([-1, 1, 1]),
    )  # fmt: skip
    return rng.choice((lambda: np.array(valid), *wrong))()


class _OddHome:
    """A user's robot: it fails at random, with any words, and others change the home in the meantime."""

    def __init__(self, rng: Random, state: State) -> None:
        self._rng, self._state = rng, state

    def state(self) -> State:
        return self._state

    def execute(self, action: object) -> Outcome:
        rng, possible = self._rng, applicable(self._state)
        if rng.randrange(3) == 0:
            self._state = successor(self._state, rng.choice(possible))
        if action in possible and rng.randrange(3):
            self._state = successor(self._state, action)  # type: ignore[arg-type]
            return Outcome(status="done", duration_s=rng.choice((0.0, 1.0, float("nan"))))
        names = self._state.world.names
        reason = rng.choice(("", "timeout", "cannot reach ", "no room in ")) + rng.choice(
            (texts.odd(rng), rng.choice(names))
        )
        blocked = rng.choice(("", "", texts.odd(rng), rng.choice(names)))
        return Outcome(status="failed", reason=texts.mutated(reason, rng), blocked_by=blocked)


def robots(rng: Random) -> None:
    """A user's robot that fails in odd words: the plan is repaired or given up, and the score is that of the home."""
    planner, state = rng.choice(planners())
    goal = _reachable_goal(rng, state)
    home = _OddHome(rng, state)
    episode = execute((), goal, home, planner=planner, max_replans=rng.choice((0, 1, 3)))
    assert 0 <= episode.rate <= 1 and (not episode.success or episode.rate == 1)
    assert len(episode.met) == len(goal.conditions)


def _reachable_goal(rng: Random, state: State) -> Goal:
    for _ in range(20):
        with only_our_errors():
            return parse_goal(texts.task_goal(rng, state))
    return parse_goal("holding anything")


def exports(rng: Random) -> None:
    """A plan of a home with odd names and an odd instruction: every format is valid, and says what the plan does."""
    state = _renamed(rng, some_state(rng))
    actions = []
    now = state
    for _ in range(rng.randrange(8)):
        actions.append(rng.choice(applicable(now)))
        now = successor(now, actions[-1])
    title = texts.instruction(rng, state)[:3000] if rng.randrange(2) else texts.odd(rng)
    goal = parse_goal("holding anything")
    with only_our_errors():
        goal = parse_goal(texts.goal(rng, state) if rng.randrange(2) else texts.task_goal(rng, state))
    for name in PLAN_FORMATS:
        with only_our_errors():
            check_export(name, joined(export_files(name, goal, actions, state, title=title)))
    try:
        files = check_strips(goal, actions, state, title=title)
    except ExportError:  # the goal can never hold
        return
    lines = [*files.plan.splitlines(), f"(pick-up {rng.choice(sorted(files.names))})", "(x)", texts.odd(rng)]
    with only_our_errors("is not an action of this home"):
        read = files.actions(texts.mutated("\n".join(rng.sample(lines, min(3, len(lines)))), rng))
        verify(state, goal, read)
        assert all(name in state.world.index for action in read for name in action.args)


def _renamed(rng: Random, state: State) -> State:
    """Return the home with an odd name, as a file can give it."""
    scene = state.world.scene
    if rng.randrange(2) or state != state.world.initial():
        return state
    name = "".join(c for c in texts.odd(rng) if c.isprintable()).strip()
    return World(replace(scene, name=name or scene.name)).initial()
