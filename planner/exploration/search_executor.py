"""Reaching a goal in a home of which the robot knows only what it has seen or been told: look, plan, act, look again.

What the goal needs and is not known is looked for first, with the hand empty, the likeliest place for its time first.
The GPT then plans on what is known; after each subtask the robot sees what there is to see, and plans anew when the
plan would fail or miss the goal from there. Looking has a budget of its own, and each look shows a place that was not
looked at: it ends with the thing, or with every place looked at. The score is the home's, not what the robot believes.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, Action, State
from envs.symbolic.goals import Condition, Goal
from envs.symbolic.scoring import holds
from planner.execution.events import Ended, Looked, Looking, Missed, Replanned, Search
from planner.execution.executor import Execution
from planner.exploration.information_needs import InformationNeed, information_needs, without_doubles
from planner.exploration.search_order import chances, most_likely, options
from planner.goals import grounding
from planner.plans.options import MAX_REPLANS
from planner.world_model.location_prior import patience

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.home_protocol import Home
    from planner.execution.events import Event
    from planner.exploration.search_order import Choose, SearchAction
    from planner.pipeline import PlanningPipeline
    from planner.plans.options import Options
    from planner.world_model.belief import Belief

LOOKS_PER_FIXTURE = 3  # with things moved meanwhile, a place may be looked at again


def execute_with_search(
    actions: Sequence[Action],
    goal: Goal,
    home: Home,
    belief: Belief,
    planner: PlanningPipeline,
    *,
    options: Options | None = None,
    max_replans: int = MAX_REPLANS,
    disturb: Callable[[Sequence[Action]], Disturbance | None] | None = None,
    choose: Choose = most_likely,
) -> Iterator[Event]:
    """Reach a goal in a home that is known in part, and yield each event as it happens; the last is `Ended`.

    Args:
        actions: A plan to begin with, followed as far as what it names is there; none lets the GPT plan.
        goal: What is wanted, and scored.
        home: Either world, at the start of the episode. It is seen only as `envs.symbolic.visibility` says.
        belief: What is known at the start.
        planner: Whose GPT plans.
        options: How it decodes.
        max_replans: How often it may plan anew when a plan broke; looks and the plans after them are not counted.
        disturb: Called before each subtask with the rest of the plan; `DisturbedHome.disturb`.
        choose: Which look comes next.
    """
    seeker = _Seeker(goal, home, belief, disturb)
    seeker.queue.extend(actions)
    yield from seeker.run(planner, options, max_replans, choose)
    yield Ended(episode=replace(seeker.episode(), search=seeker.search()))


class _Seeker(Execution):
    """An execution under way, decided on `belief`. The state is the home's: it is acted in and scored, not known."""

    def __init__(
        self,
        goal: Goal,
        home: Home,
        belief: Belief,
        disturb: Callable[[Sequence[Action]], Disturbance | None] | None,
    ) -> None:
        super().__init__(goal, home, disturb)
        self.belief = belief.observe(self.state)
        self.believed_phase = 0
        self.part = Goal(phases=(self._conditions(),))
        self.looks: list[Looked] = []
        self.missed: list[Missed] = []
        self.blocked: Counter[str] = Counter()
        self.unplanned = ""

    def run(
        self, planner: PlanningPipeline, decoding: Options | None, max_replans: int, choose: Choose
    ) -> Iterator[Event]:
        """Go on until the goal is reached or nothing more can be done."""
        broken = False
        if self.queue:
            yield from self.carry_on(noticing=self.reaches())
            broken = self._failed_last()
        while True:
            self._settle_phase()
            lookable = self._to_look_for()
            if lookable and len(self.looks) < LOOKS_PER_FIXTURE * len(self.belief.scene.fixtures):
                yield from self._look_for(choose(options(lookable, self.belief, self._shut_off)), lookable)
                continue
            hopeless = self._hopeless()
            self.part = Goal(phases=(tuple(c for c in self._conditions() if c not in hopeless),))
            if self._is_reached():
                return
            if broken:
                if self.replans >= max_replans:
                    return
                self.replans += 1
            state, first = self.belief.states()
            plan = planner.plan_for_goal(self.part, state, decoding, start=first, avoid=self.avoided(state))
            if plan.status != "verified":
                self.unplanned = f"no plan reaches {plan.goal_text}: {plan.reason}"
                return
            yield Replanned(plan=plan)
            self.queue = deque(plan.actions)
            yield from self.carry_on(noticing=True)
            rests_on_lost = not all(self._is_known(action) for action in self.queue)  # that is looked for, not planned
            broken = self._failed_last() or not (rests_on_lost or self._is_reached())

    def search(self) -> Search:
        """Return what looking came to, and what was not found."""
        lacking = dict.fromkeys(label for c in self._conditions() for label in self._not_found(c))
        if self.unplanned:
            lacking[self.unplanned] = None
        return Search(looks=tuple(self.looks), missed=tuple(self.missed), shortfall=tuple(lacking), belief=self.belief)

    # -- what is known -------------------------------------------------------------------------------------------------

    def known(self) -> tuple[State, State]:
        return self.belief.states()

    def aim(self) -> tuple[Goal, int]:
        return self.part, 0

    def _look(self, done: Action | None = None) -> Iterator[Event]:
        super()._look()
        before = self.belief
        self.belief = (before.after(done) if done is not None else before).observe(self.state)
        for name, known in before.things.items():
            if name not in self.belief.things:
                self.missed.append(Missed(thing=name, place=known.place, before_step=len(self.steps) + 1))
                yield self.missed[-1]

    def _next(self) -> Action | None:
        """The next subtask; only the walk there, where what it names is not where it is believed to be."""
        if not self._is_known(self.queue[0]):
            return None
        there, named = self.state.world, self.queue[0].args
        for name in named:
            root = self.belief.root(name)
            if name not in there.index or self._true_root(name) != root:
                return Action("go to", (root,)) if root != self.belief.at else None
        return self.queue.popleft()

    def _true_root(self, name: str) -> str:
        root = self.state.root(self.state.world.index[name])
        return self.state.world.names[root] if root >= 0 else self.belief.root(name)  # in the hand, or in sight

    def _is_known(self, action: Action) -> bool:
        return self.belief.states()[0].world.index.keys() >= set(action.args)

    def _is_reached(self) -> bool:
        state, first = self.belief.states()
        return all(holds(state, c, first) for c in self.part.conditions)

    def _failed_last(self) -> bool:
        return bool(self.steps) and self.steps[-1].status != "done"

    # -- what is wanted ------------------------------------------------------------------------------------------------

    @property
    def _shut_off(self) -> frozenset[str]:
        opens = self.belief.habits.opens
        return frozenset(name for name, times in self.blocked.items() if times >= patience(opens(name)))

    def _conditions(self) -> tuple[Condition, ...]:
        return self.goal.phases[self.believed_phase]

    def _wants(self, condition: Condition) -> tuple[InformationNeed, ...]:
        return information_needs(condition, self.belief, avoid=self.avoid)

    def _has_place(self, want: InformationNeed) -> bool:
        return bool(options([want], self.belief, self._shut_off))

    def _to_look_for(self) -> list[InformationNeed]:
        """What can still be looked for: of a condition that lacks something for good, nothing else."""
        hopeless = self._hopeless()
        found = [w for c in self._conditions() if c not in hopeless for w in self._wants(c) if self._has_place(w)]
        return without_doubles(found)

    def _hopeless(self) -> list[Condition]:
        """Conditions that need what was looked for everywhere."""
        return [c for c in self._conditions() if any(not w.every and not self._has_place(w) for w in self._wants(c))]

    def _settle_phase(self) -> None:
        state, first = self.belief.states()
        while self.believed_phase < len(self.goal.phases) - 1:
            if not all(holds(state, c, first) and not self._to_look_for() for c in self._conditions()):
                return
            self.believed_phase += 1

    def _not_found(self, condition: Condition) -> list[str]:
        """Say what a condition lacks for good; of a look at all there are, what had to be left out."""
        ended = [w for w in self._wants(condition) if not self._has_place(w)]
        return [self._report(w) for w in ended if not w.every or w.fixtures or chances(w, self.belief)]

    def _report(self, want: InformationNeed) -> str:
        places = set(chances(want, replace(self.belief, looked=frozenset())))
        left_out = sorted(set(chances(want, self.belief)) | want.fixtures)
        number = len(places - set(left_out))
        if left_out:
            return f"looked in {number} places and could not look in {', '.join(left_out)}; no {want.label} found"
        there = f"there is no {want.label}"
        if want.have:
            there = f"there {'is' if want.have == 1 else 'are'} only {want.have} {want.label}"
        return f"looked in all {number} places; {there}"

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look_for(self, look: SearchAction, wanted: Sequence[InformationNeed]) -> Iterator[Event]:
        labels = tuple(dict.fromkeys(w.label for w in wanted))
        meant = Looking(wanted=labels, place=look.fixture, opens=look.opens, chance=min(1.0, look.chance))
        yield meant
        self.queue.clear()
        before, number = set(self.belief.things), len(self.steps) + 1
        words = {word for want in wanted for word in want.words}

        def found() -> tuple[str, ...]:
            return tuple(n for n, k in self.belief.things.items() if n not in before and k.category in words)

        done, opened = True, False
        if not look.opens or not self.belief.sees(look.fixture):  # there is more to see in another room than one door
            done = yield from self._take(Action("go to", (look.fixture,)))
        if done and look.opens and look.fixture not in self.belief.looked and not found():
            for action in self._to_open(look.fixture):
                done = done and (yield from self._take(action))
            opened = done
        reason = ""
        if not done:
            self.blocked[look.fixture] += 1
            reason = self.steps[-1].reason
        self.looks.append(Looked(look=meant, before_step=number, opened=opened, found=found(), reason=reason))
        yield self.looks[-1]
        if opened and not any(self.belief.root(n) == look.fixture for n in found()):
            kind = self.state.world.fixture_category[self.state.world.index[look.fixture]]
            if kind is not None and kind.close_after:
                yield from self._take(Action("close", (look.fixture,)))

    def _take(self, action: Action) -> Generator[Event, None, bool]:
        """Take a step of a look, whatever else happens in the home; returns whether it was done."""
        yield from self.disturbed((action,))
        yield from self.step(action)
        return self.steps[-1].status == "done"

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
