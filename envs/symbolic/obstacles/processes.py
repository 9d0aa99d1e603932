"""Says why an object does not get into the furniture whose process would make it so: for states of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.domain.achievers import gives
from envs.symbolic.obstacles.capacity import MAX_NAMES

if TYPE_CHECKING:
    from envs.symbolic.actions import State


def process_obstacle(state: State, entity: int, word: str) -> str:
    """Say what of an object keeps it from a process that makes things so; "" if there is no such process."""
    world, domain = state.world, state.world.domain
    runs_in = [name for name, process in domain.process_at.items() if gives(process, domain, word)]
    if not runs_in:
        return ""
    makers = [f for name in runs_in for f in world.entities_by_category.get(name, ())]
    if not makers:
        named = " or ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in runs_in[:MAX_NAMES])
        return f"cannot become {word}: that takes {named}, and there is none here"
    piece, thing = world.fixture_category[makers[0]], world.object_category[entity]
    names = [world.names[f] for f in makers]
    if piece and thing and piece.accepts and {thing.name, thing.like, *thing.classes}.isdisjoint(piece.accepts):
        return f"cannot become {word}: {names[0]} takes only: {', '.join(piece.accepts)}"
    return f"cannot become {word}: it does not fit in {' or '.join(names[:MAX_NAMES])}"
