"""The results of planning: a parsed instruction and a plan. Values only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import Goal, Query, Rule, When, format_goal, format_rule, when_as_dict
from planner.errors import ExportError
from planner.plans.waits import Wait
from planner.verification.plan_verification import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.plans.export import Format


MAX_PLACES_SHOWN = 3  # places of a guess that its text shows
Status = Literal["verified", "scheduled", "unverified", "refused", "ask", "answered", "noted"]


Reading = Literal["whole", "pieces", "grounded"]  # as one; in pieces; replaced by a goal about existing objects


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for a goal.

    Attributes:
        logprob: The GPT's log-probability of it.
        right: The GPT's probability, on a second look, that it is what the instruction says; 1 without a second look.
        all_read: Its probability that it left no word unread; 1 without a second look.
        left_out: Number of words that name a thing of the home which the goal does not speak of.
        conditions: Number of its conditions.
        reading: How it was obtained.
    """

    logprob: float
    right: float = 1.0
    all_read: float = 1.0
    left_out: int = 0
    conditions: int = 1
    reading: Reading = "whole"


@dataclass(frozen=True, kw_only=True)
class SpokenPart:
    """A part of an instruction, and what it became.

    Attributes:
        text: Words of the instruction, as the GPT read them.
        became: A condition of the goal, the question, or the rules; `context` if it changes nothing; `unread` if it
            would change what should be done and the goal cannot say it.
    """

    text: str
    became: str

    def as_dict(self) -> dict[str, str]:
        """Plain data for programs."""
        return {"text": self.text, "became": self.became}


@dataclass(frozen=True, kw_only=True)
class ParsedInstruction:
    """The GPT's reading of an instruction.

    Attributes:
        instruction: The normalized instruction.
        goal: The goal; None for a refusal, a question back, a question about the home or a rule for the future.
        query: The question about the home, if the instruction is one.
        answer: The answer to it.
        rules: The rules for the future, if the instruction states some.
        words: What each part of the instruction became; empty if the GPT was not trained to tell.
        right, all_read, left_out: What the second look found (`Evidence`).
        goal_text: What the GPT wrote as the goal, even if it cannot be used.
        refusal: Why there is no goal; empty if not refused.
        question: What to ask the user; empty if nothing.
        options: The goals that the question offers; empty if the GPT itself asks.
        unparsable: Whether the GPT's text is not a goal.
        logprob: Log-probability of the text.
        tokens: Number of tokens written.
        reading: How the goal was obtained.
        parts: Parts of the instruction that were read separately, in order; the whole instruction if not split.
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
    query: Query | None = None
    answer: str = ""
    rules: tuple[Rule, ...] = ()
    words: tuple[SpokenPart, ...] = ()
    right: float = 1.0
    all_read: float = 1.0
    left_out: int = 0

    @property
    def evidence(self) -> Evidence:
        """What speaks for the goal."""
        return Evidence(
            logprob=self.logprob, right=self.right, all_read=self.all_read, left_out=self.left_out,
            conditions=1 if self.goal is None else len(self.goal.conditions), reading=self.reading,
        )  # fmt: skip

    @property
    def unread(self) -> tuple[str, ...]:
        """The parts that would change what should be done and that the goal does not say."""
        return tuple(part.text for part in self.words if part.became == "unread")


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """Calibrated probabilities of an answer, in [0, 1].

    Attributes:
        goal: That the goal is the intended one.
        plan: That the intended goal holds after the plan.
    """

    goal: float
    plan: float

    def as_dict(self) -> dict[str, float]:
        """Plain data for programs."""
        return {"goal": round(self.goal, 4), "plan": round(self.plan, 4)}


@dataclass(frozen=True, kw_only=True)
class Guess:
    """Where a needed object that has not been seen may be.

    Attributes:
        wanted: The needed object.
        places: Places with their probability in [0, 1], the most likely first.
        every: Whether all places must be searched, because all objects of the kind are needed.
    """

    wanted: str
    places: tuple[tuple[str, float], ...]
    every: bool = False

    def __str__(self) -> str:
        """Return the guess in words."""
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
        status: `verified` (reaches `goal` in the symbolic home), `scheduled` (the same, but it waits for a time),
            `unverified`, `refused`, `ask` (a question back), `answered` (a question about the home), or `noted` (a rule
            for the future).
        reason: Why it is not verified; or the refusal; or the question back; or the answer; or the rules; or, in words,
            when a scheduled plan is done.
        goal: The goal; None for a refusal or a question.
        goal_text: The goal in the goal language, or what the GPT wrote instead.
        actions: The subtasks; empty if something must be searched for first. A plan that does not reach its goal ends
            where it stops making progress, so it may be empty, too.
        subtasks: The same in words.
        added: Numbers (from 1) of the subtasks that the planner added to what the GPT wrote: they close what the plan
            opened, put down what was still in the hand (planner/verification/tidying.py), or use a skill that the GPT
            was not trained on, where all that it needs is so (planner/goals/means/own_stages.py).
        left_out: Number of subtasks of the GPT that were left out: they serve nothing
            (planner/verification/shortening.py), or close a door that is used again.
        start: The state in which the plan begins.
        report: The symbolic replay, if there is a goal.
        tried: Number of plans that the GPT wrote, of which this is the best.
        tokens: Number of tokens written.
        seconds: Time from instruction to answer [s].
        logprob: The GPT's log-probability of the goal, or of what it wrote instead.
        confidence: Calibrated confidence; None without a goal or without a calibration.
        options: The goals that the question offers; empty if the GPT itself asks.
        guesses: What must be searched for first in a partly known home; `subtasks` then shows a possible continuation.
        written: All actions that the GPT wrote, before a plan that misses its goal was cut.
        kept: Number of subtasks taken over from a repaired plan; 0 if planned from the beginning.
        waits: Where a scheduled plan waits. It is proven for the states that are expected then, and made anew when the
            time comes.
        words: What each part of the instruction became; empty if the GPT was not trained to tell.
        rules: The rules that were noted, in the goal language.
        corrects: How it corrects the last answer of a dialogue: `undo`, `again`, `other` (objects), `instead` (another
            meaning) or `stop`; empty for the answer to an instruction of its own.
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
    added: tuple[int, ...] = ()
    left_out: int = 0
    written: tuple[Action, ...] = field(default=(), repr=False)
    waits: tuple[Wait, ...] = ()
    words: tuple[SpokenPart, ...] = ()
    rules: tuple[str, ...] = ()
    corrects: str = ""

    @classmethod
    def declined(cls, parsed: ParsedInstruction, state: State, seconds: float) -> Plan:
        """Return the answer to an instruction without a goal: a question back, a refusal, an answer or a noted rule."""
        domain = state.world.domain
        status: Status = (
            "ask" if parsed.question else "answered" if parsed.query else "noted" if parsed.rules else "refused"
        )
        rules = tuple(format_rule(rule, domain) for rule in parsed.rules) if status == "noted" else ()
        return cls(
            instruction=parsed.instruction, status=status,
            reason=parsed.question or parsed.answer or " ; ".join(rules) or parsed.refusal, goal=None,
            goal_text=parsed.goal_text, actions=(), subtasks=(), start=state, report=None, tried=0,
            tokens=parsed.tokens, seconds=seconds, logprob=parsed.logprob, options=parsed.options, words=parsed.words,
            rules=rules,
        )  # fmt: skip

    @classmethod
    def beyond_robot(cls, instruction: str, goal: Goal, reason: str, report: Report) -> Plan:
        """Return the answer to a goal that this robot cannot reach; `report` is that of no plan."""
        return cls(
            instruction=instruction, status="refused", reason=reason, goal=goal, goal_text=format_goal(goal),
            actions=(), subtasks=(), start=report.final, report=report, tried=0, tokens=0, seconds=0.0,
        )  # fmt: skip

    @property
    def is_proven(self) -> bool:
        """Whether the plan reaches its goal, now or when its time comes."""
        return self.status in ("verified", "scheduled")

    @property
    def is_settled(self) -> bool:
        """Whether nothing remains to be said: the plan is proven, the question answered, or the rule noted."""
        return self.is_proven or self.status in ("answered", "noted")

    @property
    def is_executable(self) -> bool:
        """Whether the plan can be executed: it is proven, or will be once the missing objects are found."""
        return self.goal is not None and (self.is_proven or bool(self.guesses))

    @property
    def when(self) -> When | None:
        """What a scheduled plan waits for first; None if it waits for nothing."""
        return self.waits[0].when if self.waits else None

    @property
    def steps(self) -> tuple[str, ...]:
        """The subtasks in words, in order: `("open cabinet 1", "pick up plate 1")`."""
        return self.subtasks

    def __str__(self) -> str:
        """Return the plan as it is shown to the user."""
        return show(self.instruction, self.subtasks)

    def export(self, export_format: Format, *, unverified: bool = False) -> str:
        """Write the plan in a format, as one text.

        Args:
            export_format: `text`, `json`, `bt` (BehaviorTree.CPP 4 XML), `pddl`, `py_trees` or `mermaid`.
            unverified: Write a plan that does not reach its goal, too, as far as it makes progress; its title says so.
                JSON is written in any case, since it holds the status.

        Raises:
            ExportError: There is no plan, or none that is verified; its goal can never hold, an extra is missing, or
                the format is unknown.
        """
        from planner.plans.export import joined

        if export_format == "text" and not self.is_proven and not (unverified and self.goal is not None):
            return f"{self.status}: {self.reason}"
        return joined(self.export_files(export_format, unverified=unverified))

    def export_files(self, export_format: Format, *, unverified: bool = False) -> dict[str, str]:
        """Write the plan in a format, as the texts of files by name: `pddl` is `domain.pddl`, `problem.pddl`, `plan`.

        Args:
            export_format: As for `export`.
            unverified: As for `export`.

        Raises:
            ExportError: As for `export`.
        """
        from planner.plans.export import FORMATS, export_files

        if export_format not in FORMATS:
            raise ExportError(f"there is no format {export_format!r}; there are {', '.join(FORMATS)}")
        if export_format == "json":
            return {"plan.json": json.dumps(self.as_dict())}
        reason = f", {self.reason}" if self.reason else ""
        if self.goal is None or self.guesses:
            raise ExportError(f"there is no plan to export: {self.status}{reason}")
        if not self.is_proven and not unverified:
            raise ExportError(
                f"the plan does not reach its goal: {self.status}{reason}; `unverified=True` exports what it reaches"
            )
        if export_format == "text":
            return {"plan.txt": str(self)}
        title = self.instruction if self.is_proven else f"{self.instruction} ({self.status}{reason})"
        return export_files(export_format, self.goal, self.actions, self.start, title=title)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs; only scheduled plans have `when` and `waits`, only answers `answer` or `rules`."""
        scheduled: dict[str, object] = {}
        if self.when is not None:
            scheduled = {"when": when_as_dict(self.when), "waits": [wait.as_dict() for wait in self.waits]}
        return {
            "instruction": self.instruction,
            "status": self.status,
            "reason": self.reason,
            "goal": self.goal_text or None,
            "options": [format_goal(goal) for goal in self.options],
            "plan": list(self.subtasks),
            "proof": self.report.proof.as_dict() if self.report else None,
            "added": list(self.added),
            "left_out": self.left_out,
            "written": [format_action(self.start.world, action) for action in self.written],
            "look_for": [guess.as_dict() for guess in self.guesses],
            "confidence": self.confidence.as_dict() if self.confidence else None,
            "tried": self.tried,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 4),
            "home": self.start.world.scene.name,
            "words": [part.as_dict() for part in self.words],
            **scheduled,
            **({"answer": self.reason} if self.status == "answered" else {}),
            **({"rules": list(self.rules)} if self.status == "noted" else {}),
            **({"corrects": self.corrects} if self.corrects else {}),
        }


def show(instruction: str, subtasks: Sequence[str]) -> str:
    """Write a plan on one line: `set the table → open cabinet 2 → ...`; a plan for a goal has no instruction."""
    return " → ".join((instruction, *subtasks) if instruction else subtasks)
