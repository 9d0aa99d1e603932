"""The folder of data that people may change: `datasets/` in a checkout, inside `planner` in a wheel."""

from __future__ import annotations

from pathlib import Path

from envs.errors import EnvsError
from envs.words import DATA_FOLDERS


class DataError(EnvsError, FileNotFoundError):
    """The installation lacks its data."""


def data_folder() -> Path:
    """Return the folder of the homes and phrases; `planner` is looked up as a folder and not imported.

    Raises:
        DataError: The installation is incomplete.
    """
    for folder in DATA_FOLDERS:
        # Beside an installed package, `datasets` is Hugging Face's library: test for a folder that only ours has.
        if (folder / "homes").is_dir():
            return folder
    raise DataError("the bundled homes are missing; reinstall gpt-home-planner")
