"""The stages of a cycle in which tasks come about: jobs for `planner.rollouts`, as planner/learning/episode_jobs.py has them.

What a home's proposals are depends on the weights, the seed and the home alone, and what words a goal is given on the
goal besides, so it makes no difference which worker it falls to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.goals import parse_goal
from planner.learning.proposals import Proposal, Proposer
from planner.rollouts.model_jobs import ModelJob

if TYPE_CHECKING:
    from planner.io.json_lines import Record


@dataclass(frozen=True, kw_only=True)
class ProposeTasks(ModelJob):
    """Let the GPT propose tasks for a home, of which the key is the seed.

    Attributes:
        seed: Of the cycle.
        count: Proposals sampled for each home.
    """

    seed: int
    count: int

    def __call__(self, key: str) -> Record:
        """Return the record of a home: what was proposed for it."""
        proposals = Proposer(self.planner(), self.seed).propose(int(key), self.count)
        return {"id": key, "proposals": [proposal.as_dict() for proposal in proposals]}

    def failed(self, key: str) -> Record:
        """Return the record of a home that nothing was proposed for."""
        return {"id": key, "proposals": []}


@dataclass(frozen=True, kw_only=True)
class VerbalizeGoal(ModelJob):
    """Let the GPT put goals that plans reached by the way into words.

    Attributes:
        seed: Of the cycle.
        reached: Tasks without words, by their ids.
    """

    seed: int
    reached: Mapping[str, Proposal]

    def __call__(self, key: str) -> Record:
        """Return the task in words, or why it is not used."""
        task = self.reached[key]
        proposer = Proposer(self.planner(), self.seed)
        return proposer.verbalize(task.home, parse_goal(task.goal), key, task.furnished_for).as_dict()

    def failed(self, key: str) -> Record:
        """Return a task that no words were found for."""
        return self.reached[key].as_dict() | {"dropped": "lost"}
