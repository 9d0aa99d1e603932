"""Resolve the home of a plan: by file, name or seed, or a running home.

Heavy modules are imported inside functions, so that `-h` starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, TypeAlias

    import gymnasium

    from envs.symbolic.actions import State
    from envs.symbolic.home_protocol import Home
    from envs.symbolic.scene import Scene

    HomeInUse: TypeAlias = Home | gymnasium.Env[Any, Any]
    AnyHome: TypeAlias = State | Scene | str | Path | int | HomeInUse


def open_home(home: AnyHome, *, geometry: bool = True) -> State:
    """Return the initial state of a plan: the given or current state, or the initial state of a scene.

    Args:
        home: A state, a scene, a file, the name of a bundled home, a seed (also as text), or a running home: a
            `PhysicalHome`, a `SymbolicHome`, or one of our gymnasium environments.
        geometry: Whether a home from a seed gets a floor plan; only the physical world needs it.

    Raises:
        PlannerError: There is no such home.
        HomeError: The file is not a valid home.
    """
    from pathlib import Path

    from envs.symbolic.actions import State, World
    from envs.symbolic.scene import Scene

    if isinstance(home, State):
        return home
    if isinstance(home, Scene):
        return World(home).initial()
    if isinstance(home, str | int | Path):
        return World(scene_named(str(home), geometry=geometry)).initial()
    executable_home = _as_home(home)
    if executable_home is None:
        raise PlannerError(
            "a home is a file, the name of a bundled home, a seed, a State, a Scene, or a running home: "
            f"a PhysicalHome, a SymbolicHome or one of our environments; seen: {home!r}"
        )
    return executable_home.state()


def in_use(home: HomeInUse) -> Home:
    """Return a running home as a `Home`, in which actions can be executed.

    Raises:
        PlannerError: It is neither one of our homes nor one of our environments.
    """
    executable_home = _as_home(home)
    if executable_home is None:
        raise PlannerError(
            f"plans are executed in a PhysicalHome, a SymbolicHome or one of our environments, not in {home!r}"
        )
    return executable_home


def _as_home(home: HomeInUse) -> Home | None:
    if hasattr(home, "state") and hasattr(home, "execute"):
        return home
    if hasattr(home, "unwrapped"):
        from envs.gym.home_adapter import EnvHome
        from envs.gym.home_env import HomeEnv

        if isinstance(home.unwrapped, HomeEnv):
            return EnvHome(home)
    return None


def scene_named(name: str, *, geometry: bool = True) -> Scene:
    """Return the scene of a YAML file, a bundled home's name or a seed.

    Raises:
        PlannerError: There is no such home.
        HomeError: The file is not a valid home.
    """
    if name.isascii() and name.isdecimal() and len(name) < 20:
        from envs.scenes.scene_sampler import sample_scene

        return sample_scene(int(name), geometry=geometry)
    from envs.errors import quoted
    from envs.scenes.home_file import load_home

    if "/" in name or "." in name:
        return load_home(name, geometry=geometry)
    bundled = {path.stem: path for path in (datasets_dir() / "homes").glob("*.yaml")}
    if name not in bundled:
        known = ", ".join(sorted(bundled))
        raise PlannerError(f"there is no home {quoted(name)}; give a YAML file, a seed, or one of: {known}")
    return load_home(bundled[name], geometry=geometry)
