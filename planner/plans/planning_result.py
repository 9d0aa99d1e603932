"""What goes into decoding and what comes out: options, an understanding, a plan. Values only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import Action, State
from envs.symbolic.goals import Goal, format_goal
from planner.errors import ExportError
from planner.verification.plan_verification import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.plans.export import Format


MAX_PLACES_SHOWN = 3  # of a guess, in words
Status = Literal["verified", "unverified", "refused", "ask"]


Reading = Literal["whole", "pieces", "grounded"]  # in one breath; part by part; the likeliest about what is there


@dataclass(frozen=True, kw_only=True)
class ParsedInstruction:
    """What the GPT took an instruction to mean.

    Attributes:
        instruction: As the GPT read it.
        goal: What is to hold, if there is something to be done.
        goal_text: What was written as the goal, even where it cannot be used.
        refusal: Why nothing is to be done.
        question: What to ask the person.
        options: The goals among which the question lets the person choose; none where the GPT itself asks.
        broken: What it wrote is no goal.
        logprob: Log-probability of what was written.
        tokens: Written.
        reading: How the goal was come by.
        parts: Parts of the instruction that were read apart, in order; the whole one if only one.
    """

    instruction: str
    goal: Goal | None = None
    goal_text: str = ""
    refusal: str = ""
    question: str = ""
    options: tuple[Goal, ...] = ()
    unparsable: bool = False
    logprob: float = 0.0
    tokens: int = 0
    reading: Reading = "whole"
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """How sure the planner is of an answer; calibrated probabilities, in [0, 1].

    Attributes:
        goal: That the goal is what was meant.
        plan: That what was meant holds after the plan.
    """

    goal: float
    plan: float

    def as_dict(self) -> dict[str, float]:
        """Plain data for programs."""
        return {"goal": round(self.goal, 4), "plan": round(self.plan, 4)}


@dataclass(frozen=True, kw_only=True)
class Guess:
    """Where something that is needed, and that nobody has seen, may be.

    Attributes:
        wanted: What it is.
        places: The likeliest first, each with its chance in [0, 1].
        every: Whether all of them have to be looked at.
    """

    wanted: str
    places: tuple[tuple[str, float], ...]
    every: bool = False

    def __str__(self) -> str:
        """In words, for a person."""
        rest = len(self.places) - MAX_PLACES_SHOWN
        if self.every:
            named = ", ".join(place for place, _ in self.places[:MAX_PLACES_SHOWN])
            return f"{self.wanted}: at {named}" + (f" and {rest} other places" if rest > 0 else "")
        named = ", ".join(f"{place} ({chance:.0%})" for place, chance in self.places[:MAX_PLACES_SHOWN])
        return f"{self.wanted}: probably in {named}" + (f" or {rest} other places" if rest > 0 else "")

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        places = [{"place": place, "chance": round(chance, 4)} for place, chance in self.places]
        return {"wanted": self.wanted, "every": self.every, "places": places}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The answer to an instruction.

    Attributes:
        status: verified (reaches `goal` in the symbolic home), unverified, refused, ask.
        reason: Why not verified; the refusal; the question.
        goal: What was understood; None where nothing is to be done.
        goal_text: The goal in words, or what was written in its place.
        actions: The subtasks; none where something has to be looked for first.
        subtasks: The same in words.
        start: The state that it begins in.
        report: The symbolic replay, if there is a goal.
        tried: Plans decoded.
        tokens: Tokens written.
        seconds: Time from instruction to answer.
        logprob: The GPT's log-probability of the goal, or of what was written in its place.
        confidence: How sure the planner is; None without a goal, and of a model that was never calibrated.
        options: The goals among which the question lets the person choose; none where the GPT itself asks.
        guesses: What has to be looked for first, where not all of the home is known; `subtasks` says how it may go on.
        kept: Subtasks that are those of a plan that broke and was repaired; 0 where it is planned from the beginning.
    """

    instruction: str
    status: Status
    reason: str
    goal: Goal | None
    goal_text: str
    actions: tuple[Action, ...]
    subtasks: tuple[str, ...]
    start: State = field(repr=False)
    report: Report | None = field(repr=False)
    tried: int
    tokens: int
    seconds: float
    logprob: float = 0.0
    confidence: Confidence | None = None
    options: tuple[Goal, ...] = ()
    guesses: tuple[Guess, ...] = ()
    kept: int = 0

    @classmethod
    def declined(cls, parsed: ParsedInstruction, state: State, seconds: float) -> Plan:
        """Return the answer to an instruction that has no goal: a question or a refusal."""
        return cls(
            instruction=parsed.instruction, status="ask" if parsed.question else "refused",
            reason=parsed.question or parsed.refusal, goal=None, goal_text=parsed.goal_text, actions=(), subtasks=(),
            start=state, report=None, tried=0, tokens=parsed.tokens, seconds=seconds, logprob=parsed.logprob,
            options=parsed.options,
        )  # fmt: skip

    @property
    def is_executable(self) -> bool:
        """Whether to carry it out: it is proven, or will be once what it needs has been found."""
        return self.goal is not None and (self.status == "verified" or bool(self.guesses))

    @property
    def steps(self) -> tuple[str, ...]:
        """The subtasks in words, in order: `("open cabinet 1", "pick up plate 1")`."""
        return self.subtasks

    def __str__(self) -> str:
        """The plan as it is shown to a person."""
        return show(self.instruction, self.subtasks)

    def export(self, export_format: Format) -> str:
        """Write the plan in a format.

        Args:
            form: `text`, `json`, `bt` (BehaviorTree.CPP 4 XML), `pddl`, `py_trees` or `mermaid`.

        Raises:
            ExportError: There is no plan in it, its goal can never hold, an extra is missing, or there is no such
                format.
        """
        from planner.plans.export import FORMATS, export

        if export_format not in FORMATS:
            raise ExportError(f"there is no format {export_format!r}; there are {', '.join(FORMATS)}")
        if export_format == "json":
            return json.dumps(self.as_dict())
        if export_format == "text":
            return str(self) if self.goal is not None else f"{self.status}: {self.reason}"
        if self.goal is None or self.guesses:
            reason = f", {self.reason}" if self.reason else ""
            raise ExportError(f"there is no plan to export: {self.status}{reason}")
        return export(export_format, self.goal, self.actions, self.start, title=self.instruction)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs."""
        return {
            "instruction": self.instruction,
            "status": self.status,
            "reason": self.reason,
            "goal": self.goal_text or None,
            "options": [format_goal(goal) for goal in self.options],
            "plan": list(self.subtasks),
            "look_for": [guess.as_dict() for guess in self.guesses],
            "confidence": self.confidence.as_dict() if self.confidence else None,
            "tried": self.tried,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 4),
            "home": self.start.world.scene.name,
        }


def show(instruction: str, subtasks: Sequence[str]) -> str:
    """Write a plan for a person: `set the table → open cabinet 2 → ...`."""
    return " → ".join((instruction, *subtasks))
