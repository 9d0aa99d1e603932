"""Where a plan begins: a home by its file, name or seed, or one that is there already.

Nothing is imported here, so that `-h` starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.paths import datasets_dir

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeAlias

    from envs.scene import Scene
    from envs.state import State

    AnyHome: TypeAlias = State | Scene | str | Path | int


def open_home(home: AnyHome, *, geometry: bool = True) -> State:
    """Return where a plan begins: in a state, or at the start of a scene, a file, a bundled home or a seed.

    Args:
        home: The home; a seed may be text, too.
        geometry: Whether a home from a seed gets a floor plan, which only the physical world needs.

    Raises:
        PlannerError: There is no such home.
        HomeError: The file is not a valid home.
    """
    from envs.scene import Scene
    from envs.state import State, World

    if isinstance(home, State):
        return home
    return World(home if isinstance(home, Scene) else scene_named(str(home), geometry=geometry)).initial()


def scene_named(name: str, *, geometry: bool = True) -> Scene:
    """Return a home: a YAML file's, a bundled one's by its name, or the one sampled from a seed.

    Raises:
        PlannerError: There is no such home.
        HomeError: The file is not a valid home.
    """
    if name.isascii() and name.isdecimal() and len(name) < 20:
        from envs.sampling import sample_scene

        return sample_scene(int(name), geometry=geometry)
    from envs.homes import load_home

    if "/" in name or "." in name:
        return load_home(name, geometry=geometry)
    bundled = {path.stem: path for path in (datasets_dir() / "homes").glob("*.yaml")}
    if name not in bundled:
        known = ", ".join(sorted(bundled))
        raise PlannerError(f"there is no home {name[:80]!r}; give a YAML file, a seed, or one of: {known}")
    return load_home(bundled[name], geometry=geometry)
