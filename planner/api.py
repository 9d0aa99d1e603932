"""The public class `Planner`: plans an instruction in any home, and executes the plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import quoted
from envs.simulation.disturbed_home import DisturbedHome
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Goal, parse_goal, parse_query
from gpt.inference.numpy_model import NumpyModel
from gpt.weights.adapter import load_adapter
from planner.errors import PlannerError, ReleaseError
from planner.execution.executor import run
from planner.io.paths import DOMAIN_FILE, released_dir
from planner.pipeline import PlanningPipeline
from planner.plans.options import MAX_REPLANS, Options, Precision
from planner.prompts.document_kinds import kinds_of
from planner.understanding.calibration_file import read_calibration
from planner.world_model.belief import Belief
from planner.world_model.open_home import in_use, open_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envs.scenes.home_file import AnyHome, HomeInUse
    from envs.symbolic.home_protocol import Home
    from planner.execution.clock import Clock
    from planner.execution.events import Event
    from planner.plans.planning_result import Plan


def model_folder(folder: str | Path | None = None) -> Path:
    """Return a model's folder, by default that of the released weights.

    Raises:
        ReleaseError: The installation has no weights.
    """
    try:
        return Path(folder or released_dir())
    except FileNotFoundError as error:
        raise ReleaseError(f"{error}; train one (python -m planner.train) and name it with --model") from None


def domain_of(folder: str | Path | None = None) -> Domain:
    """Return the domain that a model was trained on: a copy of its file in the folder, or the default domain.

    Raises:
        DomainError: The copy is damaged.
        ReleaseError: As in `model_folder`.
    """
    path = model_folder(folder) / DOMAIN_FILE
    return load_domain(path if path.is_file() else None)


class Planner(PlanningPipeline):
    """Plans in any home, fully or partly known, and executes the plans; for one thread at a time."""

    @classmethod
    def load(
        cls, folder: str | Path | None = None, *, weights: Precision = "fp32", calibrated: bool = True,
        adapter: str | Path | None = None,
    ) -> Planner:  # fmt: skip
        """Load a model folder, by default the released weights.

        Args:
            folder: The model folder.
            weights: Precision of the weights. Rounding to int8 takes seconds and needs the extra `fast`; decoding is
                then faster.
            calibrated: Whether to read the calibration beside the weights, if there is one. It is not valid with an
                adapter and is then not read.
            adapter: An adapter that was trained in one home (`python -m planner.improve --home`), merged into the
                weights.

        Raises:
            CheckpointError: The folder is not a model of this project, or the adapter belongs to other weights.
            CalibrationError: The calibration is damaged.
            DomainError: The domain in the folder is damaged.
            ReleaseError: No folder is given and the installation has no weights; or the extra is missing.
        """
        folder = model_folder(folder)
        learned = load_adapter(adapter) if adapter is not None else None
        model, tokenizer, extra = NumpyModel.load(folder, learned)
        kinds, domain = kinds_of(extra), domain_of(folder)
        calibration = read_calibration(folder) if calibrated and learned is None else None
        notes = learned.extra if learned is not None else None
        if weights == "fp32":
            return cls(model, tokenizer, calibration, kinds, notes, domain)
        try:
            from gpt.inference.onnx_model import OnnxModel
        except ImportError as error:
            raise ReleaseError(f"int8 weights need {error.name}: pip install gpt-home-planner[fast]") from None
        return cls(OnnxModel(model, weights), tokenizer, calibration, kinds, notes, domain)

    def plan(self, instruction: str, home: AnyHome | Belief, options: Options | None = None) -> Plan:
        """Plan an instruction in a home.

        Args:
            instruction: One instruction, on one line. Several lines, and what is too long to be read, are refused.
            home: A state, a scene, a file, the name of a bundled home, a seed, or a running home, planned for in its
                current state; see `planner.world_model.open_home`. For a partly known home, a `Belief`
                (`planner.exploration`).
            options: Decoding options.

        Raises:
            PlannerError: There is no such home, or an argument is of another type.
            HomeError: The file is not a valid home.
            CalibrationError: The error rate cannot be kept with this model.
        """
        if not isinstance(instruction, str):
            raise PlannerError(f"an instruction is a text, not {quoted(instruction)}")
        if options is not None and not isinstance(options, Options):
            raise PlannerError(f"options are planner.Options(...), not {quoted(options)}")
        if isinstance(home, Belief):
            from planner.exploration.belief_planning import plan_under_uncertainty

            return plan_under_uncertainty(self, instruction, home, options or Options())
        return super().plan(instruction, open_home(home, geometry=False, domain=self.domain), options)

    def plan_goal(self, goal: Goal | str, home: AnyHome | Belief, options: Options | None = None) -> Plan:
        """Plan for a goal that is given, not read from an instruction.

        Args:
            goal: The goal, or its text (`envs/symbolic/goals/values.py`): `red mug on desk while never open oven`.
            home: As in `plan`.
            options: Decoding options.

        Raises:
            GoalError: The goal does not parse.
            PlannerError: There is no such home.
            HomeError: The file is not a valid home.
        """
        if isinstance(home, Belief):
            from planner.exploration.belief_planning import plan_for_goal_under_uncertainty

            parsed = parse_goal(goal, scene=home.scene) if isinstance(goal, str) else goal
            return plan_for_goal_under_uncertainty(self, parsed, home, options or Options())
        state = open_home(home, geometry=False, domain=self.domain)
        if isinstance(goal, str):
            goal = parse_goal(goal, scene=state.world.scene)
        return self.plan_for_goal(goal, state, options)

    def answer(self, question: str, home: AnyHome | Belief) -> str:
        """Answer a question about a home, such as `? where wallet`, in one plain sentence.

        Args:
            question: The question.
            home: The home; or what is believed of it (`know`), which is answered from with when it was seen.

        Raises:
            GoalError: The question does not parse.
            PlannerError: There is no such home.
            HomeError: The file is not a valid home.
        """
        from planner.exploration.belief_answers import answer_from_belief
        from planner.language.answers import answer

        if isinstance(home, Belief):
            return answer_from_belief(parse_query(question, scene=home.scene), home)
        state = open_home(home, geometry=False, domain=self.domain)
        return answer(parse_query(question, scene=state.world.scene), state)

    def run(
        self,
        plan: Plan | str,
        home: HomeInUse,
        options: Options | None = None,
        *,
        max_replans: int = MAX_REPLANS,
        belief: Belief | None = None,
        goal: Goal | str | None = None,
        clock: Clock | None = None,
    ) -> Iterator[Event]:
        """Execute a plan and yield each event as it happens; the last is `Ended`, with the episode.

        Args:
            plan: A plan for the home's current state, or the text of one (`open cabinet 1 → pick up plate 1`).
            home: A `PhysicalHome`, a `SymbolicHome`, a `DisturbedHome` of either, or one of our gymnasium environments
                after a reset.
            options: Decoding options for replanning.
            max_replans: Maximum number of replans.
            belief: What is known of a partly known home; the robot searches for the rest.
            goal: What a plan given as text is for; None: the text states it.
            clock: Tells the time and waits, for a goal with times; None: the home's simulated clock, which jumps.

        Raises:
            PlannerError: There is nothing to execute, the plan is for another home, or its text cannot be read.
            GoalError: `goal` does not parse.
        """
        acting_home = in_use(home)
        if isinstance(plan, str):
            plan = _typed_plan(plan, acting_home, belief, goal)
        if plan.goal is None:
            raise PlannerError(f"there is nothing to execute: {plan.status}, {plan.reason}")
        world, plan_world = acting_home.state().world, plan.start.world
        speaker = {"person 1"} & (set(world.names) ^ set(plan_world.names))  # added to one of the two
        same_home = [n for n in world.names if n not in speaker] == [n for n in plan_world.names if n not in speaker]
        if same_home and speaker and any(speaker & set(action.args) for action in plan.actions):
            raise PlannerError(
                "the plan gives something to person 1, who is not in this home; envs.scenes.speaker.with_speaker adds "
                "the person to a scene"
            )
        if belief is not None:  # only the fixtures must be known
            same_home = world.names[: world.n_fixtures] == plan_world.names[: plan_world.n_fixtures]
        if not same_home:
            raise PlannerError(f"the plan is for {plan_world.scene.name}, and this home is {world.scene.name}")
        disturb = acting_home.disturb if isinstance(acting_home, DisturbedHome) else None
        if belief is not None:
            from planner.exploration.search_executor import execute_with_search

            return execute_with_search(
                plan.actions, plan.goal, acting_home, belief, self, options=options, max_replans=max_replans,
                disturb=disturb, clock=clock,
            )  # fmt: skip
        return run(
            plan.actions,
            plan.goal,
            acting_home,
            planner=self,
            options=options,
            max_replans=max_replans,
            disturb=disturb,
            clock=clock,
        )


def _typed_plan(text: str, home: Home, belief: Belief | None, goal: Goal | str | None) -> Plan:
    from planner.exploration.belief_planning import with_named_objects
    from planner.plans.plan_text import split_plan
    from planner.plans.typed_steps import typed_plan

    plan_text = split_plan(text)
    if belief is None:
        return typed_plan(plan_text, home.state(), goal)
    state, plan_text = with_named_objects(belief, plan_text)
    return typed_plan(plan_text, state, goal)
