"""One day in a household: the robot knows the map and its learned habits, executes requests, and records what it saw.

The robot reports its parsed goal (as `planner.plan` prints it), and the user repeats a misunderstood instruction in
plain words. It learns from these corrections, from where objects were seen, and from which doors opened.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.visibility import in_sight
from planner.execution.events import Done, Ended
from planner.exploration.belief_planning import understand
from planner.exploration.learned_prior import OPENED, STUCK
from planner.exploration.search_executor import execute_with_search
from planner.goals.comparison import meaning
from planner.household.requests import RequestSampler
from planner.household.simulated_household import StickyHome, morning_state
from planner.plans.options import OWN_PLAN
from planner.world_model.belief import GROUND, HAND, Belief

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import Home
    from planner.api import Planner
    from planner.execution.events import Episode
    from planner.household.simulated_household import Household
    from planner.io.json_lines import Record
    from planner.world_model.location_prior import Habits

TASKS_PER_DAY = 5
NICKNAME_RATE = 0.6  # how often the nickname of an object or place is used
OPTIONS = replace(OWN_PLAN, samples=1)


def simulate_day(household: Household, planner: Planner, habits: Habits, *, day: int, seed: int) -> Record:
    """Simulate one day and return its record.

    Args:
        household: The simulated household.
        planner: The planner, with or without an adapter merged in.
        habits: The location prior for searching.
        day: The day's number, from 1.
        seed: Seed of the household's days.
    """
    rng = random.Random(f"day/{seed}/{day}")
    state = morning_state(household, rng)
    home = StickyHome(state, household.stuck_chance, f"{seed}/{day}")
    belief = replace(Belief.of_map(state.world.scene), habits=habits).observe(state)
    sampler = RequestSampler(rng)
    tasks: list[Record] = []
    openings: list[list[str]] = []
    looked: set[str] = set()
    for _ in range(TASKS_PER_DAY):
        nicknames = {c: w for c, w in household.nicknames.items() if rng.random() < NICKNAME_RATE}
        request = sampler.sample(home.state(), nicknames)
        if request is None:
            continue
        task: Record = {"said": request.instruction, "wanted": request.category}
        parsed = understand(planner, request.instruction, belief, OPTIONS)
        if parsed.goal is None or meaning(parsed.goal) != meaning(request.goal):
            task["plainly"] = request.plain_instruction
            task["misunderstood"] = parsed.goal_text or parsed.refusal or parsed.question
            parsed = understand(planner, request.plain_instruction, belief, OPTIONS)
        understood = parsed.goal is not None and meaning(parsed.goal) == meaning(request.goal)
        task["goal"] = parsed.goal_text if understood else None
        if parsed.goal is not None and understood:
            episode, opened, was_seen = search(parsed.goal, home, belief, planner, request.category)
            assert episode.search is not None
            belief = episode.search.belief
            looked |= belief.looked
            task |= {"opened": opened, "found": was_seen, "success": episode.success, "steps": len(episode.steps)}
            openings += [list(step) for step in _openings(episode)]
        tasks.append(task)
    return {"day": day, "tasks": tasks, "seen": _first_seen_at(belief), "looked": sorted(looked), "tried": openings}


def search(goal: Goal, home: Home, belief: Belief, planner: Planner, category: str) -> tuple[Episode, int, bool]:
    """Reach a goal about an object that may be hidden.

    Returns:
        The episode; the number of doors opened before an object of the category was visible; whether one ever was.
    """
    opened, was_seen = 0, _believes_seen(belief.observe(home.state()), category)
    for event in execute_with_search((), goal, home, belief, planner, options=OPTIONS):
        if isinstance(event, Done) and not was_seen:
            opened += event.step.subtask.startswith("open ") and event.step.status == "done"
            was_seen = _is_visible(home.state(), category)
        if isinstance(event, Ended):
            return event.episode, opened, was_seen
    raise AssertionError("execute_with_search ends with Ended")


def _believes_seen(belief: Belief, category: str) -> bool:
    return any(k.category == category and k.source == "seen" for k in belief.things.values())


def _is_visible(state: State, category: str) -> bool:
    return any(state.world.categories[i] == category for i in in_sight(state).objects)


def _openings(episode: Episode) -> Iterator[tuple[str, str]]:
    """Yield each try to open a fixture with its outcome; failures other than a stuck door are omitted."""
    for step in episode.steps:
        skill, _, fixture = step.subtask.partition(" ")
        if skill == "open" and (step.status == "done" or step.reason.endswith("stuck")):
            yield fixture, OPENED if step.status == "done" else STUCK


def _first_seen_at(belief: Belief) -> dict[str, str]:
    """Return the fixture where each object was first seen on this day; for one in a container, the container's."""
    first_belief = replace(belief, things=belief.first)
    roots = {name: first_belief.root(name) for name, known in belief.first.items() if known.source == "seen"}
    return {name: root for name, root in sorted(roots.items()) if root not in (HAND, GROUND)}


def tasks_of(days: Sequence[Record]) -> list[Record]:
    """Return the tasks of days, in order."""
    return [task for day in days for task in _tasks(day)]


def _tasks(day: Record) -> list[Record]:
    tasks = day["tasks"]
    assert isinstance(tasks, list)
    return tasks
