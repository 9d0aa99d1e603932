"""The options of planning: how to sample, how to divide long goals, and how to repair a plan that broke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from planner.errors import OptionsError

MAX_TEMPERATURE = 5.0
Precision = Literal["fp32", "int8"]  # of weights
MAX_REPLANS = 4
MAX_REPLANS_DISTURBED = 10  # where somebody else is at work in the home, too


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to decode.

    Attributes:
        temperature: 0 takes the likeliest token; samples after the first use at least 0.6.
        top_k: Only that many likeliest tokens.
        top_p: Only the likeliest tokens that together reach this probability.
        samples: Further plans to try if the first does not reach its goal.
        seed: Of sampling.
        inventory: Whether the prompt shows what the home has.
        constrained: Whether only applicable subtasks can be decoded. False is the GPT alone: one free pass.
        chunks: Whether long goals are planned piece by piece.
        conditions: Most conditions of a piece. One at a time succeeds most often (docs/results.md).
        clauses: Whether an instruction of several tasks may be read piece by piece.
        grounded: Whether a goal about what is not there gives way to a likely one about what is.
        repair: What a plan that broke gives way to. `infill`: where a part of it can stay, the GPT fills in the rest,
            if it was trained to; `replan`: one that is written from the beginning.
        feedback: Whether the GPT, if it was trained to, reads what went wrong before it plans on.
        error_rate: Share of instructions, in (0, 1), whose goal may be missed: where several goals may be meant the
            answer is a question, where none is likely enough a refusal. None acts on the likeliest.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    samples: int = 4
    seed: int = 0
    inventory: bool = True
    constrained: bool = True
    chunks: bool = True
    conditions: int = 1
    clauses: bool = True
    grounded: bool = True
    repair: Literal["infill", "replan"] = "infill"
    feedback: bool = True
    error_rate: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            OptionsError: One is out of its range.
        """
        for name, right, range_ in (
            ("temperature", 0 <= self.temperature <= MAX_TEMPERATURE, f"in [0, {MAX_TEMPERATURE:g}]"),
            ("top_k", self.top_k is None or self.top_k >= 1, "at least 1"),
            ("top_p", self.top_p is None or 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("samples", self.samples >= 0, "at least 0"),
            ("conditions", self.conditions >= 1, "at least 1"),
            ("repair", self.repair in ("infill", "replan"), "'infill' or 'replan'"),
        ):
            if not right:
                raise OptionsError(f"{name} is {range_}, found {getattr(self, name)!r}")
