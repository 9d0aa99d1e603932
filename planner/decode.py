"""From an instruction to a plan: the GPT writes the goal, facts are fetched, the GPT writes the plan.

The goal is written after inventory and instruction; the plan after goal and facts alone, which is shorter and serves
a first plan, a further chunk and a re-plan alike.

Only applicable subtasks can be decoded; a long goal is planned in chunks of a few unmet conditions, the state re-read
between them; no chunk ends before its conditions hold. The plan is replayed symbolically; if it does not reach the
goal that the GPT itself wrote, more are sampled. No search is involved.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envs.disturb import DisturbedHome
from envs.goals import Goal, format_goal
from envs.scoring import holds
from envs.state import State, format_action
from gpt.runtime.adapter import load_adapter
from gpt.runtime.numpy_model import NumpyModel
from gpt.runtime.session import Runtime
from gpt.tokenizer import Tokenizer
from planner import text
from planner.answer import Options, Plan, Precision, Understanding
from planner.calibration_file import read_calibration
from planner.candidates import decide
from planner.errors import CalibrationError, PlannerError, ReleaseError
from planner.execute import run
from planner.facts import chunk, fetch, is_limited, work
from planner.feasible import is_feasible
from planner.feedback import about, facts_for, given_up, lasting
from planner.homes import in_use, open_home
from planner.kinds import Kind, kinds_of
from planner.paths import released_dir
from planner.prompts import Prompts
from planner.repair import repair
from planner.stage import MAX_REPLANS
from planner.understand import Reader
from planner.unseen.belief import Belief
from planner.verify import Report, verify
from planner.writing import MIN_ROOM, STEPS_PER_THING, Draft, write, write_freely

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from envs.goals import Condition
    from gpt.model import GPT
    from planner.confidence import Calibration
    from planner.constrain import Cursor
    from planner.episode import Event
    from planner.feedback import Broken, Note
    from planner.homes import AnyHome, HomeInUse

MAX_CHUNKS = 24


def _merit(report: Report, draft: Draft) -> tuple[bool, float, int, float]:
    """What candidates are ranked by: success, then how much of the goal is reached, then length, then likelihood."""
    return report.ok, report.score.rate, -len(draft.actions), draft.logprob


def model_folder(folder: str | Path | None = None) -> Path:
    """Return a model's folder, the one of the released weights where none is given.

    Raises:
        ReleaseError: No weights came with the installation.
    """
    try:
        return Path(folder or released_dir())
    except FileNotFoundError as error:
        raise ReleaseError(f"{error}; train one (python -m planner.train) and name it with --model") from None


class Planner:
    """A GPT, its tokenizer, and the home that its prompts are encoded for; for one thread at a time."""

    def __init__(
        self, model: Runtime | GPT, tokenizer: Tokenizer, calibration: Calibration | None = None,
        kinds: Collection[Kind] = (), notes: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """Wrap a model. One of PyTorch is converted: what it learns afterwards is not seen.

        `kinds` are those of documents that it was trained on beyond the usual (planner/kinds.py): it is given no other.
        `notes` are those of the adapter of one home that is merged into it (planner/unseen/learnt.py).
        """
        self.model: Runtime = model if isinstance(model, Runtime) else NumpyModel.of(model)
        self.tokenizer = tokenizer
        self.calibration = calibration
        self.kinds, self.notes = frozenset(kinds), notes
        self.prompts = Prompts(self.model, tokenizer)
        self.reader = Reader(self.prompts)

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
        learnt = load_adapter(adapter) if adapter is not None else None
        model, tokenizer, extra = NumpyModel.load(folder, learnt)
        kinds = kinds_of(extra)
        calibration = read_calibration(folder) if calibrated and learnt is None else None
        notes = learnt.extra if learnt is not None else None
        if weights == "fp32":
            return cls(model, tokenizer, calibration, kinds, notes)
        try:
            from gpt.runtime.onnx_model import OnnxModel
        except ImportError as error:
            raise ReleaseError(f"int8 weights need {error.name}: pip install gpt-home-planner[fast]") from None
        return cls(OnnxModel(model, weights), tokenizer, calibration, kinds, notes)

    def understand(self, instruction: str, state: State, options: Options | None = None) -> Understanding:
        """Let the GPT write the goal of an instruction; with an error rate, ask where several goals may be meant.

        Raises:
            CalibrationError: The error rate cannot be kept with this model.
        """
        options = options or Options()
        if options.error_rate is None:
            return self.reader.understand(instruction, state, options)
        calibration = self.calibrated(options.error_rate)
        found = self.reader.understand(instruction, state, options)
        return found if found.goal is None else decide(self.reader, found, state, options, calibration)

    def calibrated(self, error_rate: float) -> Calibration:
        """Return the calibration, which can keep this error rate.

        Raises:
            CalibrationError: It cannot, or there is none.
        """
        if self.calibration is None:
            raise CalibrationError(
                "the model has no calibration, which an error rate needs: python -m planner.calibrate"
            )
        self.calibration.threshold(error_rate)
        return self.calibration

    def plan(self, instruction: str, home: AnyHome | Belief, options: Options | None = None) -> Plan:
        """Answer an instruction in a home.

        Args:
            instruction: What is to be done.
            home: A state, a scene, a file or the name of a bundled home, a seed, or a home in use, as it is now; see
                `planner.homes`. What is known of a home in part (`planner.unseen`) does as well.
            options: How to decode.

        Raises:
            PlannerError: There is no such home.
            HomeError: The file is not a valid home.
            CalibrationError: The error rate cannot be kept with this model.
        """
        if isinstance(home, Belief):
            from planner.unseen.expect import expect

            return expect(self, instruction, home, options or Options())
        state = open_home(home, geometry=False)
        options = options or Options()
        began = time.perf_counter()
        found = self.understand(instruction, state, options)
        if found.goal is None:
            return Plan.declined(found, state, time.perf_counter() - began)
        if not is_feasible(found.goal, state):
            options = replace(options, samples=0)  # one try: more would not find what is not there
        plan = self.reach(found.goal, state, options, instruction=found.instruction)
        confidence = None
        if self.calibration is not None:
            verified = plan.status == "verified"
            confidence = self.calibration.confidence(found.logprob, found.reading, verified=verified)
        return replace(
            plan, seconds=time.perf_counter() - began, tokens=plan.tokens + found.tokens, logprob=found.logprob,
            confidence=confidence,
        )  # fmt: skip

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
        acting = in_use(home)
        here, there = acting.state().world, plan.start.world
        alike = here.names == there.names
        if belief is not None:  # of what is not a fixture, it need not be known what is there
            alike = here.names[: here.n_fixtures] == there.names[: there.n_fixtures]
        if not alike:
            raise PlannerError(f"the plan is for {there.scene.name}, and this home is {here.scene.name}")
        disturb = acting.disturb if isinstance(acting, DisturbedHome) else None
        if belief is not None:
            from planner.unseen.seek import seek

            return seek(
                plan.actions, plan.goal, acting, belief, self, options=options, max_replans=max_replans,
                disturb=disturb,
            )  # fmt: skip
        return run(
            plan.actions, plan.goal, acting, planner=self, options=options, max_replans=max_replans, disturb=disturb
        )

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
        broken: Broken | None = None,
    ) -> Plan:
        """Plan for a goal from a state.

        Args:
            goal: What is to hold.
            state: Where the plan begins.
            options: How to decode.
            instruction: Shown with the plan.
            start: The episode's first state (`every` chooses there), if it began earlier than `state`.
            phase: The phase of the goal that the episode has reached.
            avoid: Things and places not to use, because they failed.
            broken: The plan that this one takes the place of. As far as the GPT was trained to and `options` let it,
                the GPT reads what went wrong, which then takes the place of `avoid`, and mends that plan.
        """
        options = options or Options()
        began = time.perf_counter()
        best: tuple[Report, Draft] | None = None
        first = start or state
        left = Goal(phases=goal.phases[phase:])
        self.prompts.begin()
        tokens = tried = 0
        for draft in self._drafts(left, state, first, options, avoid, broken):
            tried += 1
            tokens += draft.tokens
            report = verify(state, left, draft.actions, began=first)
            if best is None or not best[1].actions or _merit(report, draft) > _merit(*best):
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
            start=state,
            report=report,
            tried=tried,
            tokens=tokens,
            seconds=time.perf_counter() - began,
            kept=draft.kept,
        )

    def draft(self, goal: Goal, state: State, options: Options, number: int = 0) -> Draft:
        """Let the GPT write one plan for a goal, which is not judged; those of other numbers draw other tokens."""
        self.prompts.begin()
        return self._draft(goal, state, state, options, number, frozenset())

    def _drafts(
        self,
        goal: Goal,
        state: State,
        first: State,
        options: Options,
        avoid: frozenset[int],
        broken: Broken | None,
    ) -> Iterator[Draft]:
        """Write a plan whenever one is asked for: first what a broken one suggests, then as if there were none."""
        if broken is not None and options.constrained:
            told = broken.notes if options.feedback and "feedback" in self.kinds else ()
            # What slipped twice may be all there is: where nothing else reaches the goal, it is tried again.
            for barred in dict.fromkeys((given_up(broken.notes), lasting(broken.notes))):
                if options.repair == "infill" and "infill" in self.kinds:
                    yield repair(self.prompts, broken, goal, state, first, options, told=told, barred=barred)
                if told:
                    yield self._draft(goal, state, first, options, 0, frozenset(), told, barred)
            avoid = frozenset() if told else avoid
        for attempt in range(1 + options.samples):
            yield self._draft(goal, state, first, options, attempt, avoid)

    def _draft(
        self,
        goal: Goal,
        state: State,
        first: State,
        options: Options,
        attempt: int,
        avoid: frozenset[int],
        notes: Sequence[Note] = (),
        barred: frozenset[str] = frozenset(),
    ) -> Draft:
        draft = Draft()
        for conditions in goal.phases:
            for _ in range(MAX_CHUNKS):
                unmet = tuple(c for c in conditions if not holds(state, c, first))
                todo = chunk(state, conditions, first, options.conditions) if options.chunks else unmet
                if not todo:
                    break
                if notes:
                    said = facts_for(state, todo, first, notes, phase=conditions)
                else:
                    said = fetch(state, todo, first, avoid=avoid, phase=conditions)
                wrong = text.feedback_part([note.said for note in about(notes, said.names)])
                facts = text.encode((*text.facts_part(said.texts), *wrong), self.tokenizer)[0][1:]
                words, sep = self.prompts.encode(format_goal(Goal(phases=(todo,)))), self.prompts.marks["[SEP]"]
                prompt = [*self.prompts.heading(""), *words, sep, *facts, sep]
                cursor = self.prompts.cursor(*self.prompts.read("", prompt), options, attempt)
                before = len(draft.actions)
                if cursor.room < MIN_ROOM:
                    return draft
                if options.constrained:
                    state = self._write_chunk(cursor, state, todo, said.names, first, draft, barred)
                else:
                    state = write_freely(self.prompts, cursor, state, draft)
                draft.count(cursor)
                stuck = not is_limited(state, todo, first) and not all(holds(state, c, first) for c in todo)
                if len(draft.actions) == before or stuck:
                    return draft
                if not options.chunks:
                    break  # the phase was written in one go
        return draft

    def _write_chunk(
        self,
        cursor: Cursor,
        state: State,
        todo: Sequence[Condition],
        names: frozenset[str],
        first: State,
        draft: Draft,
        barred: frozenset[str],
    ) -> State:
        """Write one chunk's plan; returns the state that it reaches."""
        partial = is_limited(state, todo, first)
        sep, eos = self.prompts.marks["[SEP]"], self.prompts.marks["[EOS]"]

        def ends(after: State) -> Sequence[int]:
            return (sep, eos) if partial or all(holds(after, c, first) for c in todo) else (sep,)

        most = STEPS_PER_THING * (1 + work(state, todo, first))
        return write(self.prompts, cursor, state, names, draft, ends=ends, most=most, barred=barred)
