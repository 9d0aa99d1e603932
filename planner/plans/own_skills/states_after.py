"""What a skill that the domain adds sets on its arguments: how an export tells that a subtask is done already."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from envs.symbolic.domain import Domain
    from envs.symbolic.skills.values import Skill


class StateAfter(NamedTuple):
    """A state of one argument after a subtask: the argument's position, and the word, which may be a negation."""

    argument: int
    word: str
    is_so: bool  # False if the domain has no word for the absence of the state


def states_after(skill: Skill, domain: Domain) -> list[StateAfter]:
    """Return the states that a skill sets or clears on its arguments, whatever was so before."""
    negations = {positive: negation for negation, positive in domain.negations.items()}
    states = []
    for effect in skill.effects:
        atom = effect.atom
        if atom.predicate != "state" or effect.guards or atom.terms[0].parameter is None:
            continue
        word = atom.word if atom.positive else negations.get(atom.word, atom.word)
        is_so = atom.positive or word != atom.word
        states.append(StateAfter(atom.terms[0].parameter, word, is_so))
    return states
