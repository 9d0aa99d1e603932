"""The public class `Planner`: plans an instruction in any home, and executes the plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envs.errors import quoted
from envs.scenes.robot_file import load_robot, with_robot
from envs.simulation.disturbed_home import DisturbedHome
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.embodiment import Robot, equipped
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
    from envs.scenes.robot_file import AnyRobot
    from envs.symbolic.home_protocol import Home
    from envs.symbolic.state import State
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
    """Plans in any home, fully or partly known, and executes the plans; for one thread at a time.

    Attributes:
        robot: The robot that plans are for; None: that of the home.
    """

    robot: Robot | None = None

    @classmethod
    def load(
        cls, folder: str | Path | None = None, *, weights: Precision = "fp32", calibrated: bool = True,
        adapter: str | Path | None = None, robot: AnyRobot | None = None,
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
            robot: The robot that plans are for: a robot file, the name of a bundled one, or a `Robot`; None: the one
                of the home, by default the mobile Panda.

        Raises:
            CheckpointError: The folder is not a model of this project, or the adapter belongs to other weights.
            CalibrationError: The calibration is damaged.
            DomainError: The domain in the folder is damaged.
            RobotError: There is no such robot.
            ReleaseError: No folder is given and the installation has no weights; or the extra is missing.
        """
        folder = model_folder(folder)
        learned = load_adapter(adapter) if adapter is not None else None
        model, tokenizer, extra = NumpyModel.load(folder, learned)
        kinds, domain = kinds_of(extra), domain_of(folder)
        calibration = read_calibration(folder) if calibrated and learned is None else None
        notes = learned.extra if learned is not None else None
        if weights == "fp32":
            planner = cls(model, tokenizer, calibration, kinds, notes, domain)
        else:
            try:
                from gpt.inference.onnx_model import OnnxModel
            except ImportError as error:
                raise ReleaseError(f"int8 weights need {error.name}: pip install gpt-home-planner[fast]") from None
            planner = cls(OnnxModel(model, weights), tokenizer, calibration, kinds, notes, domain)
        planner.robot = None if robot is None else load_robot(robot, domain=domain)
        return planner

    def plan(
        self, instruction: str, home: AnyHome | Belief, options: Options | None = None, *,
        robot: AnyRobot | None = None,
    ) -> Plan:  # fmt: skip
        """Plan an instruction in a home.

        Args:
            instruction: One instruction, on one line. Several lines, and what is too long to be read, are refused.
            home: A state, a scene, a file, the name of a bundled home, a seed, or a running home, planned for in its
                current state; see `planner.world_model.open_home`. For a partly known home, a `Belief`
                (`planner.exploration`).
            options: Decoding options.
            robot: The robot, if it is another than that of the planner; as in `load`.

        Raises:
            PlannerError: There is no such home, or an argument is of another type.
            HomeError: The file is not a valid home.
            RobotError: There is no such robot.
            CalibrationError: The error rate cannot be kept with this model.
        """
        if not isinstance(instruction, str):
            raise PlannerError(f"an instruction is a text, not {quoted(instruction)}")
        if options is not None and not isinstance(options, Options):
            raise PlannerError(f"options are planner.Options(...), not {quoted(options)}")
        if isinstance(home, Belief):
            from planner.exploration.belief_planning import plan_under_uncertainty

            return plan_under_uncertainty(self, instruction, self._known_with_robot(home, robot), options or Options())
        return super().plan(instruction, self._opened(home, robot), options)

    def _opened(self, home: AnyHome, robot: AnyRobot | None) -> State:
        """Return the state of a home, with the robot that is asked for or that of the planner."""
        state = open_home(home, geometry=False, domain=self.domain)
        return with_robot(state, self.robot if robot is None else robot)

    def _known_with_robot(self, belief: Belief, robot: AnyRobot | None) -> Belief:
        """Return a belief about a home with the robot that is asked for or that of the planner."""
        robot = self.robot if robot is None else robot
        if robot is None:
            return belief
        return replace(belief, scene=equipped(belief.scene, load_robot(robot, domain=belief.scene.domain)))

    def plan_goal(
        self, goal: Goal | str, home: AnyHome | Belief, options: Options | None = None, *,
        robot: AnyRobot | None = None,
    ) -> Plan:  # fmt: skip
        """Plan for a goal that is given, not read from an instruction.

        Args:
            goal: The goal, or its text (`envs/symbolic/goals/values.py`): `red mug on desk while never open oven`.
            home: As in `plan`.
            options: Decoding options.
            robot: As in `plan`.

        Raises:
            GoalError: The goal does not parse.
            PlannerError: There is no such home.
            HomeError: The file is not a valid home.
            RobotError: There is no such robot.
        """
        if isinstance(home, Belief):
            from planner.exploration.belief_planning import plan_for_goal_under_uncertainty

            home = self._known_with_robot(home, robot)
            parsed = parse_goal(goal, scene=home.scene) if isinstance(goal, str) else goal
            return plan_for_goal_under_uncertainty(self, parsed, home, options or Options())
        state = self._opened(home, robot)
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
        from planner.language.answering.answers import answer

        if isinstance(home, Belief):
            return answer_from_belief(parse_query(question, scene=home.scene), home)
        state = self._opened(home, None)
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
            PlannerError: There is nothing to execute, the plan is for another home or robot, or its text cannot be
                read.
            GoalError: `goal` does not parse.
        """
        acting_home = in_use(home)
        if isinstance(plan, str):
            plan = _typed_plan(plan, acting_home, belief, goal)
        if plan.goal is None:
            raise PlannerError(f"there is nothing to execute: {plan.status}, {plan.reason}")
        world, plan_world = acting_home.state().world, plan.start.world
        if not _is_same_robot(world.domain, plan_world.domain):
            raise PlannerError(
                "the plan is for another robot than that of this home; give the home the same one: "
                "PhysicalHome(home, robot=...) or SymbolicHome(home, robot=...)"
            )
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


def _is_same_robot(domain: Domain, other: Domain) -> bool:
    return (domain.skills, domain.hand) == (other.skills, other.hand)


def _typed_plan(text: str, home: Home, belief: Belief | None, goal: Goal | str | None) -> Plan:
    from planner.exploration.belief_planning import with_named_objects
    from planner.plans.plan_text import split_plan
    from planner.plans.typed_steps import typed_plan

    plan_text = split_plan(text)
    if belief is None:
        return typed_plan(plan_text, home.state(), goal)
    state, plan_text = with_named_objects(belief, plan_text)
    return typed_plan(plan_text, state, goal)
