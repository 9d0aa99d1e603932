"""The teacher's hands: single moves, each with what must come before it, such as an empty hand or an open door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, OPEN, Action, State, format_action, successor, unmet_precondition
from envs.symbolic.goals import Condition, Rule, format_rule
from envs.symbolic.progress import uses_of
from envs.symbolic.rules import breaks
from planner.goals import grounding

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_STEPS = 160


class StuckError(Exception):
    """The teacher cannot continue; the message says why."""


class Hands:
    """Writes actions that are applicable one after another, and follows the state."""

    def __init__(
        self, state: State, initial_state: State, phase: Sequence[Condition], avoid: frozenset[int],
        rules: Sequence[Rule], *, common_sense: bool,
    ) -> None:  # fmt: skip
        """Begin in a state; the arguments are those of `teach`."""
        self.choice_state = state  # objects and places are chosen in this state, as for the prompt's facts
        self.avoid = avoid
        self.rules = rules
        self.means: tuple[str, ...] = ()  # means that conditions ask for
        self.uses: set[tuple[str, int]] = set()  # means that were used, and on what
        self.state = state
        self.initial_state = initial_state
        self.phase = phase
        self.aim: Condition | None = None  # the condition of the phase that is worked on
        self.common_sense = common_sense
        self.taken = grounding.satisfied_objects(
            state, phase
        )  # objects chosen for conditions, with their target places
        self.actions: list[Action] = []
        self.opened: list[int] = []
        self.limited = False

    def do(self, skill: str, *entities: int) -> None:
        """Add an action to the plan.

        Raises:
            StuckError: It is not applicable, breaks a rule, or makes the plan too long.
        """
        action = Action(skill, tuple(self.state.world.names[e] for e in entities))
        if (reason := unmet_precondition(self.state, action)) is not None:
            raise StuckError(f"{format_action(self.state.world, action)}: {reason}")
        if len(self.actions) >= MAX_STEPS:
            raise StuckError(f"the plan is longer than {MAX_STEPS} steps")
        after = successor(self.state, action)
        for rule in self.rules:
            if breaks(rule, action, self.state, after, self.initial_state):
                raise StuckError(f"{format_action(self.state.world, action)} breaks the rule: {format_rule(rule)}")
        self.uses.update(uses_of(self.state, action, after, self.means))
        self.state = after
        self.actions.append(action)

    def free_hand(self) -> None:
        """Put down what the hand holds."""
        held = self.state.held
        if held >= 0:
            at = self.state.at if self.state.at >= 0 else None
            place = grounding.open_surface(self.state, held, near=at, avoid=self.avoid)
            if place is None:
                raise StuckError(f"nowhere to put down {self.state.world.names[held]}")
            self.do("put", held, place)

    def open(self, fixture: int) -> None:
        """Open a fixture that is closed; turn it off first if it runs."""
        if self.state.world.enclosed[fixture] and not self.state.flags[fixture] & OPEN:
            self.free_hand()
            if self.state.flags[fixture] & ON:
                self.do("turn off", fixture)
            self.do("open", fixture)
            self.opened.append(fixture)

    def close(self, fixture: int) -> None:
        """Close a fixture that is open."""
        if self.state.world.enclosed[fixture] and self.state.flags[fixture] & OPEN:
            self.free_hand()
            self.do("close", fixture)

    def take(self, item: int) -> None:
        """Pick up an object; open what it is in."""
        if self.state.held == item:
            return
        self.free_hand()
        if (closed := self.state.closed_around(item)) is not None:
            self.open(closed)
        self.do("pick up", item)

    def bring(self, item: int, place: int) -> None:
        """Put an object in or on a place; open the place before the hand is full."""
        if self.state.place[item] == place:
            return
        root = self.state.root(place)
        if root >= 0 and self.state.world.enclosed[root] and not self.state.flags[root] & OPEN:
            self.open(root)
        self.take(item)
        self.do("put", item, place)

    def onto_surface(self, item: int) -> None:
        """Move an object out of a cupboard, the hand or a person's hands to a work surface."""
        root = self.state.root(item)
        if root < 0 or self.state.world.enclosed[root] or self.state.world.relation[root] != "on":
            place = grounding.open_surface(self.state, item, avoid=self.avoid)
            if place is None:
                raise StuckError(f"nowhere to put {self.state.world.names[item]}")
            self.bring(item, place)

    def put_back(self, item: int, previous_place: int) -> None:
        """Put an object back to where it was, or down somewhere if it cannot be there."""
        inaccessible = previous_place < 0 or (
            self.state.world.enclosed[previous_place] and not self.state.flags[previous_place] & OPEN
        )
        if not inaccessible and grounding.can_hold(self.state, previous_place, item):
            is_person = self.state.world.relation[previous_place] == "with"
            self.do("give" if is_person else "put", item, previous_place)
        else:
            self.free_hand()
