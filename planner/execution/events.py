"""The events of an execution, and its outcome: values only.

`planner.execution.executor.run` yields the events, one at a time, while the plan is executed:

    for event in planner.run(plan, home):
        match event:
            case Begun(): print(event.subtask)
            case Done(): print(event.step.status, event.step.reason)
            case Replanned(): print(event.plan)
            case Disturbed(): print(event.what)
            case Waiting(): print(event.until, event.goal)  # only if the goal has times
            case Looking() | Looked() | Missed(): ...  # only in a partly known home
            case Ended(): print(event.episode.success)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from envs.symbolic.goals import NO_GUARD, Goal, format_goal, format_time

if TYPE_CHECKING:
    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.progress import Progress
    from planner.plans.planning_result import Plan
    from planner.world_model.belief import Belief


@dataclass(frozen=True, kw_only=True)
class Step:
    """One executed subtask.

    Attributes:
        collisions: Samples in which the robot pressed against something it did not mean to touch; 0 in the symbolic
            home.
        energy_j: Energy spent by the robot's motors [J]; None if the home does not measure it.
        blocked_by: The open fixture that blocks the subtask and must be closed first; empty if none.
    """

    subtask: str
    status: str
    reason: str
    duration_s: float
    collisions: int = 0
    energy_j: float | None = None
    blocked_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """A disturbance, and the number of the subtask before which it happened."""

    before_step: int
    what: str


@dataclass(frozen=True, kw_only=True)
class BrokenRule:
    """A rule that was broken, and the number of the subtask that did it; 0: the home was so at the start."""

    rule: str
    step: int

    def __str__(self) -> str:
        """Return it in words: "broken: never open oven (step 1)"."""
        return f"broken: {self.rule} ({f'step {self.step}' if self.step else 'at the start'})"


@dataclass(frozen=True, kw_only=True)
class Looking:
    """The robot begins a search action.

    Attributes:
        wanted: What it searches for.
        place: The fixture that it goes to.
        opens: Whether it will open the fixture; otherwise it looks around the room.
        chance: Believed probability that it sees something wanted, in [0, 1].
    """

    wanted: tuple[str, ...]
    place: str
    opens: bool
    chance: float


@dataclass(frozen=True, kw_only=True)
class Looked:
    """The outcome of a search action.

    Attributes:
        look: The search action.
        before_step: The number of its first subtask.
        opened: Whether the fixture was opened; the wanted object may have been visible in the room already.
        found: Names of newly seen objects of a wanted category.
        reason: Why the search action failed; empty if it succeeded.
    """

    look: Looking
    before_step: int
    opened: bool
    found: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """An object is not where the robot believed it to be; noticed before a subtask."""

    thing: str
    place: str
    before_step: int


@dataclass(frozen=True, kw_only=True)
class Search:
    """The search history of an execution in a partly known home.

    Attributes:
        looks: The search actions, in order.
        missed: Objects that were no longer where the robot believed them to be.
        shortfall: Texts about what was not found, where it was searched for, and what no plan reaches; may be empty.
        belief: The robot's belief at the end.
    """

    looks: tuple[Looked, ...]
    missed: tuple[Missed, ...]
    shortfall: tuple[str, ...]
    belief: Belief = field(repr=False)

    @property
    def opened(self) -> int:
        """Number of fixtures opened to look inside."""
        return sum(look.opened for look in self.looks)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs, without the belief, which the memory file stores."""
        return {
            "looks": [asdict(look) for look in self.looks],
            "missed": [asdict(missed) for missed in self.missed],
            "opened": self.opened,
            "shortfall": list(self.shortfall),
        }


@dataclass(frozen=True, kw_only=True)
class Episode:
    """The outcome of an execution.

    Attributes:
        success: Whether all conditions of the goal hold at the end, and no rule was broken.
        rate: The goal-condition rate, in [0, 1].
        met: Whether each condition holds.
        steps: The executed subtasks, including failures.
        replans: Number of times the GPT replanned.
        simulated_s: Simulated time of the subtasks [s].
        real_s: Wall-clock time of the execution [s].
        disturbances: Changes that the robot did not make.
        search: The search history; None if the home was fully known.
        waited_s: Time that was waited [s], beside `simulated_s`.
        shortfall: Why no plan was found for what was left to be done, or which rules were broken; empty if neither.
        broken: The rules that were broken, in order.
    """

    success: bool
    rate: float
    met: tuple[bool, ...]
    steps: tuple[Step, ...]
    replans: int
    simulated_s: float
    real_s: float
    disturbances: tuple[Interruption, ...] = ()
    search: Search | None = None
    waited_s: float = 0.0
    shortfall: str = ""
    broken: tuple[BrokenRule, ...] = ()

    @property
    def failures(self) -> dict[str, int]:
        """The number of failed subtasks by reason, the most frequent first."""
        return dict(Counter(step.reason for step in self.steps if step.status != "done").most_common())

    @property
    def collisions(self) -> int:
        """Samples in which the robot pressed against something it did not mean to touch."""
        return sum(step.collisions for step in self.steps)

    @property
    def energy_j(self) -> float | None:
        """Energy spent by the robot's motors [J]; None if the home does not measure it."""
        energies = [step.energy_j for step in self.steps if step.energy_j is not None]
        return sum(energies) if energies else None


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A subtask begins.

    Attributes:
        number: Its number in the execution, counted from 1.
        of: Number of subtasks of the execution, if the current plan is completed.
    """

    number: int
    of: int
    subtask: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """A subtask has ended, successfully or not."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """The rest of the plan was replaced.

    Attributes:
        plan: The new one.
        after_failure: Whether the plan before no longer worked; otherwise a time has come, or something was found.
    """

    plan: Plan
    after_failure: bool = True


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """Something other than the robot has changed the home."""

    what: Disturbance


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The robot waits for the time of the goal's next phase; what is requested next comes after the wait.

    Attributes:
        until: When it goes on, in words: `07:00`, or `07:00 on day 2`.
        until_s: The same in seconds since midnight of the first day [s].
        seconds: How long it waits [s].
        goal: What is done then, in the goal language.
    """

    until: str
    until_s: float
    seconds: float
    goal: str

    @classmethod
    def of(cls, progress: Progress, now_s: float) -> Waiting:
        """Return the wait for the phase that comes next, from a time on [s]."""
        assert progress.due_s is not None
        guard = replace(progress.goal.guard(progress.phase), when=None)
        coming = Goal(phases=(progress.goal.phases[progress.phase],), guards=() if guard == NO_GUARD else (guard,))
        return cls(
            until=format_time(progress.due_s),
            until_s=progress.due_s,
            seconds=max(0.0, progress.due_s - now_s),
            goal=format_goal(coming),
        )


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The execution is over; always the last event."""

    episode: Episode


Event: TypeAlias = Begun | Done | Replanned | Disturbed | Waiting | Looking | Looked | Missed | Ended
