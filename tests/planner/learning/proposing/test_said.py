"""What people said becomes a task only where all readings of it agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from envs.symbolic.actions import State
from envs.symbolic.goals import format_goal, parse_goal
from planner.api import Planner
from planner.learning.proposing.proposals import Proposal
from planner.learning.proposing.said import ReadSaid, agreed_goal
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction

SAID = "mug to the desk, plate to the sink"
BOTH = "mug on desk ; plate in sink"


def read(goal: str, *, right: float = 1.0, question: str = "") -> ParsedInstruction:
    return ParsedInstruction(instruction=SAID, goal=parse_goal(goal) if goal else None, right=right, question=question)


@dataclass
class Readings:
    """A planner that reads an instruction as it is told to: without a home, in the home, in pieces."""

    alone: ParsedInstruction
    whole: ParsedInstruction
    pieces: ParsedInstruction | None
    asked: list[bool] = field(default_factory=list)

    @property
    def reader(self) -> Readings:
        return self

    def understand(self, instruction: str, state: State, options: Options) -> ParsedInstruction:
        self.asked.append(options.inventory)
        return self.whole if options.inventory else self.alone

    def in_pieces(self, instruction: str, state: State, options: Options) -> ParsedInstruction | None:
        return self.pieces


def agreed(alone: ParsedInstruction, whole: ParsedInstruction, pieces: ParsedInstruction | None) -> tuple[str, str]:
    goal, dropped = agreed_goal(cast("Planner", Readings(alone, whole, pieces)), SAID, 3)
    return "" if goal is None else format_goal(goal), dropped


def test_what_all_readings_agree_on_is_a_task() -> None:
    other_order = read("plate in sink ; mug on desk")
    assert agreed(read(BOTH), other_order, read(BOTH)) == (BOTH, "")
    assert agreed(read(BOTH), read(BOTH), None) == (BOTH, "")  # nothing to cut


@pytest.mark.parametrize(
    ("whole", "pieces"),
    [
        (read("mug on desk"), read(BOTH)),
        (read(BOTH), read("mug on desk")),
        (read(""), read(BOTH)),
        (read(BOTH, right=0.4), read(BOTH)),  # the second look finds that the goal is not what was said
        (read(BOTH, question="What is “to”?"), read(BOTH)),
    ],
)
def test_one_other_reading_is_enough_to_drop_it(whole: ParsedInstruction, pieces: ParsedInstruction) -> None:
    assert agreed(read(BOTH), whole, pieces)[1] == "read differently"


def test_what_is_no_task_is_dropped_with_its_reason() -> None:
    assert agreed(read(""), read(BOTH), None) == ("", "not understood")
    assert agreed(read("laptop in mug"), read(BOTH), None)[1] == "not feasible"


def test_each_instruction_has_a_record_that_can_be_read_again(model_folder: Path) -> None:
    job = ReadSaid(model=model_folder, seed=0, said={"said/0": "Put the mug on the table!", "said/1": "qwertz"})
    records = [job("said/0"), job("said/1"), job.failed("said/1")]
    assert records[0] == job("said/0")
    for number, record in enumerate(records):
        proposal = Proposal(**record)  # type: ignore[arg-type]
        proposal.check(f"record {number}")
        assert proposal.origin == "said" and proposal.parts == 1
    assert records[1]["dropped"] and records[2]["dropped"] == "lost"
