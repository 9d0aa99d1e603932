"""A home of two rooms that is known in part, and a planner that needs no weights: the teacher in the GPT's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from envs.scenes.home_file import load_home
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State, World, format_action, successor
from envs.symbolic.disturbances import Disturbance, disturbed_state
from envs.symbolic.goals import Goal, format_goal, parse_goal
from planner.api import Planner
from planner.corpus.corpus import plan_in_chunks
from planner.execution.events import Ended, Episode, Event
from planner.exploration.search_executor import execute_with_search
from planner.exploration.search_order import SearchPolicy, most_likely
from planner.goals.feasibility import missing
from planner.plans.options import Options
from planner.plans.planning_result import ParsedInstruction, Plan
from planner.verification.plan_verification import verify
from planner.world_model.belief import Belief

# The robot starts in the kitchen. The mug is where mugs usually are, the pen is not where pens usually are.
TWO_ROOMS = """\
name: two rooms
rooms:
  kitchen: [countertop, 2 cabinet, drawer, fridge, microwave, dining table]
  bedroom: [bed, side table, wardrobe, desk]
objects:
  cabinet 2: [mug, bowl]
  countertop: [plate, dirty glass]
  fridge: [apple]
  wardrobe: [shirt]
  side table: [book, {box: {holds: [watch]}}]
  drawer: [pen]
"""


def two_rooms(folder: Path, text: str = TWO_ROOMS) -> State:
    """Return the first state of a home; `folder` is where its file is written."""
    path = folder / "two_rooms.yaml"
    path.write_text(text, encoding="utf-8")
    return World(load_home(path, geometry=False)).initial()  # without a floor plan: it starts in the first room


def seen_at_start(state: State) -> Belief:
    return Belief.of_map(state.world.scene).observe(state)


class TaughtPlanner(Planner):
    """Understands what it was told to, and plans by the teacher's rules, on the state that it is given and no other."""

    def __init__(self, meant: Mapping[str, str] | None = None) -> None:
        self.meant = dict(meant or {})
        self.calibration = self.notes = None
        self.asked: list[State] = []

    def understand(self, instruction: str, state: State, options: Options | None = None) -> ParsedInstruction:
        goal = parse_goal(self.meant[instruction])
        lacking = missing(goal, state)
        if lacking is not None:
            return ParsedInstruction(
                instruction=instruction, goal_text=format_goal(goal), refusal=f"there is no {lacking} here"
            )
        return ParsedInstruction(instruction=instruction, goal=goal, goal_text=format_goal(goal))

    def plan_for_goal(
        self,
        goal: Goal,
        state: State,
        options: Options | None = None,
        *,
        instruction: str = "",
        initial_state: State | None = None,
        phase: int = 0,
        avoid: frozenset[int] = frozenset(),
        opened: frozenset[int] | None = None,
    ) -> Plan:
        self.asked.append(state)
        actions: list[Action] = []
        try:
            for *_, piece in plan_in_chunks(state, Goal(phases=goal.phases[phase:], rules=goal.rules)):
                actions += piece
        except LookupError:
            pass
        report = verify(state, goal, actions, initial_state=initial_state)
        return Plan(
            instruction=instruction, status="verified" if report.ok else "unverified", reason=report.reason, goal=goal,
            goal_text=format_goal(goal), actions=tuple(actions),
            subtasks=tuple(format_action(state.world, a) for a in actions), start=state, report=report, tried=1,
            tokens=0, seconds=0.0,
        )  # fmt: skip


class Intruder:
    """Lets given disturbances happen, each before the subtask of its number."""

    def __init__(self, home: SymbolicHome, *what: tuple[int, Disturbance]) -> None:
        self.home, self.what, self.step = home, dict(what), 0

    def __call__(self, ahead: Sequence[Action]) -> Disturbance | None:
        self.step += 1
        what = self.what.get(self.step)
        if what is not None:
            self.home.change(disturbed_state(self.home.state(), what))
        return what


def sought(
    goal: str,
    start: State,
    *,
    belief: Belief | None = None,
    plan: Sequence[Action] = (),
    disturbances: Sequence[tuple[int, Disturbance]] = (),
    disturb: Intruder | None = None,
    choose: SearchPolicy = most_likely,
    planner: TaughtPlanner | None = None,
    home: SymbolicHome | None = None,
) -> tuple[Episode, list[Event]]:
    """Reach a goal in a home that is known in part; returns the episode and all that happened."""
    home = home or SymbolicHome(start)
    known = belief or Belief.of_map(start.world.scene)
    if disturbances:
        disturb = Intruder(home, *disturbances)
    events = list(
        execute_with_search(
            plan, parse_goal(goal), home, known, planner or TaughtPlanner(), disturb=disturb, choose=choose
        )
    )
    last = events[-1]
    assert isinstance(last, Ended)
    return last.episode, events


def after(state: State, *actions: Action) -> State:
    for action in actions:
        state = successor(state, action)
    return state
