"""The public `Planner`: plan an instruction in any home, and carry the plan out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envs.simulation.disturbed_home import DisturbedHome
from gpt.inference.numpy_model import NumpyModel
from gpt.weights.adapter import load_adapter
from planner.errors import PlannerError, ReleaseError
from planner.execution.executor import run
from planner.io.paths import released_dir
from planner.pipeline import PlanningPipeline
from planner.plans.options import MAX_REPLANS, Options, Precision
from planner.prompts.document_kinds import kinds_of
from planner.understanding.calibration_file import read_calibration
from planner.world_model.belief import Belief
from planner.world_model.open_home import in_use, open_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.execution.events import Event
    from planner.plans.planning_result import Plan
    from planner.world_model.open_home import AnyHome, HomeInUse


def model_folder(folder: str | Path | None = None) -> Path:
    """Return a model's folder, the one of the released weights where none is given.

    Raises:
        ReleaseError: No weights came with the installation.
    """
    try:
        return Path(folder or released_dir())
    except FileNotFoundError as error:
        raise ReleaseError(f"{error}; train one (python -m planner.train) and name it with --model") from None


class Planner(PlanningPipeline):
    """The pipeline for homes of every kind, known in part too, and the execution of its plans; for one thread."""

    @classmethod
    def load(
        cls, folder: str | Path | None = None, *, weights: Precision = "fp32", calibrated: bool = True,
        adapter: str | Path | None = None,
    ) -> Planner:  # fmt: skip
        """Load a model folder, by default the released weights.

        Args:
            folder: The model.
            weights: Their precision. Rounding to int8 needs the extra `fast` and takes seconds, and decoding is faster
                then.
            calibrated: Whether to read the calibration beside the weights, if there is one. It is that of the weights
                alone: with an adapter, it is not read.
            adapter: What a home has taught these weights (`python -m planner.improve --home`), to be merged in.

        Raises:
            CheckpointError: The folder is not a model of this project, or the adapter is none of these weights.
            CalibrationError: Its calibration is damaged.
            ReleaseError: No folder is given, and no weights came with the installation; or the extra is missing.
        """
        folder = model_folder(folder)
        home_adapter = load_adapter(adapter) if adapter is not None else None
        model, tokenizer, extra = NumpyModel.load(folder, home_adapter)
        kinds = kinds_of(extra)
        calibration = read_calibration(folder) if calibrated and home_adapter is None else None
        notes = home_adapter.extra if home_adapter is not None else None
        if weights == "fp32":
            return cls(model, tokenizer, calibration, kinds, notes)
        try:
            from gpt.inference.onnx_model import OnnxModel
        except ImportError as error:
            raise ReleaseError(f"int8 weights need {error.name}: pip install gpt-home-planner[fast]") from None
        return cls(OnnxModel(model, weights), tokenizer, calibration, kinds, notes)

    def plan(self, instruction: str, home: AnyHome | Belief, options: Options | None = None) -> Plan:
        """Answer an instruction in a home.

        Args:
            instruction: What is to be done.
            home: A state, a scene, a file or the name of a bundled home, a seed, or a home in use, as it is now; see
                `planner.world_model.open_home`. What is known of a home in part (`planner.exploration`) does as well.
            options: How to decode.

        Raises:
            PlannerError: There is no such home.
            HomeError: The file is not a valid home.
            CalibrationError: The error rate cannot be kept with this model.
        """
        if isinstance(home, Belief):
            from planner.exploration.belief_planning import plan_under_uncertainty

            return plan_under_uncertainty(self, instruction, home, options or Options())
        return super().plan(instruction, open_home(home, geometry=False), options)

    def run(
        self,
        plan: Plan,
        home: HomeInUse,
        options: Options | None = None,
        *,
        max_replans: int = MAX_REPLANS,
        belief: Belief | None = None,
    ) -> Iterator[Event]:
        """Carry a plan out and yield each event as it happens; the last is `Ended`, with the episode.

        Args:
            plan: A plan for the state that the home is in now.
            home: A `PhysicalHome`, a `SymbolicHome`, a `DisturbedHome` of either, or one of our gymnasium environments,
                which has been reset.
            options: How to decode when the plan must be made anew.
            max_replans: How often it may.
            belief: What is known of the home, where that is not all: the robot looks for the rest.

        Raises:
            PlannerError: There is nothing to carry out, or the plan is for another home.
        """
        if plan.goal is None:
            raise PlannerError(f"there is nothing to carry out: {plan.status}, {plan.reason}")
        executing_home = in_use(home)
        home_world, plan_world = executing_home.state().world, plan.start.world
        same_home = home_world.names == plan_world.names
        if belief is not None:  # of what is not a fixture, it need not be known what is there
            same_home = home_world.names[: home_world.n_fixtures] == plan_world.names[: plan_world.n_fixtures]
        if not same_home:
            raise PlannerError(f"the plan is for {plan_world.scene.name}, and this home is {home_world.scene.name}")
        disturb = executing_home.disturb if isinstance(executing_home, DisturbedHome) else None
        if belief is not None:
            from planner.exploration.search_executor import execute_with_search

            return execute_with_search(
                plan.actions, plan.goal, executing_home, belief, self, options=options, max_replans=max_replans,
                disturb=disturb,
            )  # fmt: skip
        return run(
            plan.actions,
            plan.goal,
            executing_home,
            planner=self,
            options=options,
            max_replans=max_replans,
            disturb=disturb,
        )
