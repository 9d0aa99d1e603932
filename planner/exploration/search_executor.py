"""Reaches a goal in a home of which the robot knows only what it has seen or been told: look, plan, act, look again.

Unknown objects that the goal needs are searched for first, with an empty hand, in the order of probability over cost.
The GPT then plans on the belief. After each subtask the robot observes what is visible, and replans if the plan would
fail or miss the goal from there. Search actions do not count as replans and have a limit of their own
(`MAX_LOOKS_PER_FIXTURE`). Each shows a new place, so a search ends when the object is found or every place was looked
at. The score uses the true state of the home, not the belief.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import ON, OPEN, Action, State, successor
from envs.symbolic.goals import Condition, FixtureIs, Goal
from envs.symbolic.progress import Progress, begin
from envs.symbolic.scoring import fixtures_of, holds
from planner.execution.events import Ended, Looked, Looking, Missed, Replanned, Search
from planner.execution.executor import Execution
from planner.exploration.information_needs import InformationNeed, deduplicate_needs, information_needs
from planner.exploration.search_limits import SearchLimits, forbidden_names, search_limits
from planner.exploration.search_order import location_probabilities, most_likely, search_actions
from planner.goals import grounding
from planner.language.noun_phrases import plural
from planner.plans.options import MAX_REPLANS, Options
from planner.world_model.location_prior import patience

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.home_protocol import Home
    from planner.execution.clock import Clock
    from planner.execution.events import Event
    from planner.exploration.search_order import SearchAction, SearchPolicy
    from planner.pipeline import PlanningPipeline
    from planner.world_model.belief import Belief

MAX_LOOKS_PER_FIXTURE = 3  # a place may be looked at again after objects were moved


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
    choose: SearchPolicy = most_likely,
    clock: Clock | None = None,
) -> Iterator[Event]:
    """Reach a goal in a partly known home, and yield each event as it happens; the last is `Ended`.

    Args:
        actions: An initial plan, followed as long as its objects are where they are believed to be; if empty, the GPT
            plans.
        goal: The goal, which is scored.
        home: The symbolic or physical home, at the start of the episode. The robot sees of it only what
            `envs.symbolic.visibility` allows.
        belief: The robot's belief at the start.
        planner: The planner whose GPT plans.
        options: Its decoding options.
        max_replans: Maximum number of replans after failures; search actions and the plans after them do not count.
        disturb: Called before each subtask with the rest of the plan; see `DisturbedHome.disturb`.
        choose: Chooses the next search action.
        clock: Tells the time, and waits; None: the home's simulated clock, which jumps.
    """
    execution = SearchExecution(goal, home, belief, disturb, clock)
    execution.queue.extend(actions)
    yield from execution.run(planner, options, max_replans, choose)
    yield from execution.close_opened()
    yield Ended(episode=replace(execution.episode(), search=execution.search()))


class SearchExecution(Execution):
    """An execution that decides on the robot's belief; the inherited `state`, the true one, is used only to score."""

    def __init__(
        self,
        goal: Goal,
        home: Home,
        belief: Belief,
        disturb: Callable[[Sequence[Action]], Disturbance | None] | None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(goal, home, disturb, clock)
        self.belief = belief.observe(self.state)
        self.start_s = self.belief.time_s
        self.believed_phase = 0
        self.planned_goal = Goal(phases=(self._conditions(),), rules=self.goal.rules)
        self.looks: list[Looked] = []
        self.missed: list[Missed] = []
        self.failed_attempts: Counter[str] = Counter()
        self.plan_failure = ""
        self.closes_doors = True

    def run(
        self, planner: PlanningPipeline, decoding_options: Options | None, max_replans: int, choose: SearchPolicy
    ) -> Iterator[Event]:
        """Continue until the goal is reached or nothing more can be done."""
        plan_failed = False
        self.closes_doors = (decoding_options or Options()).close_doors
        if self.queue:
            yield from self.run_until_break(stop_early=self.reaches())
            plan_failed = self._failed_last()
        while True:
            self._advance_phase()
            if self.must_wait() and self.believed_phase >= self.progress.phase:
                self.queue.clear()
                yield from self.close_opened()
                yield from self.wait()
                continue
            if self.believed_phase in self.progress.left_out:
                return
            open_needs = self._open_needs()
            if open_needs and len(self.looks) < MAX_LOOKS_PER_FIXTURE * len(self.belief.scene.fixtures):
                yield from self._look_for(choose(self._search_actions(open_needs)), open_needs)
                continue
            unsatisfiable = self._unsatisfiable()
            self.planned_goal = replace(
                self.planned_goal, phases=(tuple(c for c in self._conditions() if c not in unsatisfiable),)
            )
            if self._is_reached():
                return
            if plan_failed:
                if self.replans >= max_replans:
                    return
                self.replans += 1
            state, initial_state = self.belief.states()
            reached = self.goal.phases[: self.believed_phase]  # what they opened on purpose stays open
            options = decoding_options or Options()
            if len(reached) + 1 < len(self.goal.phases):  # doors are closed once, in the last phase
                options = replace(options, close_doors=False)
            plan = planner.plan_for_goal(
                replace(self.planned_goal, phases=(*reached, *self.planned_goal.phases)), state, options,
                initial_state=self._with_shut_doors(initial_state), phase=len(reached), avoid=self.avoided(state),
                opened=self.fixtures(self.opened),
            )  # fmt: skip
            if plan.status != "verified":
                self.plan_failure = f"no plan reaches {plan.goal_text}: {plan.reason}"
                return
            yield Replanned(plan=plan, after_failure=plan_failed)
            self.queue = deque(plan.actions)
            yield from self.run_until_break(stop_early=True)
            # A lost object is searched for and is not a reason to replan.
            needs_lost_object = not all(self._is_known(action) for action in self.queue)
            plan_failed = self._failed_last() or not (needs_lost_object or self._is_reached())

    def search(self) -> Search:
        """Return the search history, and what was not found."""
        shortfall = dict.fromkeys(label for c in self._conditions() for label in self._unmet_needs(c))
        if self.plan_failure:
            shortfall[self.plan_failure] = None
        return Search(
            looks=tuple(self.looks), missed=tuple(self.missed), shortfall=tuple(shortfall), belief=self.belief
        )

    # -- belief --------------------------------------------------------------------------------------------------------

    def decision_states(self) -> tuple[State, State]:
        """Return the believed current and initial states."""
        return self.belief.states()

    def believed_progress(self) -> Progress:
        """Return the progress toward the part of the goal's current phase that can still be reached."""
        state, initial_state = self.belief.states()
        return begin(self.planned_goal, state, initial_state=initial_state)

    def _with_shut_doors(self, initial_state: State) -> State:
        """Return the believed first state, which has the doors as they are now, with those shut that were opened."""
        opened = self.fixtures(self.opened)
        flags = tuple(bits & ~OPEN if f in opened else bits for f, bits in enumerate(initial_state.flags))
        return initial_state._replace(flags=flags)

    def _observe(self, done: Action | None = None) -> Iterator[Event]:
        super()._observe(done)
        old_belief = self.belief
        now_s = self.start_s + sum(step.duration_s for step in self.steps)
        self.belief = (old_belief.after(done) if done is not None else old_belief).observe(self.state, time_s=now_s)
        for name, item in old_belief.things.items():
            if name not in self.belief.things:
                self.missed.append(Missed(thing=name, place=item.place, before_step=len(self.steps) + 1))
                yield self.missed[-1]

    def _next(self) -> Action | None:
        """Return the next subtask; if one of its objects is not where it is believed to be, only walk there."""
        if not self._is_known(self.queue[0]):
            return None
        true_world, names = self.state.world, self.queue[0].args
        for name in names:
            root = self.belief.root(name)
            if name not in true_world.index or self._true_root(name) != root:
                return Action("go to", (root,)) if root != self.belief.at else None
        return self.queue.popleft()

    def _true_root(self, name: str) -> str:
        root = self.state.root(self.state.world.index[name])
        return self.state.world.names[root] if root >= 0 else self.belief.root(name)  # in the hand or visible

    def _is_known(self, action: Action) -> bool:
        return self.belief.states()[0].world.index.keys() >= set(action.args)

    def _is_reached(self) -> bool:
        state, initial_state = self.belief.states()
        return all(holds(state, c, initial_state) for c in self.planned_goal.conditions)

    def _failed_last(self) -> bool:
        return bool(self.steps) and self.steps[-1].status != "done"

    # -- needs ---------------------------------------------------------------------------------------------------------

    @property
    def _unreachable(self) -> frozenset[str]:
        opens = self.belief.habits.opens
        return frozenset(name for name, times in self.failed_attempts.items() if times >= patience(opens(name)))

    def _conditions(self) -> tuple[Condition, ...]:
        return self.goal.phases[self.believed_phase]

    def _needs_of(self, condition: Condition) -> tuple[InformationNeed, ...]:
        avoid = self.avoid | forbidden_names(self.goal.rules, self.belief)
        return information_needs(condition, self.belief, avoid=avoid)

    @property
    def _limits(self) -> SearchLimits:
        return search_limits(self.goal.rules, self.belief)

    def _search_actions(self, needs: Sequence[InformationNeed]) -> list[SearchAction]:
        blocked, shut = self._unreachable | self._limits.visits.keys(), frozenset(self._limits.doors)
        return search_actions(needs, self.belief, blocked, shut)

    def _has_unsearched_place(self, need: InformationNeed) -> bool:
        return bool(self._search_actions([need]))

    def _open_needs(self) -> list[InformationNeed]:
        """Return what can still be searched for; nothing for conditions that can no longer be met."""
        unsatisfiable = self._unsatisfiable()
        needs = [
            need
            for c in self._conditions()
            if c not in unsatisfiable
            for need in self._needs_of(c)
            if self._has_unsearched_place(need)
        ]
        return deduplicate_needs(needs)

    def _unsatisfiable(self) -> list[Condition]:
        """Return the conditions that need something that was searched for everywhere."""
        return [
            c
            for c in self._conditions()
            if any(not need.every and not self._has_unsearched_place(need) for need in self._needs_of(c))
        ]

    def _advance_phase(self) -> None:
        state, initial_state = self.belief.states()
        while self.believed_phase < len(self.goal.phases) - 1:
            is_reached = all(holds(state, c, initial_state) and not self._open_needs() for c in self._conditions())
            if not is_reached and self.believed_phase not in self.progress.left_out:
                return
            self.believed_phase += 1

    def _unmet_needs(self, condition: Condition) -> list[str]:
        """Describe what a condition needs that was not found; for `every` and `no`, the places not searched."""
        exhausted = [need for need in self._needs_of(condition) if not self._has_unsearched_place(need)]
        texts = []
        for need in exhausted:
            not_searched = set(location_probabilities(need, self.belief)) | need.fixtures
            left_out = sorted(not_searched - (set(self._limits.visits) if need.fixtures else self._limits.places))
            if not need.every or left_out:
                texts.append(self._describe_search(need, not_searched, left_out))
            texts += self._limits.reasons(not_searched)
        return texts

    def _describe_search(self, need: InformationNeed, not_searched: set[str], left_out: Sequence[str]) -> str:
        places = set(location_probabilities(need, replace(self.belief, looked=frozenset())))
        n_searched = len(places - not_searched)
        if left_out:
            return f"looked in {n_searched} places and could not look in {', '.join(left_out)}; no {need.label} found"
        if not_searched:  # the others must not be looked at
            found = f"found only {need.have} {need.label}" if need.have else f"no {need.label} found"
            return f"looked in all other {n_searched} places; {found}"
        result = f"there is no {need.label}"
        if need.have:
            several = f"there are only {need.have} {plural(need.label)}"
            result = f"there is only 1 {need.label}" if need.have == 1 else several
        return f"looked in all {n_searched} places; {result}"

    # -- search actions ------------------------------------------------------------------------------------------------

    def _look_for(self, search_action: SearchAction, needs: Sequence[InformationNeed]) -> Iterator[Event]:
        labels = tuple(dict.fromkeys(need.label for need in needs))
        looking = Looking(
            wanted=labels, place=search_action.fixture, opens=search_action.opens, chance=min(1.0, search_action.chance)
        )
        yield looking
        self.queue.clear()
        known_before, first_step = set(self.belief.things), len(self.steps) + 1
        words = {word for need in needs for word in need.words}

        def newly_found() -> tuple[str, ...]:
            return tuple(
                name for name, item in self.belief.things.items() if name not in known_before and item.category in words
            )

        succeeded, opened = True, False
        # Entering another room shows more than the fixture to be opened.
        if not search_action.opens or not self.belief.sees(search_action.fixture):
            succeeded = yield from self._take(Action("go to", (search_action.fixture,)))
        if succeeded and search_action.opens and search_action.fixture not in self.belief.looked and not newly_found():
            for action in self._to_open(search_action.fixture):
                succeeded = succeeded and (yield from self._take(action))
            opened = succeeded
        reason = ""
        if not succeeded:
            self.failed_attempts[search_action.fixture] += 1
            reason = self.steps[-1].reason
        self.looks.append(
            Looked(look=looking, before_step=first_step, opened=opened, found=newly_found(), reason=reason)
        )
        yield self.looks[-1]
        if opened and not any(self.belief.root(name) == search_action.fixture for name in newly_found()):
            fixture_category = self.state.world.fixture_category[self.state.world.index[search_action.fixture]]
            is_closed = self.closes_doors or (fixture_category is not None and fixture_category.close_after)
            if is_closed and self._may_close(search_action.fixture):
                yield from self._take(Action("close", (search_action.fixture,)))

    def close_opened(self) -> Iterator[Event]:
        """Close what the robot has opened, unless it is wanted open or must or can not be closed."""
        if not self.closes_doors:
            return
        for name in sorted(self.opened):
            if self._may_close(name):
                yield from self._take(Action("close", (name,)))

    def _may_close(self, name: str) -> bool:
        """Whether an open fixture can be closed, rules allow it, and no condition that holds is undone by it."""
        closing, (state, initial_state) = Action("close", (name,)), self.belief.states()
        conditions = [c for phase in self.goal.phases[: self.believed_phase + 1] for c in phase]
        is_wanted_open = any(
            isinstance(c, FixtureIs) and c.quantifier == "every" and "open" in c.states
            and state.world.index[name] in fixtures_of(state, c)
            for c in conditions
        )  # fmt: skip
        if is_wanted_open or not self.may_do(closing):
            return False
        after = successor(state, closing)
        return all(holds(after, c, initial_state) for c in conditions if holds(state, c, initial_state))

    def _take(self, action: Action) -> Generator[Event, None, bool]:
        """Execute one step of a search action, after a possible disturbance; return whether it succeeded."""
        yield from self.disturbed((action,))
        yield from self.step(action)
        return self.steps[-1].status == "done"

    def _to_open(self, fixture: str) -> list[Action]:
        """Return the subtasks that open a fixture: empty the hand and turn the fixture off first, if necessary."""
        state, _ = self.belief.states()
        actions = []
        if state.held >= 0:
            near = state.at if state.at >= 0 else None
            held, names = state.world.names[state.held], state.world.names
            allowed = {f for f in range(state.world.n_fixtures) if self.may_do(Action("put", (held, names[f])))}
            surface = grounding.open_surface(
                state, state.held, near=near if near in allowed else None,
                avoid=frozenset(range(state.world.n_fixtures)) - allowed,
            )  # fmt: skip
            if surface in allowed:
                actions.append(Action("put", (state.world.names[state.held], state.world.names[surface])))
        if state.flags[state.world.index[fixture]] & ON:
            actions.append(Action("turn off", (fixture,)))
        return [*actions, Action("open", (fixture,))]
