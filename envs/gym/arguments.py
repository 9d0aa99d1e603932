"""Checks of what a user passes to the environments: keywords of `make`, seeds, options and actions.

A wrong argument is an error that says what would do. A wrong action is no error: `spaces.decode_action` raises an
`ActionError`, and the environment's `info` gives its message as the reason why nothing was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gymnasium
import numpy as np

from envs.errors import ArgumentError, nearest, quoted
from envs.symbolic.goals.sampling import ALL_CONSTRUCTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class SeedError(gymnasium.error.Error, ArgumentError):
    """A seed is no whole number of at least 0."""


def check_keywords(unknown: Iterable[str], known: Sequence[str], elsewhere: Mapping[str, Sequence[str]]) -> None:
    """Refuse keywords that an environment does not have.

    Args:
        unknown: The keywords.
        known: Those that it has.
        elsewhere: Those that another environment has, by its id.

    Raises:
        ArgumentError: There is an unknown keyword; the message offers the nearest.
    """
    for name in unknown:
        for other, names in elsewhere.items():
            if name in names:
                raise ArgumentError(f"only {other} has an argument {name!r}; this environment has {', '.join(known)}")
        raise ArgumentError(f"there is no argument {quoted(name)}; known: {', '.join(known)}{nearest(name, known)}")


def checked_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return a value that must be one of some words.

    Raises:
        ArgumentError: It is another one; the message offers the nearest.
    """
    for choice in choices:
        if isinstance(value, str) and value == choice:
            return choice
    hint = nearest(value, choices) if isinstance(value, str) else ""
    raise ArgumentError(f"{name} is {quoted(value)}; it must be one of {', '.join(choices)}{hint}")


def checked_constructs(constructs: object) -> tuple[str, ...]:
    """Return which constructs of the goal language sampled goals have: "simple" (none), "all", or some of them.

    Raises:
        ArgumentError: It is something else; the message offers the nearest.
    """
    if isinstance(constructs, str) and constructs in ("simple", "all"):
        return ALL_CONSTRUCTS if constructs == "all" else ()
    names = [constructs] if isinstance(constructs, str) else constructs
    if not isinstance(names, list | tuple) or not names:
        known = ", ".join(ALL_CONSTRUCTS)
        raise ArgumentError(f'constructs is {quoted(constructs)}; it must be "simple", "all", or some of {known}')
    return tuple(checked_choice("a construct", name, ALL_CONSTRUCTS) for name in names)


def checked_count(name: str, value: object) -> int:
    """Return a number that must be a whole one of at least 1.

    Raises:
        ArgumentError: It is not.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(f"{name} is {quoted(value)}; it must be a whole number of at least 1")
    return int(value)


def checked_seed(seed: object) -> int | None:
    """Return a seed of `reset` as Gymnasium takes it; NumPy's whole numbers are welcome.

    Raises:
        SeedError: It is no whole number of at least 0.
    """
    if seed is None:
        return None
    if isinstance(seed, bool | np.bool_) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SeedError(f"the seed of reset is {quoted(seed)}; it must be None or a whole number of at least 0")
    return int(seed)


def check_options(options: object) -> None:
    """Refuse options of `reset`, because there are none.

    Raises:
        ArgumentError: There are some.
    """
    if options is None or (isinstance(options, dict) and not options):
        return
    if isinstance(options, dict):
        names = ", ".join(quoted(name) for name in options)
        raise ArgumentError(f"reset has no option {names}: home, goal and max_steps are arguments of gymnasium.make")
    raise ArgumentError(f"the options of reset are {quoted(options)}; they must be None or an empty dict")
