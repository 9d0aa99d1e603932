"""What an execution comes to, and what happens on the way: values only.

`planner.execution.executor.run` yields the events, one at a time, while the plan is carried out:

    for event in planner.run(plan, home):
        match event:
            case Begun(): print(event.subtask)
            case Done(): print(event.step.status, event.step.reason)
            case Replanned(): print(event.plan)
            case Disturbed(): print(event.what)
            case Looking() | Looked() | Missed(): ...  # only where not all of the home is known
            case Ended(): print(event.episode.success)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from envs.symbolic.disturbances import Disturbance
    from planner.plans.planning_result import Plan
    from planner.world_model.belief import Belief


@dataclass(frozen=True, kw_only=True)
class Step:
    """One executed subtask.

    Attributes:
        collisions: Samples in which the robot pressed against what it did not mean to touch; 0 in the symbolic world.
        energy_j: What the robot's motors spent [J], where the home measures it.
        blocked_by: The fixture that must be closed before it can be done; empty if none is in the way.
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
class Looking:
    """The robot begins to look for something.

    Attributes:
        wanted: What it looks for.
        place: The fixture that it goes to.
        opens: Whether it means to open it; else it looks round the room.
        chance: Of something wanted being seen, as believed, in [0, 1].
    """

    wanted: tuple[str, ...]
    place: str
    opens: bool
    chance: float


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a look has come to.

    Attributes:
        look: What was meant.
        before_step: The number of the first subtask that it took.
        opened: Whether the fixture was opened: what was wanted may lie openly in its room.
        found: Names of things that may be what was wanted.
        reason: Why it could not be looked; empty if it could.
    """

    look: Looking
    before_step: int
    opened: bool
    found: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """A thing is not where the robot believed it to be, as it saw before a subtask."""

    thing: str
    place: str
    before_step: int


@dataclass(frozen=True, kw_only=True)
class Search:
    """What the robot saw of a home that it knows in part.

    Attributes:
        looks: Where it looked, in order.
        missed: What was no longer where it believed it to be.
        shortfall: What was not found and where it was looked for, and what no plan reaches; empty if nothing.
        belief: What it knows at the end.
    """

    looks: tuple[Looked, ...]
    missed: tuple[Missed, ...]
    shortfall: tuple[str, ...]
    belief: Belief = field(repr=False)

    @property
    def opened(self) -> int:
        """How many times it opened something to look into it."""
        return sum(look.opened for look in self.looks)

    def as_dict(self) -> dict[str, object]:
        """Plain data for programs; what is known is for the memory file."""
        return {
            "looks": [asdict(look) for look in self.looks],
            "missed": [asdict(missed) for missed in self.missed],
            "opened": self.opened,
            "shortfall": list(self.shortfall),
        }


@dataclass(frozen=True, kw_only=True)
class Episode:
    """What an execution came to.

    Attributes:
        success: All conditions of the goal hold at the end.
        rate: The goal-condition rate, in [0, 1].
        met: Whether each condition holds.
        steps: What was executed, failures included.
        replans: How often the GPT planned anew.
        simulated_s: Simulated time [s].
        real_s: Time that the execution took [s].
        disturbances: What else happened in the home.
        search: What the robot looked for; None where all of the home was known.
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

    @property
    def failures(self) -> dict[str, int]:
        """How many subtasks failed for each reason, the most frequent first."""
        return dict(Counter(step.reason for step in self.steps if step.status != "done").most_common())

    @property
    def collisions(self) -> int:
        """Samples in which the robot pressed against what it did not mean to touch."""
        return sum(step.collisions for step in self.steps)

    @property
    def energy_j(self) -> float | None:
        """What the robot's motors spent [J]; None where the home does not measure it."""
        spent = [step.energy_j for step in self.steps if step.energy_j is not None]
        return sum(spent) if spent else None


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A subtask begins: the `number`th of the `of` that there are by the present plan, counted from 1."""

    number: int
    of: int
    subtask: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """A subtask has ended, well or not."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """The rest of the plan is another now."""

    plan: Plan


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """Something else than the robot has changed the home."""

    what: Disturbance


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The execution is over; always the last event."""

    episode: Episode


Event: TypeAlias = Begun | Done | Replanned | Disturbed | Looking | Looked | Missed | Ended
