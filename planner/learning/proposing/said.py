"""What people said, without its meaning: an instruction becomes a task where all readings of it agree.

The GPT first reads it without a home. A home is then furnished for that goal, and the GPT reads the instruction there
as a whole and in pieces, and looks at it once more with the goal (`planner/understanding/second_look.py`). What they
agree on is learned like a proposal of its own; agreement is the only label (self-consistency, arXiv:2203.11171).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import format_goal
from planner.goals.comparison import meaning
from planner.goals.merging import merge_conditions
from planner.language.normalization import normalize
from planner.learning.proposing.proposals import Proposal, initial_state_of, rejection_reason
from planner.plans.options import Options
from planner.rollouts.model_jobs import ModelJob
from planner.tasks.home_splits import SPLITS, sample_home

if TYPE_CHECKING:
    from envs.symbolic.goals import Goal
    from envs.symbolic.state import State
    from planner.api import Planner
    from planner.io.json_lines import Record
    from planner.plans.planning_result import ParsedInstruction

WHOLE = Options(samples=0, clauses=False, grounded=False)
WITHOUT_HOME = Options(samples=0, clauses=False, grounded=False, inventory=False)
RIGHT = 0.5  # probability, at the second look, that the goal is what the instruction says


@dataclass(frozen=True, kw_only=True)
class ReadSaid(ModelJob):
    """Read instructions of people; those that are read alike in every way become tasks.

    Attributes:
        seed: The cycle's seed.
        said: Instructions by id.
    """

    seed: int
    said: Mapping[str, str]

    def __call__(self, key: str) -> Record:
        """Return the task, or the reason why it is dropped."""
        home = random.Random(f"said/{self.seed}/{key}").randrange(*SPLITS["train"])
        text = normalize(self.said[key])
        goal, dropped = agreed_goal(self.planner(), text, home)
        goal_text = "" if goal is None else format_goal(goal)
        return Proposal(id=key, home=home, instruction=text, goal=goal_text, dropped=dropped, origin="said").as_dict()

    def failed(self, key: str) -> Record:
        """Return the instruction, marked as dropped because its worker died."""
        record = Proposal(id=key, home=0, instruction=self.said[key], goal="", dropped="lost", origin="said")
        return record.as_dict()


def agreed_goal(planner: Planner, text: str, home: int) -> tuple[Goal | None, str]:
    """Return the goal that all readings of an instruction agree on, and why it is not used, or "".

    Args:
        planner: Reads the instruction.
        text: The normalized instruction.
        home: Seed of the home that is furnished for the goal.
    """
    somewhere = sample_home(random.Random(f"home/{home}"), SPLITS["train"])
    first = _goal(planner.understand(text, somewhere, WITHOUT_HOME))
    if first is None:
        return None, "not understood"
    state = initial_state_of(home, first)
    if reason := rejection_reason(first, state):
        return first, reason
    return first, "" if all(_same(first, goal) for goal in _readings(planner, text, state)) else "read differently"


def _readings(planner: Planner, text: str, state: State) -> Iterator[Goal | None]:
    """Yield the goal of each reading in a home; None for one that is no goal."""
    whole = planner.understand(text, state, WHOLE)
    yield _goal(whole) if whole.right >= RIGHT else None
    pieces = planner.reader.in_pieces(text, state, WHOLE)
    if pieces is not None:
        yield pieces.goal


def _goal(parsed: ParsedInstruction) -> Goal | None:
    return None if parsed.question else parsed.goal


def _same(goal: Goal, other: Goal | None) -> bool:
    return other is not None and meaning(merge_conditions(goal)) == meaning(merge_conditions(other))
