"""Why attempts fail: the type of mistake, counted over episodes and shown with examples.

One type is reported per attempt, the first that `goal_failure` and then `plan_failure` find:

    goal misunderstood     the parsed goal differs from the task's
    refused wrongly        the planner refused or asked although the task is feasible
    missing precondition   a subtask was not applicable at its step: a door not opened, the hand not empty
    wrong instance         the plan names a missing object or place, or picks up an object that is not in the goal
    wrong place            the plan ran to its end and used what an unmet condition is about; it is now in another place
                           or state
    stopped early          the plan ran to its end without using what the unmet conditions are about
    too long               the plan was truncated
    physics                the plan is correct, and the robot could not execute it
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import Condition, Every, FixtureIs, Goal, Holding, format_condition
from planner.goals.comparison import meaning
from planner.understanding.claims import NOT_UNDERSTOOD

if TYPE_CHECKING:
    from planner.decoding.plan_writer import Draft
    from planner.io.json_lines import Record
    from planner.plans.planning_result import ParsedInstruction
    from planner.verification.plan_verification import Report

FailureType = Literal[
    "goal misunderstood", "refused wrongly", "missing precondition", "wrong instance", "wrong place", "stopped early",
    "too long", "physics",
]  # fmt: skip
EXAMPLES = 5  # shown for each type


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The first thing that went wrong in an attempt.

    Attributes:
        kind: The failure type; see the module docstring.
        detail: A description in words.
    """

    kind: FailureType
    detail: str

    def as_dict(self) -> Record:
        """Plain data for an episode's record."""
        return asdict(self)


def goal_failure(parsed: ParsedInstruction, goal: Goal) -> Failure | None:
    """Return what is wrong with a parsed goal; None if it means the same as the task's."""
    if parsed.goal is not None and meaning(parsed.goal) == meaning(goal):
        return None
    if parsed.goal is None and not parsed.unparsable and parsed.refusal != NOT_UNDERSTOOD and not parsed.goal_text:
        return Failure(kind="refused wrongly", detail=parsed.question or parsed.refusal)
    return Failure(kind="goal misunderstood", detail=parsed.goal_text or parsed.refusal)


def plan_failure(draft: Draft, report: Report, goal: Goal, initial_state: State) -> Failure | None:
    """Return what is wrong with an unconstrained plan, given its verification report; None if it reaches the goal."""
    if report.ok:
        return None
    if report.step is not None:
        action = draft.actions[report.step - 1]
        unrelated = _unrelated_object([action], goal, initial_state)
        if unrelated:
            return Failure(kind="wrong instance", detail=f"{format_action(initial_state.world, action)}: {unrelated}")
        return Failure(kind="missing precondition", detail=report.reason)
    if draft.parse_error:
        return Failure(kind="wrong instance", detail=draft.parse_error)
    if draft.truncated:
        return Failure(kind="too long", detail=f"cut off after {len(draft.actions)} subtasks")
    unmet = [c for c, met in zip(goal.conditions, report.score.met, strict=True) if not met]
    names = {name for action in draft.actions for name in action.args}
    if any(_touches(c, names, initial_state) for c in unmet):
        return Failure(kind="wrong place", detail=report.reason)
    unrelated = _unrelated_object(draft.actions, goal, initial_state)
    if unrelated:
        return Failure(kind="wrong instance", detail=unrelated)
    return Failure(kind="stopped early", detail=report.reason)


def _names_in(condition: Condition) -> list[str]:
    """Return the names in a condition: a fixture, or an object and the containers that it must be in."""
    if isinstance(condition, FixtureIs):
        return [condition.fixture]
    words = [condition.thing.word]
    place = None if isinstance(condition, Holding) else condition.place
    while place is not None:
        words += [place.thing.word] if place.thing is not None else []
        place = place.inside
    return words


def _touches(condition: Condition, names: set[str], initial_state: State) -> bool:
    world = initial_state.world
    category_word = _names_in(condition)[0]
    if isinstance(condition, FixtureIs):
        categories = set(world.domain.resolve_fixture(category_word, condition.states[0]))
    else:
        categories = set(world.domain.resolve(category_word))
    touched = [world.categories[world.index[name]] in categories for name in names if name in world.index]
    partly_met = isinstance(condition, Every) and condition.place is None  # some of its objects may be untouched
    return any(touched) and not partly_met


def _unrelated_object(actions: Sequence[Action], goal: Goal, initial_state: State) -> str:
    """Return a message naming a picked-up object that is neither part of the goal nor a tool; "" if there is none."""
    world = initial_state.world
    conditions = [c for c in goal.conditions if not isinstance(c, FixtureIs)]
    relevant = {category for c in conditions for word in _names_in(c) for category in world.domain.resolve(word)}
    tools = {k.name for k in world.domain.objects.values() if k.wipes or k.contains is not None or k.cuts}
    for action in actions:
        if action.skill != "pick up" or action.args[0] not in world.index:
            continue
        category = world.categories[world.index[action.args[0]]]
        if category not in relevant | tools:
            return f"{action.args[0]} is nothing that {' ; '.join(map(format_condition, goal.conditions))} is about"
    return ""


def count_failures(episodes: Iterable[Record], physics_records: Iterable[Record] = ()) -> dict[str, Record]:
    """Count the failures of episodes by type, the most frequent first, with a few examples of each.

    Args:
        episodes: Records with `failure` (or None), `id` and `instruction`.
        physics_records: Records of plans that were executed in physics, with `failed` (or "").
    """
    episodes = list(episodes)
    instructions = {str(e["id"]): str(e["instruction"]) for e in episodes}
    failures: list[tuple[str, Record]] = []
    for episode in episodes:
        failure = episode.get("failure")
        if isinstance(failure, dict):
            example: Record = {"id": episode["id"], "instruction": episode["instruction"], "detail": failure["detail"]}
            failures.append((str(failure["kind"]), example))
    for record in physics_records:
        if not record["success"] and "lost" not in record:
            key = str(record["id"])
            failures.append(
                ("physics", {"id": key, "instruction": instructions.get(key, ""), "detail": record["failed"]})
            )
    return {
        failure_type: {
            "count": count,
            "examples": [example for other_type, example in failures if other_type == failure_type][:EXAMPLES],
        }
        for failure_type, count in Counter(failure_type for failure_type, _ in failures).most_common()
    }
