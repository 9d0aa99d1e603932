"""Instruction → goal → facts → plan → proof, in one class.

    instruction → goal   `understand`     the GPT reads inventory and instruction and writes a goal, refuses, or asks
                                          (understanding/instruction_reader.py)
    goal → facts         `goal_planner`   for the next few unmet conditions: where their objects are, what they need
                                          (goals/chunking.py, facts/retrieval.py)
    facts → plan         `goal_planner`   the GPT writes subtasks; only applicable ones can be decoded; the state is
                                          updated, and the next chunk follows (decoding/goal_planner.py)
    plan → proof         `plan_for_goal`  the plan is replayed in the symbolic home; if it misses the goal that the GPT
                                          wrote, further plans are sampled; the best is cut where its progress ends
                                          (decoding/draft_choice.py)
    plan → tidy plan     `plan_for_goal`  what a proven plan opened is closed, what serves nothing is left out; proven
                                          again (verification/tidying.py). `Plan.added`, `Plan.left_out`

The plan's prompt, the goal and the facts alone, is short in a home of any size, and the same for a first plan, later
chunks and replanning. No search over states is involved.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import State, format_action
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Goal, format_goal, with_home_rules
from gpt.inference.numpy_model import NumpyModel
from gpt.inference.session import Runtime
from gpt.tokenization.tokenizer import Tokenizer
from planner.decoding.draft_choice import choose
from planner.decoding.goal_planner import GoalPlanner
from planner.decoding.ruled_out import refusal
from planner.errors import CalibrationError
from planner.facts.failure_notes import unreachable
from planner.goals.feasibility import beyond_robot, infeasibility
from planner.goals.serving import attempts
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.plans.waits import waits_of, words_of_waits
from planner.prompts.document_kinds import DocumentKind
from planner.prompts.sessions import Prompts
from planner.understanding.disambiguation import confirmed, decide
from planner.understanding.instruction_reader import InstructionReader
from planner.verification.door_closing import ClosedPlan
from planner.verification.plan_verification import verify
from planner.verification.tidying import tidied

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gpt.model.transformer import GPT
    from planner.decoding.plan_writer import Draft
    from planner.facts.failure_notes import FailedPlan
    from planner.understanding.calibration import Calibration


class PlanningPipeline:
    """A GPT that turns instructions into goals and plans; for one thread at a time."""

    def __init__(
        self, model: Runtime | GPT, tokenizer: Tokenizer, calibration: Calibration | None = None,
        kinds: Collection[DocumentKind] = (), notes: Mapping[str, object] | None = None, domain: Domain | None = None,
    ) -> None:  # fmt: skip
        """Wrap a model; a PyTorch model is converted, so later training does not affect it.

        `kinds` are the optional kinds of documents that it was trained on (planner/prompts/document_kinds.py), `domain`
        its domain, by default the home; `notes` are data of a merged adapter (planner/exploration/learned_prior.py).
        """
        self.model: Runtime = model if isinstance(model, Runtime) else NumpyModel.from_torch(model)
        self.tokenizer, self.calibration = tokenizer, calibration
        self.kinds, self.notes, self.domain = frozenset(kinds), notes, domain or load_domain()
        self.prompts = Prompts(self.model, tokenizer, self.kinds)
        self.reader = InstructionReader(self.prompts, self.domain.skills)
        self.goal_planner = GoalPlanner(self.prompts, self.kinds, self.domain)

    def understand(self, instruction: str, state: State, options: Options | None = None) -> ParsedInstruction:
        """Let the GPT write the goal of an instruction; if it is not sure enough, or several may be meant, ask.

        Raises:
            CalibrationError: The error rate cannot be kept with this model.
        """
        options = options or Options()
        return self.sure(self.reader.understand(instruction, state, options), state, options)

    def sure(self, parsed: ParsedInstruction, state: State, options: Options) -> ParsedInstruction:
        """Return what was read, or a question where its goal is not sure enough; errors are those of `understand`."""
        calibration = self.calibration if options.error_rate is None else self.calibrated(options.error_rate)
        if parsed.goal is None or calibration is None:
            return parsed
        ask = confirmed if options.error_rate is None else decide
        return ask(self.reader, parsed, state, options, calibration)

    def calibrated(self, error_rate: float) -> Calibration:
        """Return the calibration after checking that it can keep this error rate.

        Raises:
            CalibrationError: It cannot, or there is no calibration.
        """
        if self.calibration is None:
            raise CalibrationError(
                "the model has no calibration, which an error rate needs: python -m planner.calibrate"
            )
        self.calibration.threshold(error_rate)
        return self.calibration

    def plan(self, instruction: str, state: State, options: Options | None = None) -> Plan:
        """Plan an instruction from a state; errors are those of `understand`."""
        started_at = time.perf_counter()
        plan = self.plan_parsed(self.understand(instruction, state, options), state, options or Options())
        return replace(plan, seconds=time.perf_counter() - started_at)

    def plan_parsed(self, parsed: ParsedInstruction, state: State, options: Options) -> Plan:
        """Plan for an instruction that is understood."""
        if parsed.goal is None:
            return Plan.declined(parsed, state, 0.0)
        plan = self.plan_for_goal(parsed.goal, state, options, instruction=parsed.instruction)
        judge = self.calibration
        confidence = None if judge is None else judge.confidence(parsed.evidence, verified=plan.is_proven)
        tokens = plan.tokens + parsed.tokens
        return replace(plan, tokens=tokens, logprob=parsed.logprob, confidence=confidence, words=parsed.words)

    def plan_for_goal(
        self,
        goal: Goal,
        state: State,
        options: Options | None = None,
        *,
        instruction: str = "",
        initial_state: State | None = None,
        phase: int = 0,
        begun: bool = False,
        avoid: frozenset[int] = frozenset(),
        failed_plan: FailedPlan | None = None,
        opened: frozenset[int] | None = None,
    ) -> Plan:
        """Plan for a goal from a state.

        Args:
            goal: The goal.
            state: The state where the plan begins.
            options: Decoding options.
            instruction: Shown with the plan.
            initial_state: The state in which the episode, or the last phase with a time, began, if `state` is a later
                one; it decides which objects `every` is about.
            phase: The phase of the goal that the episode has reached.
            begun: Whether this phase has begun, so that its time has come and its tests were made.
            avoid: Objects and places not to use, because they failed.
            failed_plan: The plan that this one replaces. If `options` allow it and the GPT was trained for it, the GPT
                fills in only the broken part, or reads feedback on what went wrong (`avoid` is then ignored).
            opened: Fixtures that the robot opened earlier in the episode, to be closed, too; see `close_doors`.
        """
        options = options or Options()
        started_at = time.perf_counter()
        goal = with_home_rules(goal, state.world.scene)
        episode_start = initial_state or state
        remaining_goal = goal.after(phase, begun=begun)
        if beyond := beyond_robot(remaining_goal, state, episode_start):
            report = verify(state, remaining_goal, (), initial_state=episode_start)
            return Plan.beyond_robot(instruction, goal, beyond, report)
        if (impossible := infeasibility(remaining_goal, state)) and initial_state is None:
            options = replace(options, samples=0)  # one attempt, which shows how far it gets
        self.prompts.begin()
        has_sense = options.common_sense and options.constrained
        goals = attempts(remaining_goal, episode_start, avoid) if has_sense else (remaining_goal,)
        chosen = choose(self.goal_planner, goals, remaining_goal, state, episode_start, options, avoid, failed_plan)
        best, report = chosen.best, chosen.best.report
        plan = ClosedPlan(actions=best.actions, added=tuple(n + 1 for n in best.draft.added if n < len(best.actions)))
        if report.ok:  # prove the goal as it was written, by all steps
            plan = tidied(
                best.actions, chosen.goal, goal, state, shorten=options.shorten, close=options.close_doors,
                initial_state=episode_start, phase=phase, begun=begun, opened=opened,
                avoid=avoid | unreachable(failed_plan, state), added=best.draft.added,
            )  # fmt: skip
            report = verify(state, remaining_goal, plan.actions, initial_state=episode_start)
        waits = waits_of(remaining_goal, state, plan.actions, initial_state=episode_start) if report.ok else ()
        rule = "" if report.ok else self._forbidding_rule(remaining_goal, state, episode_start, options)
        return Plan(
            instruction=instruction,
            status="scheduled" if waits else "verified" if report.ok else "refused" if rule else "unverified",
            reason=words_of_waits(waits, len(plan.actions)) if report.ok else rule or impossible or report.reason,
            goal=goal, goal_text=format_goal(goal, state.world.domain), actions=plan.actions,
            subtasks=tuple(format_action(state.world, a) for a in plan.actions), added=plan.added,
            left_out=plan.left_out, start=state, report=report, tried=chosen.tried, tokens=chosen.tokens,
            seconds=time.perf_counter() - started_at, kept=min(best.draft.kept, len(best.actions)),
            written=best.draft.written, waits=waits,
        )  # fmt: skip

    def _forbidding_rule(self, goal: Goal, state: State, initial_state: State, options: Options) -> str:
        """Name the rule that keeps a goal from being reached: a plan that ignores the rules breaks it."""
        if not goal.rules:
            return ""
        draft = self.goal_planner.draft(replace(goal, rules=()), state, initial_state, options, 0, frozenset())
        return refusal(goal, state, verify(state, goal, draft.actions, initial_state=initial_state))

    def draft(self, goal: Goal, state: State, options: Options, number: int = 0) -> Draft:
        """Let the GPT write one plan for a goal, unverified; each `number` above 0 samples another plan."""
        self.prompts.begin()
        return self.goal_planner.draft(goal, state, state, options, number, frozenset())
