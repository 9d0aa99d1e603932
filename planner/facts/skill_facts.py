"""Facts about skills that a domain adds: what the one that serves a goal needs, and what it sets.

    charge cell phone 1 needs cell phone 1 on charging station 1 , hand empty sets cell phone 1 charged

A prompt has such a fact only for what its own conditions ask for. It names the entities that were chosen for the use,
so that the subtask and what comes before it stand there to be copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.actions import format_action
from planner.goals.means.own_skills import is_room

if TYPE_CHECKING:
    from envs.symbolic.skills.values import Atom
    from envs.symbolic.state import World
    from planner.goals.means.own_skills import Use

_NEEDS = {"cuts": "what cuts", "wipes": "what wipes", "fills": "a vessel", "metal": "what is metal"}


def describe_use(world: World, use: Use) -> str:
    """Describe one use of a skill: the subtask, what it needs, what it sets."""
    needs = [words for p in use.skill.preconditions if not p.guards and (words := _words(world, p.atom, use))]
    sets = [words for effect in use.skill.effects if (words := _words(world, effect.atom, use))]
    text = format_action(world, use.action(world))
    text = f"{text} needs {' , '.join(dict.fromkeys(needs))}" if needs else text
    return f"{text} sets {' , '.join(dict.fromkeys(sets))}" if sets else text


def _words(world: World, atom: Atom, use: Use) -> str:
    """Return a statement in the words of facts; empty if it says nothing that changes."""
    names = [world.names[use.entity(term)] for term in atom.terms if use.entity(term) >= 0]
    denied = "" if atom.positive else "not "
    match atom.predicate:
        case "hand empty":
            return "hand empty" if atom.positive else "hand full"
        case "holding":
            return f"{names[0]} {denied}in hand"
        case "holding what":
            return f"{_NEEDS.get(atom.word, atom.word)} in hand"
        case "state":
            negation = next((n for n, positive in world.domain.negations.items() if positive == atom.word), "")
            word = atom.word if atom.positive else negation or f"not {atom.word}"
            return f"{names[0]} {word}"
        case "filled":
            return (
                f"{names[0]} {denied}of {atom.word}"
                if atom.word
                else f"{names[0]} {'full' if atom.positive else 'empty'}"
            )
        case "filled from":
            return f"{names[0]} filled from {names[1]}"
        case "at":
            place = use.entity(atom.terms[1])
            relation = "in" if is_room(world, place) else world.relation[place] or "at"
            return f"{names[0]} {denied}{relation} {names[1]}"
        case "robot at":
            return f"robot {denied}at {names[0]}"
        case "in the open":
            return f"{names[0]} {denied}in the open"
    return ""  # what is reachable goes without saying
