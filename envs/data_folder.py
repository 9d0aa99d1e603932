"""The folder of data that people may change: `datasets/` in a checkout, inside `planner` in a wheel."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]  # of the checkout, or the folder that packages are installed in


def data_folder() -> Path:
    """Return the folder of the homes and phrases; `planner` is looked up as a folder and not imported.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for folder in (_ROOT / "planner" / "_datasets", _ROOT / "datasets"):
        # Beside an installed package, `datasets` is Hugging Face's library: test for a folder that only ours has.
        if (folder / "homes").is_dir():
            return folder
    raise FileNotFoundError("the folder of homes and phrases is missing; reinstall gpt-home-planner")
