"""Homes by name: whatever names a home in, its `Scene` or `State` out. Every command, class and file asks here.

| written as | is | example |
|---|---|---|
| a text without `/` and `.` | the name of a bundled home | `"studio"` |
| a text of digits, or an int | a seed, from which a home is sampled | `"7"`, `7` |
| any other text, or a `Path` | a home file; `~` is the user's folder | `"flat.yaml"`, `"./studio"` |
| a `Scene` | itself | `sample_scene(7)` |
| a `State`, or a home in use | the home as it is now | `home.state()`, an environment after `reset` |

A bundled name wins over a file of that name in the current folder, which is written `./studio`.

A home from a file has the person who gives instructions, even if the file names none (`envs/scenes/speaker.py`). A home
from a seed has one only if one was sampled, so that it stays the same home; whoever plans or acts in it for a person
opens it with `speaker=True`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from envs.data_folder import data_folder
from envs.errors import HomeError, HomeNameError, nearest, quoted
from envs.files.bounded_files import ReadError, named_after, read_text
from envs.files.safe_yaml import MAX_BYTES
from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_files.reader import parse_home
from envs.scenes.home_files.writer import dump_home
from envs.scenes.speaker import with_speaker
from envs.symbolic.domain import as_domain, load_domain
from envs.symbolic.scene import Scene
from envs.symbolic.state import State, World, scene_at

if TYPE_CHECKING:
    from typing import Any

    import gymnasium

    from envs.symbolic.domain import Domain
    from envs.symbolic.home_protocol import Home

    HomeInUse: TypeAlias = Home | gymnasium.Env[Any, Any]
    AnyHome: TypeAlias = State | Scene | str | os.PathLike[str] | int | HomeInUse

__all__ = ["HomeFileError", "bundled_homes", "dump_home", "load_home", "named_home", "parse_home", "state_of"]

SUFFIXES = (".yaml", ".yml")
MAX_SEED = 2**62 - 1
MAX_LISTED = 1000  # files of a folder that are compared with a name that is not there
NUMBER = re.compile(r"[+-]?\d[\d_.,]*([eE][+-]?\d+)?")
SEED_TEXT = "a seed is a whole number from 0 to 2**62 - 1"


def load_home(
    home: AnyHome, *, geometry: bool = True, speaker: bool = False, notes: list[str] | None = None,
    domain: Domain | str | os.PathLike[str] | None = None,
) -> Scene:  # fmt: skip
    """Return the scene of a home, named in one of the ways above.

    Args:
        home: A bundled name, a seed, a file, a scene, a state or a home in use. The last two start as they are now.
        geometry: Whether a file or a seed gets a floor plan; only the physical world needs it.
        speaker: Whether a person is added to a seed's home or a scene without one.
        notes: Filled with what of a file is read otherwise than it is written.
        domain: The domain of a seed, and of a file that names none, or the domain's file; None: the default domain.

    Raises:
        DomainError: The file of the domain cannot be read or is wrong.
        HomeNameError: It names no home.
        HomeError: The file cannot be read, or the state cannot be the start of a home; or a `HomeFileError` with one
            line per problem of the file.
    """
    domain = None if domain is None else as_domain(domain)
    named = named_home(home) if isinstance(home, str | os.PathLike) else home
    if isinstance(named, Path):
        return with_speaker(_read_home(named, geometry, notes, domain), geometry=geometry)
    if isinstance(named, Scene):
        scene = named
    elif isinstance(named, int | np.integer) and not isinstance(named, bool):
        from envs.scenes.scene_sampler import sample_scene

        if not 0 <= named <= MAX_SEED:
            raise HomeNameError(f"there is no home {quoted(int(named))}: {SEED_TEXT}")
        scene = sample_scene(int(named), geometry=geometry, domain=domain)
    elif isinstance(named, bool | float):
        raise HomeNameError(f"there is no home {named}: {SEED_TEXT}, an int")
    else:
        scene = scene_at(_current_state(named))
    return with_speaker(scene, geometry=geometry) if speaker else scene


def state_of(
    home: AnyHome, *, geometry: bool = True, speaker: bool = False,
    domain: Domain | str | os.PathLike[str] | None = None,
) -> State:  # fmt: skip
    """Return the state of a home, named in one of the ways above: the given or current one, or a scene's initial one.

    Args:
        home: As in `load_home`.
        geometry: As in `load_home`.
        speaker: As in `load_home`; a state and a home in use stay as they are.
        domain: As in `load_home`.

    Raises:
        HomeNameError: It names no home.
        HomeError: As in `load_home`.
    """
    if isinstance(home, Scene | str | os.PathLike | int | np.integer | float):
        scene = load_home(cast("AnyHome", home), geometry=geometry, speaker=speaker, domain=domain)
        return World(scene).initial()
    return _current_state(home)


def named_home(name: str | os.PathLike[str], *folders: Path) -> int | Path:
    """Return what a text or path names: a seed, or the path of a bundled home or of a home file.

    Args:
        name: The text or path.
        folders: Where a relative path is looked for if it does not exist in the current folder.

    Raises:
        HomeNameError: No home has this name. A missing file is reported when it is read.
    """
    text = os.fspath(name)
    if not isinstance(text, str):
        raise HomeNameError(f"a path is a text; seen: {quoted(text)}")
    word = text.strip()
    if not word:
        raise HomeNameError(f"there is no home {quoted(text)}: the name is empty; {_ways()}")
    if not isinstance(name, str) or _is_path(word):
        return _existing(text, folders)
    if re.fullmatch("[0-9]{1,19}", word) and int(word) <= MAX_SEED:
        return int(word)
    if NUMBER.fullmatch(word):
        raise HomeNameError(f"there is no home {quoted(text)}: {SEED_TEXT}, in digits")
    homes = bundled_homes()
    if word not in homes:
        raise HomeNameError(f"there is no home {quoted(text)}{_hint(word, homes, folders)}{_ways()}")
    return homes[word]


def bundled_homes() -> dict[str, Path]:
    """Return the file of each bundled home by its name.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    return {path.stem: path for path in sorted((data_folder() / "homes").glob("*.yaml"))}


def _is_path(word: str) -> bool:
    if NUMBER.fullmatch(word):
        return "." in word and os.path.exists(word)
    return "/" in word or "." in word or word.startswith("~")


def _existing(text: str, folders: tuple[Path, ...]) -> Path:
    try:
        path = Path(text).expanduser()
        if path.is_absolute() or path.exists():
            return path
        return next((folder / path for folder in folders if (folder / path).exists()), path)
    except RuntimeError:
        raise HomeNameError(f"{quoted(text)}: there is no such user; give the full path of the home file") from None
    except (OSError, ValueError):  # too long, or with a zero byte: reported when it is read
        return Path(text)


def _current_state(home: AnyHome) -> State:
    if isinstance(home, State):
        return home
    unwrapped = getattr(home, "unwrapped", home)
    read_state = getattr(unwrapped, "home_state", None) or getattr(home, "state", None)
    state = read_state() if callable(read_state) else None
    if not isinstance(state, State):
        raise HomeNameError(
            "a home is a file, the name of a bundled home, a seed, a State, a Scene, or a running home: "
            f"a PhysicalHome, a SymbolicHome or one of our environments; seen: {quoted(home)}"
        )
    return state


def _read_home(path: Path, geometry: bool, notes: list[str] | None, domain: Domain | None) -> Scene:
    try:
        text = read_text(path, MAX_BYTES)
    except ReadError as error:
        raise HomeError(f"{error}{_file_hint(path)}") from None
    stem = named_after(path)
    try:
        return parse_home(text, name=stem or "home", geometry=geometry, notes=notes, folder=path.parent, domain=domain)
    except HomeFileError as error:
        if domain is not None and domain is not load_domain() and _is_of_built_in_domain(text, path.parent):
            text = "a home of the built-in domain, not of the one that was given; leave that out (`--domain`)"
            raise HomeError(f"{path}: {text}, or give a home that is made for it") from None
        raise HomeFileError(list(error.problems), f"{path}: ") from None


def _is_of_built_in_domain(text: str, folder: Path) -> bool:
    try:
        parse_home(text, geometry=False, folder=folder)
    except HomeError:
        return False
    return True


def _ways() -> str:
    return f"give a YAML file, a seed, or one of: {', '.join(bundled_homes())}"


def _hint(word: str, homes: dict[str, Path], folders: tuple[Path, ...]) -> str:
    """Offer a file that a name without a suffix may mean, or the nearest bundled name."""
    for name in (f"{word}.yaml", f"{word}.yml", word):
        try:
            is_file = _existing(name, folders).is_file()
        except (OSError, ValueError):  # not the path of anything
            break
        if is_file:
            return f"; did you mean the file {quoted(f'./{name}' if name == word else name)}? Or "
    plain = _plain(word)
    hint = f"; did you mean {plain!r}?" if plain in homes else nearest(plain, homes)
    return f"{hint} Or " if hint else "; "


def _plain(word: str) -> str:
    return re.sub(r"[\s-]+", "_", word.lower())


def _file_hint(path: Path) -> str:
    """Return a hint about what may have been meant by a path at which there is no home file."""
    try:
        if path.is_dir():
            files = _home_files(path)
            return "; name a home file in it" + (f", such as {quoted(str(path / files[0]))}" if files else "")
        if path.exists():
            return ""
        for suffix in SUFFIXES:
            longer = path.with_name(path.name + suffix)
            if longer.is_file():
                return f"; did you mean {quoted(str(longer))}?"
        name = _plain(path.stem)
        if name in bundled_homes():
            return f"; the bundled home is called {name!r}"
        return nearest(path.name, _home_files(path.parent))
    except (OSError, ValueError):  # not the path of anything
        return ""


def _home_files(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [entry.name for entry, _ in zip(entries, range(MAX_LISTED), strict=False)]
    return sorted(name for name in names if name.endswith(SUFFIXES))
