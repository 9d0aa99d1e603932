"""What all targets share: the errors that are allowed, scratch folders, and homes with planners that have read them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from unittest import mock

from envs.errors import EnvsError
from envs.symbolic.actions import State
from gpt.errors import GPTError
from planner.api import Planner
from planner.errors import PlannerError
from planner.io.paths import released_dir
from planner.tasks.home_splits import sample_home
from planner.world_model.open_home import open_home
from tests.fuzz.soundness import check_message

OUR_ERRORS = (EnvsError, GPTError, PlannerError)
HOMES = ("family_house", "hotel_room", "office_kitchen", "retirement_flat", "shared_flat", "studio")
SMALL_HOMES = ("hotel_room", "studio")
N_SAMPLED_HOMES = 24


@contextmanager
def only_our_errors(*names: str | Path) -> Iterator[None]:
    """Allow the input to be refused with one of our own errors, whose message has one of the names, if any are given.

    Args:
        names: The input's file or folder.
    """
    try:
        yield
    except OUR_ERRORS as error:
        message = str(error)
        assert message
        check_message(message)
        assert not names or any(str(name) in message for name in names), f"{message!r} names none of {names}"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        yield Path(folder)


@cache
def loaded_planner() -> Planner:
    """Load the released weights once."""
    return Planner.load(released_dir())


@contextmanager
def released_weights_loaded() -> Iterator[None]:
    """Let commands use weights that are loaded already."""
    planner = loaded_planner()
    with mock.patch.object(Planner, "load", lambda *_, **__: planner):
        yield


@cache
def planners() -> tuple[tuple[Planner, State], ...]:
    """Return homes, and for each a planner that has read it, so that the home is not reread for every instruction."""
    sampled = (sample_home(Random(seed), (11_000_000, 12_000_000)) for seed in range(N_SAMPLED_HOMES))
    states = (*(open_home(name, geometry=False) for name in HOMES), *sampled)
    loaded = loaded_planner()
    return tuple((Planner(loaded.model, loaded.tokenizer, loaded.calibration, loaded.kinds), state) for state in states)


def some_state(rng: Random) -> State:
    """Return the initial state of a bundled or sampled home."""
    return rng.choice(planners())[1]


@cache
def opened(name: str) -> State:
    """Return the initial state of a bundled home."""
    return open_home(name, geometry=False)
