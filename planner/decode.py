"""From an instruction to a plan: the GPT writes the goal, facts are fetched, the GPT writes the plan.

The goal is written after inventory and instruction; the plan after goal and facts alone, which is shorter and serves
a first plan, a further chunk and a re-plan alike.

Only applicable subtasks can be decoded; a long goal is planned in chunks of a few unmet conditions, the state re-read
between them; no chunk ends before its conditions hold. The plan is replayed symbolically; if it does not reach the
goal that the GPT itself wrote, more are sampled. No search is involved.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from envs.errors import ActionError
from envs.goals import Condition, Goal, format_goal
from envs.scoring import holds
from envs.state import Action, State, applicable, effect, format_action, parse_action
from gpt.checkpoint import load_model
from gpt.model import GPT
from gpt.tokenizer import Tokenizer
from planner import text
from planner.answer import Options, Plan, Status, Understanding
from planner.constrain import Cursor, Ids, choose_sequence, write_until
from planner.errors import ReleaseError
from planner.facts import chunk, fetch, is_limited, work
from planner.feasible import is_feasible
from planner.paths import released_dir
from planner.prompts import Prompts
from planner.understand import Reader
from planner.verify import Report, verify

MAX_CHUNKS = 24
STEPS_PER_THING = 9  # of a chunk's plan: more than the longest way to change and bring one thing


@dataclass(kw_only=True)
class _Draft:
    actions: list[Action] = field(default_factory=list)
    tokens: int = 0
    logprob: float = 0.0


class Planner:
    """A GPT, its tokenizer, and the home that its prompts are encoded for."""

    def __init__(self, model: GPT, tokenizer: Tokenizer) -> None:
        """Wrap a model that is in evaluation mode."""
        self.model = model
        self.tokenizer = tokenizer
        self.prompts = Prompts(model, tokenizer)
        self.reader = Reader(self.prompts)

    @classmethod
    def load(cls, folder: str | Path | None = None) -> Planner:
        """Load a model folder, by default the released weights.

        Raises:
            CheckpointError: The folder is not a model of this project.
            ReleaseError: No folder is given, and no weights came with the installation.
        """
        try:
            folder = folder or released_dir()
        except FileNotFoundError as error:
            raise ReleaseError(f"{error}; train one (python -m planner.train) and name it with --model") from None
        model, tokenizer, _ = load_model(folder, "cpu")
        return cls(model, tokenizer)

    def understand(self, instruction: str, state: State, options: Options | None = None) -> Understanding:
        """Let the GPT write the goal of an instruction."""
        return self.reader.understand(instruction, state, options)

    def plan(self, instruction: str, state: State, options: Options | None = None) -> Plan:
        """Answer an instruction in a home."""
        options = options or Options()
        began = time.perf_counter()
        with torch.inference_mode():
            found = self.understand(instruction, state, options)
            if found.goal is None:
                status: Status = "ask" if found.question else "refused"
                reason = found.question or found.refusal
                return Plan(
                    instruction=found.instruction, status=status, reason=reason, goal=None, goal_text=found.goal_text,
                    actions=(), subtasks=(), report=None, tried=0, tokens=found.tokens,
                    seconds=time.perf_counter() - began, logprob=found.logprob,
                )  # fmt: skip
            if not is_feasible(found.goal, state):
                options = replace(options, samples=0)  # one try: more would not find what is not there
            plan = self.reach(found.goal, state, options, instruction=found.instruction)
        seconds = time.perf_counter() - began
        return replace(plan, seconds=seconds, tokens=plan.tokens + found.tokens, logprob=found.logprob)

    def reach(
        self,
        goal: Goal,
        state: State,
        options: Options | None = None,
        *,
        instruction: str = "",
        start: State | None = None,
        phase: int = 0,
        avoid: frozenset[int] = frozenset(),
    ) -> Plan:
        """Plan for a goal from a state.

        Args:
            goal: What is to hold.
            state: Where the plan begins.
            options: How to decode.
            instruction: Shown with the plan.
            start: The episode's first state (`every` chooses there), if it began earlier than `state`.
            phase: The phase of the goal that the episode has reached.
            avoid: Things not to use, because they failed.
        """
        options = options or Options()
        began = time.perf_counter()
        best: tuple[Report, _Draft] | None = None
        first = start or state
        left = Goal(phases=goal.phases[phase:])
        tokens = tried = 0
        for attempt in range(1 + options.samples):
            tried += 1
            with torch.inference_mode():
                draft = self._draft(left, state, first, options, attempt, avoid)
            tokens += draft.tokens
            report = verify(state, left, draft.actions, began=first)
            key = (report.ok, report.score.rate, -len(draft.actions))
            if best is None or key > (best[0].ok, best[0].score.rate, -len(best[1].actions)):
                best = (report, draft)
            if report.ok or not options.constrained:
                break
        assert best is not None
        report, draft = best
        return Plan(
            instruction=instruction,
            status="verified" if report.ok else "unverified",
            reason=report.reason,
            goal=goal,
            goal_text=format_goal(goal),
            actions=tuple(draft.actions),
            subtasks=tuple(format_action(state.world, a) for a in draft.actions),
            report=report,
            tried=tried,
            tokens=tokens,
            seconds=time.perf_counter() - began,
        )

    def _draft(
        self,
        goal: Goal,
        state: State,
        first: State,
        options: Options,
        attempt: int,
        avoid: frozenset[int],
    ) -> _Draft:
        draft = _Draft()
        for conditions in goal.phases:
            for _ in range(MAX_CHUNKS):
                unmet = tuple(c for c in conditions if not holds(state, c, first))
                todo = chunk(state, conditions, first, options.conditions) if options.chunks else unmet
                if not todo:
                    break
                said = fetch(state, todo, first, avoid=avoid, phase=conditions)
                facts = text.encode(text.facts_part(said.texts), self.tokenizer)[0][1:]
                session, rest = self.prompts.heading("", "")
                words = self.prompts.encode(format_goal(Goal(phases=(todo,))))
                pending = [*rest, *words, self.prompts.marks["[SEP]"], *facts, self.prompts.marks["[SEP]"]]
                cursor = self.prompts.cursor(session, pending, options, attempt)
                before = len(draft.actions)
                if cursor.room < 8:
                    return draft
                state = self._write(cursor, state, todo, said.names, first, options, draft)
                draft.tokens += cursor.written
                draft.logprob += cursor.logprob
                stuck = not is_limited(state, todo, first) and not all(holds(state, c, first) for c in todo)
                if len(draft.actions) == before or stuck or not options.chunks:
                    return draft
        return draft

    def _write(
        self,
        cursor: Cursor,
        state: State,
        todo: Sequence[Condition],
        names: frozenset[str],
        first: State,
        options: Options,
        draft: _Draft,
    ) -> State:
        """Write one chunk's plan; returns the state that it reaches."""
        if not options.constrained:
            return self._write_freely(cursor, state, draft)
        partial = is_limited(state, todo, first)
        seen = {_key(state)}
        sep, eos, hint = self.prompts.marks["[SEP]"], self.prompts.marks["[EOS]"], self.prompts.marks["[HINT]"]
        for _ in range(STEPS_PER_THING * (1 + work(state, todo, first))):
            actions = []
            options_ids: list[Ids] = []
            afters: list[State] = []
            for action, after in self._open_to(state, names, seen):
                ids = self.prompts.encode(format_action(state.world, action))
                if (fact := text.hint_of(state, action)) is not None:
                    ids = (*ids, hint, *self.prompts.encode(fact))
                actions.append(action)
                options_ids.append(ids)
                afters.append(after)
            if not actions or cursor.room < max(map(len, options_ids)) + 2:
                break

            def ends(i: int, afters: list[State] = afters) -> Sequence[int]:
                done = partial or all(holds(afters[i], c, first) for c in todo)
                return (sep, eos) if done else (sep,)

            chosen, mark = choose_sequence(cursor, options_ids, ends)
            draft.actions.append(actions[chosen])
            state = afters[chosen]
            seen.add(_key(state))
            if mark == eos:
                break
        return state

    @staticmethod
    def _open_to(state: State, names: frozenset[str], seen: set[tuple[object, ...]]) -> list[tuple[Action, State]]:
        """The applicable actions that lead somewhere new: those about what the facts name, or else any."""
        found = applicable(state)
        for near in (True, False):
            pairs = [(a, effect(state, a)) for a in found if names.issuperset(a.args) == near]
            fresh = [(a, after) for a, after in pairs if _key(after) not in seen]
            if fresh:
                return fresh
        return []

    def _write_freely(self, cursor: Cursor, state: State, draft: _Draft) -> State:
        """The GPT alone: any text; subtasks that cannot be read or done end the plan where they stand."""
        stop: int | None = None
        subtasks: list[str] = []
        while stop != self.prompts.marks["[EOS]"] and cursor.room > 1:
            ids, stop = write_until(cursor, self.prompts.stops, 64)
            subtasks.append(self.tokenizer.decode(ids).strip())
            if stop == self.prompts.marks["[HINT]"]:
                _, stop = write_until(cursor, self.prompts.stops, 64)
            if stop not in (self.prompts.marks["[SEP]"], self.prompts.marks["[EOS]"]):
                break
        for subtask in subtasks:
            try:
                action = parse_action(state.world, subtask)
            except ActionError:
                break
            draft.actions.append(action)
        return state


def _key(state: State) -> tuple[object, ...]:
    return (state.place, state.flags, state.liquid)
