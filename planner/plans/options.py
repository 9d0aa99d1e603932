"""The options of planning: how to sample, how to divide long goals, and how to repair a failed plan."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

from planner.errors import OptionsError

MAX_TEMPERATURE = 5.0
ACT_ABOVE = 0.5  # a goal that is rather wrong than right is asked about
Precision = Literal["fp32", "int8"]  # of weights
MAX_REPLANS = 4
MAX_REPLANS_DISTURBED = 10  # in a home that others than the robot change, too


@dataclass(frozen=True, kw_only=True)
class Options:
    """Decoding options.

    Attributes:
        temperature: 0 takes the most likely token; samples after the first use at least 0.6.
        top_k: Sample only from this many most likely tokens.
        top_p: Sample only from the most likely tokens that together reach this probability.
        samples: Further plans to sample if the first does not reach its goal.
        seed: Seed of sampling.
        inventory: Whether the prompt shows the home's inventory.
        constrained: Whether only applicable subtasks can be decoded. False lets the GPT write any text, in one pass.
        chunks: Whether long goals are planned in chunks.
        conditions: Maximum conditions of a chunk. One at a time succeeds most often (docs/results.md).
        clauses: Whether an instruction with several tasks may be read in pieces.
        grounded: Whether a likely goal about existing objects may replace one about missing objects.
        second_look: Whether the GPT looks at the instruction a second time, with its goal (if it was trained to), and
            says what each word was for; words that a goal cannot say are then asked about.
        act_above: Probability that a goal is the intended one, in [0, 1], below which the robot asks whether it is, if
            its GPT takes a second look and its confidence is calibrated. With `error_rate`, that decides.
        common_sense: Whether objects are chosen as people choose them: clean ones, none from a bin, the nearest
            (planner/goals/choice.py). The facts then show these first and, if `constrained`, the plan can use no
            others, unless it fails. False: the order of the facts is that of the released weights' corpus.
        close_doors: Whether what a plan opened is closed again where the GPT left it open
            (planner/verification/door_closing.py). False is for speed. Which objects are used does not depend on it.
        shorten: Whether steps that serve nothing are left out of a proven plan (planner/verification/shortening.py).
        repair: How a failed plan is replaced. `infill`: if part of it can stay, the GPT fills in the rest (if it was
            trained to); `replan`: a new plan is written from the beginning.
        feedback: Whether the GPT (if it was trained to) reads what went wrong before it replans.
        error_rate: Tolerated share of instructions, in (0, 1), whose intended goal is missed. The answer is a question
            if several goals may be meant, and a refusal if none is likely enough. None acts on the most likely goal.
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
    second_look: bool = True
    act_above: float = ACT_ABOVE
    common_sense: bool = True
    close_doors: bool = True
    shorten: bool = True
    repair: Literal["infill", "replan"] = "infill"
    feedback: bool = True
    error_rate: float | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            OptionsError: A value is out of its range.
        """
        for name, number_type, noun in (
            ("temperature", Real, "a number"), ("top_k", Integral, "a whole number"), ("top_p", Real, "a number"),
            ("samples", Integral, "a whole number"), ("seed", Integral, "a whole number"),
            ("conditions", Integral, "a whole number"), ("error_rate", Real, "a number"),
            ("act_above", Real, "a number"),
        ):  # fmt: skip
            value: object = getattr(self, name)
            is_none = value is None and name in ("top_k", "top_p", "error_rate")
            if not is_none and (isinstance(value, bool) or not isinstance(value, number_type)):
                raise OptionsError(f"{name} must be {noun}, found {value!r}")
        for name, is_valid, allowed in (
            ("temperature", 0 <= self.temperature <= MAX_TEMPERATURE, f"in [0, {MAX_TEMPERATURE:g}]"),
            ("top_k", self.top_k is None or self.top_k >= 1, "at least 1"),
            ("top_p", self.top_p is None or 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("samples", self.samples >= 0, "at least 0"),
            ("conditions", self.conditions >= 1, "at least 1"),
            ("act_above", 0 <= self.act_above <= 1, "in [0, 1]"),
            ("repair", self.repair in ("infill", "replan"), "'infill' or 'replan'"),
        ):
            if not is_valid:
                raise OptionsError(f"{name} must be {allowed}, found {getattr(self, name)!r}")


OWN_PLAN = Options(close_doors=False, shorten=False, act_above=0.0)
"""Decoding the GPT's own plan, as it is: what evaluation, learning and benchmarks measure."""
