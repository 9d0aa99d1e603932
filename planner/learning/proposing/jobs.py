"""Jobs of a cycle that create tasks, for `planner.rollouts`: propose tasks for a home, put a goal into words.

The proposals for a home depend only on the weights, the seed and the home; the words for a goal also depend on the
goal. So any worker can compute them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import parse_goal
from planner.learning.proposing.proposals import Proposal, Proposer
from planner.rollouts.model_jobs import ModelJob

if TYPE_CHECKING:
    from planner.io.json_lines import Record


@dataclass(frozen=True, kw_only=True)
class ProposeTasks(ModelJob):
    """Let the GPT propose tasks for a home; the key is the home's seed.

    Attributes:
        seed: The cycle's seed.
        count: Proposals sampled for each home.
    """

    seed: int
    count: int

    def __call__(self, key: str) -> Record:
        """Return the record of a home with its proposals."""
        proposals = Proposer(self.planner(), self.seed).propose(int(key), self.count)
        return {"id": key, "proposals": [proposal.as_dict() for proposal in proposals]}

    def failed(self, key: str) -> Record:
        """Return the record of a home without proposals."""
        return {"id": key, "proposals": []}


@dataclass(frozen=True, kw_only=True)
class VerbalizeGoal(ModelJob):
    """Let the GPT put goals into words: those that a plan reached incidentally, and those of other tasks once more.

    Attributes:
        seed: The cycle's seed.
        reached: Tasks by id. An instruction that is there is not given again.
    """

    seed: int
    reached: Mapping[str, Proposal]

    def __call__(self, key: str) -> Record:
        """Return the task with its instruction, or the reason why it is dropped."""
        task = self.reached[key]
        proposer = Proposer(self.planner(), self.seed)
        furnished_for = task.furnished_for or task.goal
        worded = proposer.verbalize(task.home, parse_goal(task.goal), key, furnished_for, but=task.instruction)
        return worded.as_dict() | {"origin": task.origin}

    def failed(self, key: str) -> Record:
        """Return the task, marked as dropped because its worker died."""
        return self.reached[key].as_dict() | {"dropped": "lost"}
