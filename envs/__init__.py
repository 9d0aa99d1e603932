"""The simulated home: a symbolic world and a PyBullet world that share one vocabulary.

    from envs import PhysicalHome, State, SymbolicHome, parse_goal, sample_scene
    from envs.symbolic.actions import applicable
    from envs.symbolic.progress import begin, score
    from envs.symbolic.state import World

    scene = sample_scene(0)  # or load_home("my_home.yaml")
    start: State = World(scene).initial()
    home = SymbolicHome(start)  # or PhysicalHome(scene): the same interface, with a robot
    goal = parse_goal("mug on desk")
    print(home.execute(applicable(home.state())[0]).status)
    print(score(begin(goal, home.state(), initial_state=start)).success)

Importing this package registers two Gymnasium environments, `HomeSymbolic-v0` and `HomePhysics-v0`
(`envs/gym/home_env.py`), by name only. It imports neither torch nor pybullet nor Gymnasium: each name above is loaded
when it is first used.

| file | what |
|---|---|
| `errors.py` | the errors, with one base class, and hints that offer the nearest name |
| `data_folder.py` | finds the bundled homes and phrases |
| `words.py` | what people call the things that the domain names |
| `files/` | bounded reading of files |
| `symbolic/` | the symbolic world: domain, state, actions, goals |
| `scenes/` | home files and sampled homes |
| `geometry/`, `assets/` | shapes, meshes and bodies of objects and furniture |
| `physics/`, `robot/`, `skills/` | the home in PyBullet, the robot, its skills |
| `rendering/`, `recording/` | images, videos and recordings |
| `simulation/` | homes that a plan can be executed in |
| `gym/` | the Gymnasium environments |
| `evaluation/` | measurements of the simulation |
| `agree.py`, `gallery.py`, `speed.py`, `trials.py` | commands |
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from envs.gym.registration import register_once_imported

__all__ = ["Goal", "PhysicalHome", "State", "SymbolicHome", "load_home", "parse_goal", "sample_scene"]

_MODULE = {
    "Goal": "envs.symbolic.goals.values",
    "PhysicalHome": "envs.simulation.physical_home",
    "State": "envs.symbolic.state",
    "SymbolicHome": "envs.simulation.symbolic_home",
    "load_home": "envs.scenes.home_file",
    "parse_goal": "envs.symbolic.goals.reading",
    "sample_scene": "envs.scenes.scene_sampler",
}

if TYPE_CHECKING:
    from envs.scenes.home_file import load_home
    from envs.scenes.scene_sampler import sample_scene
    from envs.simulation.physical_home import PhysicalHome
    from envs.simulation.symbolic_home import SymbolicHome
    from envs.symbolic.goals import Goal, parse_goal
    from envs.symbolic.state import State
else:  # hidden from type checkers, which would then accept any name

    def __getattr__(name: str) -> object:
        module = _MODULE.get(name)
        if module is None:
            raise AttributeError(f"module 'envs' has no attribute {name!r}; it has {', '.join(__all__)}")
        return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


register_once_imported()
