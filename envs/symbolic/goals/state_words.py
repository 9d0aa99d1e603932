"""The words for states in a domain: what objects can be, what furniture can be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from envs.symbolic.domain import BUILT_IN_STATES, Domain


@dataclass(frozen=True, kw_only=True)
class StateWords:
    """States and their negations, in the domain's order: `dirty`, `clean`, `hot`.

    Attributes:
        of_objects: What some object can be.
        of_fixtures: What some fixture can be.
        results: What people want objects to be: `clean`, not `dirty`.
        own: What is no state of the built-in domain: a skill or a process of the domain's own gives it.
        opposites: The other word of a state that has a negation, both ways.
    """

    of_objects: tuple[str, ...]
    of_fixtures: tuple[str, ...]
    results: tuple[str, ...]
    own: tuple[str, ...]
    opposites: dict[str, str]


@lru_cache(maxsize=32)
def state_words(domain: Domain) -> StateWords:
    """Return the words for the states of a domain."""
    words = list[str]()
    for state in domain.states:
        words += [state, *(negation for negation, positive in domain.negations.items() if positive == state)]
    objects = tuple(word for word in words if any(domain.can_be(name, word) for name in domain.objects))
    fixtures = tuple(word for word in words if any(domain.can_be(name, word) for name in domain.fixtures))
    return StateWords(
        of_objects=objects,
        of_fixtures=fixtures,
        results=tuple(word for word in objects if word not in domain.negations.values()),
        own=tuple(word for word in words if domain.negations.get(word, word) not in BUILT_IN_STATES),
        opposites={**domain.negations, **{positive: negation for negation, positive in domain.negations.items()}},
    )
