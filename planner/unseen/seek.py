"""Reaching a goal in a home of which the robot knows only what it has seen or been told: look, plan, act, look again.

What the goal needs and is not known is looked for first, with the hand empty, the likeliest place for its time first.
The GPT then plans on what is known; after each subtask the robot sees what there is to see, and plans anew when the
plan would fail or miss the goal from there. Looking has a budget of its own, and each look shows a place that was not
looked at: it ends with the thing, or with every place looked at. The score is the home's, not what the robot believes.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envs.goals import Condition, Goal
from envs.scoring import advance, holds, score
from envs.state import ON, Action, State, effect, format_action, unmet
from planner import grounding
from planner.execute import Episode, Interruption, Step, Watch
from planner.looks import Look, chances, likeliest, options
from planner.stage import MAX_REPLANS
from planner.wanted import Want, wants, without_doubles

if TYPE_CHECKING:
    from envs.disturb import Disturbance
    from planner.answer import Options
    from planner.belief import Belief
    from planner.decode import Planner
    from planner.execute import Home
    from planner.looks import Choose

LOOKS_PER_FIXTURE = 3  # with things moved meanwhile, a place may be looked at again
TRIES = 2  # of a look that fails, before its place is given up

Disturb = Callable[[Sequence[Action]], "Disturbance | None"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """What the robot learnt, and before which subtask.

    Attributes:
        kind: It opened a fixture, looked round a room, found a thing it wanted, saw that a thing is not where it was,
            or could not look somewhere.
        what: The fixture or the thing.
        wanted: What was looked for.
        chance: That the look would show some of it, as believed before; more than 1 where several things may be there.
    """

    before_step: int
    kind: Literal["opened", "looked round", "found", "gone", "blocked"]
    what: str
    wanted: tuple[str, ...] = ()
    chance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sought(Episode):
    """What an execution came to in which the robot had to look for things.

    Attributes:
        events: What it learnt, in order.
        opened: How many times it opened a fixture to look for something.
        looks: Looks of either kind.
        shortfall: What was not found and where it was looked for, and what no plan reaches; empty if nothing.
        belief: What the robot knows at the end.
    """

    events: tuple[Event, ...]
    opened: int
    looks: int
    shortfall: tuple[str, ...]
    belief: Belief


def seek(
    goal: Goal,
    home: Home,
    belief: Belief,
    planner: Planner,
    *,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Disturb | None = None,
    watch: Watch | None = None,
    choose: Choose = likeliest,
) -> Sought:
    """Reach a goal in a home that is known in part.

    Args:
        goal: What is wanted, and scored.
        home: Either world, at the start of the episode. It is seen only as `envs.sight` says.
        belief: What is known at the start.
        planner: Whose GPT plans.
        options: How it decodes.
        max_replans: How often it may plan anew when a plan broke; looks and the plans after them are not counted.
        disturb: Called before each subtask; `DisturbedHome.disturb`.
        watch: Whom to tell.
        choose: Which look comes next.
    """
    began = time.perf_counter()
    run = _Seeker(goal, home, belief, watch or Watch(), disturb)
    shortfall = run.run(planner, options, max_replans, choose)
    reached = score(goal, run.true_phase, run.truth, run.true_first)
    return Sought(
        success=reached.success,
        rate=reached.rate,
        met=reached.met,
        steps=tuple(run.steps),
        replans=run.replans,
        simulated_s=sum(s.duration_s for s in run.steps),
        real_s=time.perf_counter() - began,
        disturbances=tuple(run.disturbances),
        events=tuple(run.events),
        opened=sum(e.kind == "opened" for e in run.events),
        looks=run.looks,
        shortfall=shortfall,
        belief=run.belief,
    )


class _Seeker:
    """An execution under way. `truth` is the home's; all decisions are made from `belief`."""

    def __init__(self, goal: Goal, home: Home, belief: Belief, watch: Watch, disturb: Disturb | None) -> None:
        self.goal, self.home, self.watch, self.disturb = goal, home, watch, disturb
        self.truth = self.true_first = home.state()
        self.true_phase = advance(goal, 0, self.truth, self.true_first)
        self.belief = belief.observe(self.truth)
        self.phase = self.replans = self.looks = 0
        self.steps: list[Step] = []
        self.events: list[Event] = []
        self.disturbances: list[Interruption] = []
        self.failed: Counter[Action] = Counter()
        self.avoid: frozenset[str] = frozenset()
        self.blocked: Counter[str] = Counter()

    def run(self, planner: Planner, decoding: Options | None, max_replans: int, choose: Choose) -> tuple[str, ...]:
        """Go on until the goal is reached or nothing more can be done; returns why it was not, as far as it is known."""
        broken, unplanned = False, ""
        while True:
            self._settle_phase()
            lookable = self._to_look_for()
            if lookable and self.looks < LOOKS_PER_FIXTURE * len(self.belief.scene.fixtures):
                self._look(choose(options(lookable, self.belief, self._shut_off)), lookable)
                continue
            hopeless = self._hopeless()
            left = tuple(c for c in self._conditions() if c not in hopeless)
            state, first = self.belief.states()
            if all(holds(state, c, first) for c in left):
                break
            if broken:
                if self.replans >= max_replans:
                    break
                self.replans += 1
            part = Goal(phases=(left,))
            avoid = frozenset(state.world.index[name] for name in self.avoid if name in state.world.index)
            plan = planner.reach(part, state, decoding, start=first, avoid=avoid)
            if plan.status != "verified":
                unplanned = f"no plan reaches {plan.goal_text}: {plan.reason}"
                break
            self.watch.on_replan(plan)
            ended = self._carry_out(plan.actions, part)
            state, first = self.belief.states()
            broken = ended != "sight" and not all(holds(state, c, first) for c in left)
        lacking = dict.fromkeys(label for c in self._conditions() for label in self._not_found(c))
        return (*lacking, unplanned) if unplanned else tuple(lacking)

    # -- what is wanted ------------------------------------------------------------------------------------------------

    @property
    def _shut_off(self) -> frozenset[str]:
        return frozenset(name for name, times in self.blocked.items() if times >= TRIES)

    def _conditions(self) -> tuple[Condition, ...]:
        return self.goal.phases[self.phase]

    def _wants(self, condition: Condition) -> tuple[Want, ...]:
        return wants(condition, self.belief, avoid=self.avoid)

    def _has_place(self, want: Want) -> bool:
        return bool(options([want], self.belief, self._shut_off))

    def _to_look_for(self) -> list[Want]:
        """What can still be looked for: of a condition that lacks something for good, nothing else."""
        hopeless = self._hopeless()
        found = [w for c in self._conditions() if c not in hopeless for w in self._wants(c) if self._has_place(w)]
        return without_doubles(found)

    def _hopeless(self) -> list[Condition]:
        """Conditions that need what was looked for everywhere."""
        return [c for c in self._conditions() if any(not w.every and not self._has_place(w) for w in self._wants(c))]

    def _not_found(self, condition: Condition) -> list[str]:
        """Say what a condition lacks for good; of a look at all there are, what had to be left out."""
        ended = [w for w in self._wants(condition) if not self._has_place(w)]
        return [self._report(w) for w in ended if not w.every or w.fixtures or chances(w, self.belief)]

    def _report(self, want: Want) -> str:
        places = set(chances(want, replace(self.belief, looked=frozenset())))
        left_out = sorted(set(chances(want, self.belief)) | want.fixtures)
        number = len(places - set(left_out))
        if left_out:
            return f"looked in {number} places and could not look in {', '.join(left_out)}; no {want.label} found"
        there = f"there is no {want.label}"
        if want.have:
            there = f"there {'is' if want.have == 1 else 'are'} only {want.have} {want.label}"
        return f"looked in all {number} places; {there}"

    def _settle_phase(self) -> None:
        state, first = self.belief.states()
        while self.phase < len(self.goal.phases) - 1:
            if not all(holds(state, c, first) and not self._to_look_for() for c in self._conditions()):
                return
            self.phase += 1

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look(self, look: Look, wanted: Sequence[Want]) -> None:
        self.looks += 1
        labels = tuple(dict.fromkeys(w.label for w in wanted))
        self.watch.on_look(f"look for {', '.join(labels)}: {look.fixture} ({min(1.0, look.chance):.0%})")
        before, number = set(self.belief.things), len(self.steps) + 1
        words = {word for want in wanted for word in want.words}

        def found() -> list[str]:
            return [n for n, k in self.belief.things.items() if n not in before and k.category in words]

        done, opened = True, False
        if not look.opens or not self.belief.sees(look.fixture):  # there is more to see in another room than one door
            done = self._try(Action("go to", (look.fixture,)))
        if done and look.opens and look.fixture not in self.belief.looked and not found():
            done = opened = all(self._try(action) for action in self._to_open(look.fixture))
        if not done:
            self.blocked[look.fixture] += 1
            self._note("blocked", look.fixture, labels, before=number)
            return
        self._note("opened" if opened else "looked round", look.fixture, labels, look.chance, number)
        for name in found():
            self._note("found", name, labels)
        if opened and not any(self.belief.root(n) == look.fixture for n in found()):
            kind = self.truth.world.fixture[self.truth.world.index[look.fixture]]
            if kind is not None and kind.close_after:
                self._try(Action("close", (look.fixture,)))

    def _try(self, action: Action) -> bool:
        """Take a step of a look, whatever else happens in the home."""
        self._disturbed((action,))
        return self._step(action, ()).status == "done"

    def _to_open(self, fixture: str) -> list[Action]:
        """The subtasks that open a fixture, with the hand emptied first if it has to be."""
        state, _ = self.belief.states()
        actions = []
        if state.held >= 0:
            top = grounding.worktop(state, state.held, near=state.at if state.at >= 0 else None)
            if top is not None:
                actions.append(Action("put", (state.world.names[state.held], state.world.names[top])))
        if state.flags[state.world.index[fixture]] & ON:
            actions.append(Action("turn off", (fixture,)))
        return [*actions, Action("open", (fixture,))]

    def _note(
        self,
        kind: Literal["opened", "looked round", "found", "gone", "blocked"],
        what: str,
        wanted: tuple[str, ...] = (),
        chance: float | None = None,
        before: int | None = None,
    ) -> None:
        number = len(self.steps) + 1 if before is None else before
        self.events.append(Event(before_step=number, kind=kind, what=what, wanted=wanted, chance=chance))

    # -- acting --------------------------------------------------------------------------------------------------------

    def _carry_out(self, actions: Sequence[Action], goal: Goal) -> Literal["ended", "failed", "surprised", "sight"]:
        """Carry a plan out until it ends or breaks; `sight`: what it rests on is not there, and is looked for."""
        queue = deque(actions)
        while queue:
            expected, _ = self.belief.states()
            check = self._unchecked(queue[0])
            self._disturbed(tuple(queue))
            if check is not None:
                self._step(check, queue)
                self._disturbed(tuple(queue))
            if (why := self._spoilt(expected, queue, goal)) is not None:
                return why
            action = queue.popleft()
            state, _ = self.belief.states()
            expected = state if unmet(state, action) else effect(state, action)
            step = self._step(action, queue)
            if step.status != "done":
                self._remember_failure(action, step.reason)
                return "failed"
            if (why := self._spoilt(expected, queue, goal)) is not None:
                return why
        return "ended"

    def _unchecked(self, action: Action) -> Action | None:
        """A walk to a thing that is only remembered or told of, before it is used."""
        for name in action.args:
            known = self.belief.things.get(name)
            root = self.belief.root(name)
            if known is not None and known.source != "seen" and root not in self.belief.looked:
                return Action("go to", (root,))
        return None

    def _spoilt(
        self, expected: State, queue: Sequence[Action], goal: Goal
    ) -> Literal["surprised", "sight"] | None:
        """Say if what is seen now spoils the rest of the plan."""
        state, first = self.belief.states()
        if state.world.names == expected.world.names and state[1:] == expected[1:]:
            return None
        phase = 0
        for action in queue:
            if any(name not in state.world.index for name in action.args):
                return "sight"
            if unmet(state, action) is not None:
                return "surprised"
            state = effect(state, action)
            phase = advance(goal, phase, state, first)
        return None if score(goal, phase, state, first).success else "surprised"

    def _step(self, action: Action, ahead: Sequence[Action]) -> Step:
        subtask = format_action(self.truth.world, action)
        self.watch.on_step(len(self.steps) + 1, len(self.steps) + 1 + len(ahead), subtask)
        outcome = self.home.execute(action)
        step = Step(
            subtask=subtask, status=outcome.status, reason=outcome.reason, duration_s=outcome.duration_s,
            collisions=getattr(outcome, "collisions", 0), energy_j=getattr(outcome, "energy_j", None),
        )  # fmt: skip
        self.steps.append(step)
        self._observe()
        self.watch.on_outcome(step)
        return step

    def _disturbed(self, ahead: Sequence[Action]) -> None:
        """Let something else happen in the home before a subtask, as it may before each."""
        if self.disturb is None:
            return
        there = self.truth.world.index  # what was told of may not be there
        what = self.disturb([a for a in ahead if all(name in there for name in a.args)])
        if what is not None:
            self.disturbances.append(Interruption(before_step=len(self.steps) + 1, what=str(what)))
            self.watch.on_disturb(what)
            self._observe()

    def _observe(self) -> None:
        self.truth = self.home.state()
        self.true_phase = advance(self.goal, self.true_phase, self.truth, self.true_first)
        before = self.belief.things
        self.belief = self.belief.observe(self.truth)
        for name in before:
            if name not in self.belief.things:
                self._note("gone", name)

    def _remember_failure(self, action: Action, reason: str) -> None:
        self.failed[action] += 1
        if len(action.args) == 2 and (reason.startswith("no room") or self.failed[action] > 1):
            self.avoid |= {action.args[1]}
        elif self.failed[action] > 1:
            self.avoid |= {action.args[0]}
