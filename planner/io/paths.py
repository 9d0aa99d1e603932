"""Paths of the data, the released weights and the outputs, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from envs.data_folder import data_folder

PACKAGE_DIR = Path(__file__).resolve().parents[1]
DOMAIN_FILE = "domain.yaml"  # in a model's folder: the domain that it was trained on, if that is not the default one


def datasets_dir() -> Path:
    """Return the folder of homes, phrases and tasks.

    A wheel carries it as `planner/_datasets`; an editable install has it at the repository root.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    return data_folder()


def released_dir(name: str = "home") -> Path:
    """Return the folder of a released GPT: `model.safetensors`, `config.json`, `tokenizer.json`.

    Raises:
        FileNotFoundError: There is no such release.
    """
    folder = PACKAGE_DIR / "released" / name
    if not folder.is_dir():
        released = sorted(path.parent.name for path in PACKAGE_DIR.glob("released/*/config.json"))
        available = ", ".join(released) or "none"
        raise FileNotFoundError(f"no released GPT {name!r} in {folder.parent}; there is: {available}")
    return folder


def runs_dir() -> Path:
    """Return the folder of all outputs: `runs/` in the current working directory, which may not exist yet.

    It is relative, like the folders that users name, so that printed paths can be typed where the command was started.
    """
    return Path("runs")
