"""Answers what a person says about the last answer: "undo", "again", "the other one", "no, in the dishwasher".

A GPT that hears replies says what a line asks for (planner/understanding/reply_reading.py). With others, `wording.py`
tells corrections from instructions.

What was done is undone first (planner/corrections/undoing.py). Then the instruction is read again with what corrects
it behind it ("put the mug on the desk. no, the bowl"), which the GPT has learned to read. What it has understood
before is known to be wrong, so another goal is taken. The plan begins in the state of now; steps that undo and do the
same again are left out of it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import format_action
from envs.symbolic.goals import FixtureIs, format_goal, parse_rule
from envs.symbolic.scoring import fixtures_of
from planner.corrections.lessons import Lesson
from planner.corrections.teaching import with_corrections
from planner.corrections.undoing import Undone, undo
from planner.corrections.wording import asks_anew, kind_of, named_back, orders, other_noun
from planner.language.mentions import mentions
from planner.language.normalization import normalize
from planner.plans.formulas.sameness import meaning_with_rules
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.understanding.reply_reading import read_reply
from planner.verification.plan_verification import verify
from planner.verification.shortening import shortened

if TYPE_CHECKING:
    from envs.symbolic.state import State
    from planner.api import Planner
    from planner.corrections.wording import Kind
    from planner.plans.options import Options

MOST_UNDONE = 20  # instructions
MIN_LIKELIHOOD = (
    0.4  # of a reading with a line that nothing marks as a correction, and that is no instruction by itself
)
WHAT_ELSE = "What should I do instead?"
NOTHING_TO_UNDO = "nothing has been done that could be undone"
NO_OTHER = "there is no other one that would do"
NOTHING_MORE = "nothing more is to be done"
NOTHING_BEFORE = "nothing was said before that could be done again"
_NEEDS_ONE: dict[str | None, str] = {"undo": NOTHING_TO_UNDO, "again": NOTHING_BEFORE, "other": NO_OTHER}


@dataclass
class Exchange:
    """An instruction and its answer, with what was corrected in it since.

    Attributes:
        said: The instruction, in the person's words.
        before: The state in which it was said.
        plan: The last answer to it.
        understood: The goals that were taken for its meaning, and were wrong.
        corrections: What was said about it.
        used: Objects and furniture that were used, and were the wrong ones.
        learned: Whether it has become a lesson.
    """

    said: str
    before: State
    plan: Plan
    understood: list[str] = field(default_factory=list)
    corrections: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    learned: bool = False


class Conversation:
    """What was said last in a dialogue, and answers to what corrects it.

    Attributes:
        lessons: What was corrected so far; an exchange becomes one when the next instruction is given, or at the end.
    """

    def __init__(self, planner: Planner, options: Options) -> None:
        """Begin a dialogue."""
        self.planner, self.options = planner, options
        self.lessons: list[Lesson] = []
        self._past: list[Exchange] = []
        self._last: Exchange | None = None

    def answer(self, line: str, now: State) -> Plan:
        """Answer a line: what corrects the last answer, or an instruction of its own, which is noted.

        A line that nothing marks as a correction may still be about the last answer ("candle, dear, the candle!"), if
        no clause of it begins with a verb for a task, or if it cannot be done by itself. A GPT that hears replies says
        which it is.
        """
        if self._last is not None and line.strip() and "replies" in self.planner.kinds:
            plan = self._replied(self._last, line, now)
            if plan is not None:
                return plan
        plan = self.corrected(line, now)
        if plan is not None:
            return plan
        plan = self.planner.plan(line, now, self.options)
        is_told = plan.status in ("answered", "noted")
        if self._last is not None and line.strip() and not is_told and not (plan.is_settled and orders(line)):
            undone = undo(self._last.before, now)
            about_it = self._instead(self._last, line, "unmarked", undone, now)
            if about_it is not None:
                return about_it
        self.note(line, now, plan)
        return plan

    def note(self, said: str, before: State, plan: Plan) -> None:
        """Note an instruction and its answer; what was corrected before has become a lesson."""
        if self._last is not None:
            self._past = [*self._past[1 - MOST_UNDONE :], self._last]
        self.end()
        if said.strip():
            self._last = Exchange(said=said.strip(), before=before, plan=plan)

    def note_answered(self, answer: str, plan: Plan) -> None:
        """Note that the question about the last instruction was answered, and the plan that this led to."""
        last = self._last
        if last is not None and last.plan.status == "ask":
            self._wrong(last)
            last.corrections.append(answer.strip())
            last.plan = plan

    def end(self) -> None:
        """Make a lesson of what was corrected last, if it was settled."""
        last, self._last = self._last, None
        if last is None or last.learned or not last.corrections:
            return
        if last.plan.is_proven and last.plan.goal is not None:
            last.learned = True
            self.lessons.append(
                Lesson(
                    home=last.before.world.scene.name,
                    said=last.said,
                    corrections=tuple(last.corrections),
                    understood=tuple(last.understood),
                    goal=format_goal(last.plan.goal, last.before.world.domain),
                )
            )

    def corrected(self, line: str, now: State) -> Plan | None:
        """Answer a line that corrects the last answer; None if it is an instruction of its own.

        Args:
            line: What was said.
            now: The state of the home.
        """
        last, kind = self._last, kind_of(line)
        if last is None:
            if kind not in _NEEDS_ONE:
                return None
            parsed = ParsedInstruction(instruction=normalize(line), refusal=_NEEDS_ONE[kind])
            return replace(Plan.declined(parsed, now, 0.0), corrects=str(kind))
        used = self._used(last)
        if kind is None and (noun := other_noun(line)) and self._names_one_of(noun, used, now):
            kind = "other"
        if kind is None:
            return self._put_back(last, line, used, now)
        if kind == "again":
            return replace(self._again(last, now), corrects="again")
        undone = undo(last.before, now)
        if kind == "undo":
            return self._undone(line, undone, now)
        if kind == "no":
            self._wrong(last)
            return replace(self._asked(line, now), corrects="instead")
        if kind == "other":
            return self._other(last, line, undone, now, used)
        return self._instead(last, line, kind, undone, now)

    def _replied(self, last: Exchange, line: str, now: State) -> Plan | None:
        """Answer a line as the GPT understands it behind the last answer; None if it does not."""
        undone, used = undo(last.before, now), self._used(last)
        said = with_corrections(last.said, tuple(last.corrections))
        reply = read_reply(self.planner.reader, said, _own_text(last.plan), line, undone.final, self.options)
        if reply is None:
            return None
        if reply.word == "new":
            plan = self.planner.plan(line, now, self.options)
            self.note(line, now, plan)
            return plan
        if reply.word in ("stop", "thanks"):
            parsed = ParsedInstruction(instruction=normalize(line), refusal=NOTHING_MORE)
            return replace(Plan.declined(parsed, now, 0.0), corrects="stop" if reply.word == "stop" else "")
        if reply.word == "again":
            return replace(self._again(last, now), corrects="again")
        if reply.word == "other":
            return self._other(last, line, undone, now, used)
        if reply.word == "undo":
            return self._put_back(last, line, used, now) or self._undone(line, undone, now)
        self._wrong(last)
        last.corrections.append(line.strip())
        parsed = self.planner.sure(reply.parsed, undone.final, self.options)
        plan = self.planner.plan_parsed(parsed, undone.final, self.options)
        last.plan = replace(self._behind(undone, plan, now), corrects="instead")
        return last.plan

    def _put_back(self, last: Exchange, line: str, used: set[int], now: State) -> Plan | None:
        """Return the plan that undoes what was done with what a line names; None if it names nothing of it."""
        moved = {i for i in used if now.place[i] != last.before.place[i]}
        noun = named_back(line)
        things = {i for i in moved if self._names_one_of(noun, {i}, now)} if noun else set()
        return self._undone(line, undo(last.before, now, only=frozenset(things)), now) if things else None

    # -- the answers ---------------------------------------------------------------------------------------------------

    def _again(self, last: Exchange, now: State) -> Plan:
        """Plan once more for what was said last, as it was meant in the end."""
        if last.corrections and last.plan.goal is not None:
            plan = self.planner.plan_for_goal(last.plan.goal, now, self.options, instruction=last.said)
            return replace(plan, words=last.plan.words, confidence=last.plan.confidence)
        return self.planner.plan(last.said, now, self.options)

    def _undone(self, line: str, undone: Undone, now: State) -> Plan:
        """Return the plan that undoes what was done."""
        self._last = self._past.pop() if self._past else None
        if undone.goal is None:
            parsed = ParsedInstruction(instruction=normalize(line), refusal="; ".join((NOTHING_TO_UNDO, *undone.stays)))
            return replace(Plan.declined(parsed, now, 0.0), corrects="undo")
        report = verify(now, undone.goal, undone.actions, initial_state=now)
        return Plan(
            instruction=normalize(line), status="verified" if report.ok else "unverified",
            reason="; ".join(undone.stays) or ("" if report.ok else report.reason), goal=undone.goal,
            goal_text=format_goal(undone.goal, now.world.domain), actions=undone.actions,
            subtasks=tuple(format_action(now.world, a) for a in undone.actions), start=now, report=report, tried=0,
            tokens=0, seconds=0.0, added=tuple(range(1, len(undone.actions) + 1)), corrects="undo",
        )  # fmt: skip

    def _other(self, last: Exchange, line: str, undone: Undone, now: State, used: set[int]) -> Plan:
        """Plan for the same goal with other objects than those that were used."""
        goal = last.plan.goal
        if goal is None:
            return replace(self._asked(line, now), corrects="other")
        last.used |= used
        start = undone.final
        plan = self.planner.plan_for_goal(
            goal, start, self.options, instruction=last.said, avoid=frozenset(last.used)
        )  # fmt: skip
        if not plan.is_proven or self._used_by(plan, start) & last.used:
            parsed = ParsedInstruction(instruction=normalize(line), refusal=NO_OTHER, words=last.plan.words)
            return replace(Plan.declined(parsed, now, plan.seconds), corrects="other")
        last.corrections.append(line.strip())
        last.plan = replace(
            self._behind(undone, plan, now), words=last.plan.words, confidence=last.plan.confidence, corrects="other"
        )
        return last.plan

    def _instead(self, last: Exchange, line: str, kind: Kind, undone: Undone, now: State) -> Plan | None:
        """Read the instruction again with what corrects it, and plan for what is understood now."""
        whole = with_corrections(last.said, (*last.corrections, line))
        start = undone.final
        misread = (last.plan.goal, *last.plan.options)
        wrong = {meaning_with_rules(g, start) for g in misread if g is not None}
        readings = [
            self.planner.reader.understand(text, start, self.options)
            for text in dict.fromkeys((whole, whole.replace(". no, ", ", no, "), whole.replace(". ", ", ")))
        ]
        fitting = [r for r in readings if r.goal and meaning_with_rules(r.goal, start) not in wrong]
        best_of_all = max(map(self._likelihood, fitting), default=0.0)
        if kind == "unmarked" and best_of_all < MIN_LIKELIHOOD:
            return None
        if kind == "perhaps instead" and (asks_anew(line) or best_of_all <= self._likelihood_alone(line, now)):
            return None
        self._wrong(last)
        last.corrections.append(line.strip())
        if not fitting:
            others = [r for r in readings if r.goal is None and (r.query is not None or r.rules or r.refusal)]
            if others and kind == "instead":
                last.plan = replace(Plan.declined(others[0], now, 0.0), corrects="instead")
                return last.plan
            return replace(self._asked(line, now), corrects="instead")
        best = max(fitting, key=self._likelihood)
        plan = self.planner.plan(best.instruction, start, self.options)
        last.plan = replace(self._behind(undone, plan, now), corrects="instead")
        return last.plan

    def _likelihood_alone(self, line: str, now: State) -> float:
        """Return how likely a line is an instruction of its own, as it is read."""
        alone = self.planner.reader.understand(line, now, self.options)
        if alone.goal is None:
            return 1.0 if alone.query is not None or alone.rules else MIN_LIKELIHOOD
        return self._likelihood(alone)

    def _likelihood(self, reading: ParsedInstruction) -> float:
        """Return how likely a goal is what is meant."""
        judge = self.planner.calibration
        if judge is not None:
            return judge.confidence(reading.evidence, verified=True).goal
        return math.exp(reading.logprob) * reading.right

    def _behind(self, undone: Undone, plan: Plan, now: State) -> Plan:
        """Return a plan for the state of now, from one for the state after what was done is undone."""
        if plan.goal is None or not plan.is_proven or not undone.actions:
            return plan
        actions = shortened((*undone.actions, *plan.actions), plan.goal, now, initial_state=undone.final, exactly=True)
        report = verify(now, plan.goal, actions, initial_state=undone.final)
        if not report.ok:  # what was undone is needed for the plan: nothing is left out
            actions = (*undone.actions, *plan.actions)
            report = verify(now, plan.goal, actions, initial_state=undone.final)
        first = next((n for n, (a, b) in enumerate(zip(actions, undone.actions, strict=False)) if a != b), None)
        n_undoing = min(len(undone.actions), len(actions)) if first is None else first
        return replace(
            plan, actions=actions, subtasks=tuple(format_action(now.world, a) for a in actions), start=now,
            report=report, added=tuple(range(1, n_undoing + 1)), status=plan.status if report.ok else "unverified",
            reason=plan.reason if report.ok else report.reason,
        )  # fmt: skip

    def _asked(self, line: str, now: State) -> Plan:
        return Plan.declined(ParsedInstruction(instruction=normalize(line), question=WHAT_ELSE), now, 0.0)

    # -- what was used -------------------------------------------------------------------------------------------------

    @staticmethod
    def _wrong(last: Exchange) -> None:
        if last.plan.goal_text and last.plan.goal_text not in last.understood:
            last.understood.append(last.plan.goal_text)

    def _used(self, last: Exchange) -> set[int]:
        """Return what the last plan brought somewhere, changed or switched: what may be the wrong one."""
        return self._used_by(last.plan, last.plan.start)

    @staticmethod
    def _used_by(plan: Plan, start: State) -> set[int]:
        if plan.goal is None or plan.report is None:
            return set()
        final, world = plan.report.final, start.world
        about_furniture = {f for c in plan.goal.conditions if isinstance(c, FixtureIs) for f in fixtures_of(start, c)}
        wanted = {
            i for c in plan.goal.conditions if (thing := getattr(c, "thing", None)) is not None
            for i in world.objects_of(thing.word)
        }  # fmt: skip
        fixtures = {f for f in about_furniture if final.flags[f] != start.flags[f]}
        return fixtures | {i for i in wanted if final.place[i] != start.place[i] or final.flags[i] != start.flags[i]}

    @staticmethod
    def _names_one_of(noun: str, entities: set[int], state: State) -> bool:
        kinds = frozenset(state.world.categories[i] for i in entities)
        words = re.split(r"\s+", noun)
        return any(m.start == 0 and m.stop == len(words) for m in mentions(words, kinds))


def _own_text(plan: Plan) -> str:
    """Return the goal of a plan without the rules of its home, which nobody said."""
    if plan.goal is None:
        return ""
    scene = plan.start.world.scene
    of_home = {parse_rule(text, scene=scene) for text in scene.rules}
    goal = replace(plan.goal, rules=tuple(rule for rule in plan.goal.rules if rule not in of_home))
    return format_goal(goal, scene.domain)
