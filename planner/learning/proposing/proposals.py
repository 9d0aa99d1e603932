"""Proposing tasks: the GPT itself writes instructions and goals for a home.

The GPT is sampled after `[CLS] inventory [TASK]`: `instruction [SEP] goal [EOS]`. The home is then furnished with what
the goal needs. Variants substitute another category of the home in instruction and goal where a kept proposal uses the
plain name. Incidentally achieved goals are put into words by the GPT. A proposal is kept only if it is a valid task and
passes the read-back check: given the instruction alone, the GPT must write the same goal again. Variants skip this
check, because their originals passed it. Nothing here plans, and the teacher is not used.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from envs.errors import GoalError
from envs.symbolic.actions import State, World
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, format_goal, parse_goal
from envs.symbolic.scoring import holds
from planner.decoding.constrained_decoding import write_until
from planner.errors import StageError
from planner.goals.comparison import meaning
from planner.goals.feasibility import is_feasible
from planner.goals.merging import merge_conditions
from planner.io.json_lines import check_fields
from planner.language.normalization import normalize
from planner.plans.options import Options
from planner.prompts import text_format
from planner.prompts.cursor import Cursor
from planner.tasks.home_splits import SPLITS, sample_home
from planner.tasks.task_homes import scene_before_goal
from planner.tasks.task_sampler import goal_is_held_out

if TYPE_CHECKING:
    from planner.api import Planner

MAX_TOKENS = 120
TEMPERATURE, TOP_P = 0.8, 0.95
MAX_WORDINGS = 6  # instructions to try for a goal
MAX_READINGS = 6  # parsed goals to compare
MIN_READING_LOGPROB = -3.0  # min log-probability of a goal other than the most likely one

FIELD_TYPES = {
    "id": str, "home": int, "instruction": str, "goal": str, "dropped": str, "parts": int, "origin": str,
    "furnished_for": str,
}  # fmt: skip

Origin = Literal["sampled", "varied", "reworded", "said", "joined", "in turn", "merged", "hindsight"]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A task that the GPT proposed for a home of the train split.

    Attributes:
        id: Unique within its cycle.
        home: The seed of the home (`initial_state_of`).
        goal: In canonical wording; "" if it cannot be parsed.
        dropped: Why it is not used, or "".
        parts: The number of proposals that it is composed of; 1: as the GPT wrote it.
        origin: sampled: the GPT wrote it; varied: one category was substituted; reworded: the GPT wrote other words for
            its goal; said: a person said it, and all readings agree (said.py); joined, in turn (sequential) and merged:
            composed of several (composition.py); hindsight: a plan achieved the goal incidentally, and the GPT put it
            into words.
        furnished_for: The goal that the home was furnished for, if not its own.
    """

    id: str
    home: int
    instruction: str
    goal: str
    dropped: str = ""
    parts: int = 1
    origin: Origin = "sampled"
    furnished_for: str = ""

    def initial_state(self, *, geometry: bool = False) -> State:
        """Return the initial state of its home."""
        return initial_state_of(self.home, parse_goal(self.furnished_for or self.goal), geometry=geometry)

    def as_dict(self) -> dict[str, object]:
        """One line of proposals.jsonl."""
        return asdict(self)

    def check(self, where: str) -> None:
        """Check a proposal that was read from a file.

        Raises:
            StageError: A field is of another type, or the goal cannot be parsed; the message begins with `where`.
        """
        check_fields(self.as_dict(), FIELD_TYPES, where)
        for goal in filter(None, (self.goal or "-" * (not self.dropped), self.furnished_for)):
            try:
                parse_goal(goal)
            except GoalError as error:
                raise StageError(f"{where}: {error}; delete the file to regenerate it") from None


def initial_state_of(home: int, goal: Goal, *, geometry: bool = False) -> State:
    """Return a home that has what a goal needs and where it does not hold yet, e.g. lights that it wants on are off."""
    plain = sample_home(random.Random(f"home/{home}"), SPLITS["train"], goal=goal, geometry=geometry)
    return World(scene_before_goal(plain.world.scene, goal, plain.world.domain)).initial()


class Proposer:
    """Samples tasks from a GPT.

    Args:
        planner: Its GPT writes the proposals and does the read-back check.
        seed: Determines all random draws.
        known_goals: Home seeds and meanings of goals that were proposed before.
    """

    def __init__(self, planner: Planner, seed: int, known_goals: Collection[tuple[int, str]] = ()) -> None:
        self.planner = planner
        self.seed = seed
        self.known_goals = set(known_goals)

    def propose(self, home: int, count: int) -> Iterator[Proposal]:
        """Yield the GPT's proposals for a home, including dropped ones with their reasons."""
        state = sample_home(random.Random(f"home/{home}"), SPLITS["train"])
        for number, (instruction, goal_text) in enumerate(self._sample(state, home, count)):
            goal, dropped = self._check(home, instruction, goal_text)
            yield Proposal(
                id=f"{home}/{number}", home=home, instruction=instruction, goal=format_goal(goal) if goal else "",
                dropped=dropped,
            )  # fmt: skip

    def _sample(self, state: State, home: int, count: int) -> Iterator[tuple[str, str]]:
        tokenizer, prompts = self.planner.tokenizer, self.planner.prompts
        sep, eos = prompts.special_ids["[SEP]"], prompts.special_ids["[EOS]"]
        inventory = text_format.inventory(state)
        if prompts.room(inventory) < 8:
            return
        home_session = prompts.home(inventory)
        for number in range(count):
            cursor = Cursor(
                session=home_session.fork(), pending=[tokenizer.special("[TASK]")], temperature=TEMPERATURE,
                top_p=TOP_P, rng=np.random.default_rng(_seed(self.seed, home, number)), n_ids=tokenizer.n_used,
            )  # fmt: skip
            instruction, instruction_end = write_until(cursor, frozenset({sep, eos}), MAX_TOKENS)
            goal, goal_end = write_until(cursor, frozenset({sep, eos}), MAX_TOKENS - len(instruction))
            if (instruction_end, goal_end) == (sep, eos):
                yield tokenizer.decode(instruction).strip(), tokenizer.decode(goal).strip()
            else:
                yield "", ""

    def _check(self, home: int, instruction: str, goal_text: str, *, read_back: bool = True) -> tuple[Goal | None, str]:
        if not instruction or normalize(instruction) != instruction:
            return None, "unparsable"
        try:
            goal = parse_goal(goal_text)
        except GoalError:
            return None, "unparsable"
        state = initial_state_of(home, goal)
        reason = rejection_reason(goal, state) or self._repeated(home, goal)
        if reason or not read_back:
            return goal, reason
        # If this fails, the GPT itself does not take the instruction to mean the goal.
        return goal, "" if self._reads_back(instruction, goal, state) else "not read back"

    def _repeated(self, home: int, goal: Goal) -> str:
        key = (home, "|".join(" ; ".join(phase) for phase in meaning(goal)))
        if key in self.known_goals:
            return "duplicate"
        self.known_goals.add(key)
        return ""

    def _reads_back(self, instruction: str, goal: Goal, state: State, min_logprob: float = 0.0) -> bool:
        """Return whether the GPT writes the goal for an instruction; with `min_logprob`, less likely goals count."""
        parsed = self.planner.understand(instruction, state, Options(samples=0))
        target = meaning(merge_conditions(goal))
        if parsed.goal is not None and meaning(merge_conditions(parsed.goal)) == target:
            return True
        readings = self.planner.reader.likely(instruction, state, Options(), min_logprob) if min_logprob else ()
        return any(meaning(merge_conditions(reading)) == target for reading, _ in islice(readings, MAX_READINGS))

    def vary(self, proposals: Sequence[Proposal], count: int, category_counts: Counter[str]) -> Iterator[Proposal]:
        """Yield variants of kept proposals in which one category is replaced by another one of the home.

        Args:
            proposals: The originals.
            count: Variants to try for each home.
            category_counts: How often each category was in a task before; rare ones are preferred. Updated in place.
        """
        usable = [p for p in proposals if not p.dropped and p.parts == 1]
        for home in dict.fromkeys(p.home for p in proposals):
            rng = random.Random(f"vary/{self.seed}/{home}")
            present = sorted(set(sample_home(random.Random(f"home/{home}"), SPLITS["train"]).world.categories))
            for number in range(count if usable else 0):
                variant = _with_random_category(rng, usable, present, category_counts)
                if variant is None:
                    continue
                instruction, goal_text, category = variant
                goal, dropped = self._check(home, instruction, goal_text, read_back=False)
                if not dropped:
                    category_counts[category] += 1
                yield Proposal(
                    id=f"{home}/varied/{number}", home=home, instruction=instruction,
                    goal=format_goal(goal) if goal else "", dropped=dropped, origin="varied",
                )  # fmt: skip

    def verbalize(self, home: int, goal: Goal, id: str, furnished_for: str, *, but: str = "") -> Proposal:
        """Return a goal as a task with an instruction by the GPT; dropped if none passes the read-back check.

        `furnished_for` is the goal that the home was furnished for: that of the task whose plan achieved this one.
        The instruction `but` is not given.
        """
        state = initial_state_of(home, parse_goal(furnished_for))
        dropped = rejection_reason(goal, state) or self._repeated(home, goal)
        instruction = ""
        if not dropped:
            wordings = self._wordings(text_format.inventory(state), format_goal(goal), home)
            instruction = next(
                (w for w in wordings if w != but and self._reads_back(w, goal, state, MIN_READING_LOGPROB)), ""
            )
            dropped = "" if instruction else "not read back"
        return Proposal(
            id=id, home=home, instruction=instruction, goal=format_goal(goal), dropped=dropped, origin="hindsight",
            furnished_for=furnished_for,
        )  # fmt: skip

    def _wordings(self, inventory: str, goal_text: str, home: int) -> Iterator[str]:
        tokenizer, prompts = self.planner.tokenizer, self.planner.prompts
        if "descriptions" not in self.planner.kinds:
            return
        request, _ = text_format.encode(text_format.description_document(goal_text, "")[:3], tokenizer)
        if prompts.room(inventory) < len(request) + 8:
            return
        home_session = prompts.home(inventory)
        for number in range(MAX_WORDINGS):
            cursor = Cursor(
                session=home_session.fork(), pending=list(request), temperature=TEMPERATURE, top_p=TOP_P,
                rng=np.random.default_rng(_seed(self.seed, home, goal_text, number)), n_ids=tokenizer.n_used,
            )  # fmt: skip
            ids, stop = write_until(cursor, prompts.stops, MAX_TOKENS)
            words = tokenizer.decode(ids).strip()
            if stop == prompts.special_ids["[EOS]"] and words and normalize(words) == words:
                yield words


def _with_random_category(
    rng: random.Random, proposals: Sequence[Proposal], present: Sequence[str], category_counts: Counter[str]
) -> tuple[str, str, str] | None:
    """Return an instruction and a goal with one category substituted, and the new category."""
    domain = load_domain()
    weights = [1 / (1 + category_counts[category]) ** 2 for category in present]
    for _ in range(20):
        proposal, (new,) = rng.choice(proposals), rng.choices(present, weights)
        categories = domain.fixtures if new in domain.fixtures else domain.objects
        variants = [
            (old, variant)
            for old in categories
            if (variant := substitute_category(proposal.instruction, proposal.goal, old, new))
        ]
        if variants:
            _, (instruction, goal) = rng.choice(variants)
            return instruction, goal, new
    return None


def substitute_category(instruction: str, goal: str, old: str, new: str) -> tuple[str, str] | None:
    """Replace a category in instruction and goal; None unless each names the old one once and the new one never.

    The instruction must use the category's plain name, as the home does.
    """
    if old == new or re.search(rf"\b{new}\b", goal) or len(re.findall(rf"\b{old}\b", goal)) != 1:
        return None
    pattern = re.compile(rf"\b{old.lower()}\b")
    if len(pattern.findall(instruction)) != 1:
        return None
    return normalize(pattern.sub(new.lower(), instruction)), re.sub(rf"\b{old}\b", new, goal)


def rejection_reason(goal: Goal, state: State) -> str:
    """Return why a goal is not a valid task for a home, or ""."""
    if goal_is_held_out(goal):
        return "held out"
    if not is_feasible(goal, state):
        return "not feasible"
    if all(holds(state, c, state) for c in goal.phases[-1]):
        return "true already"
    return ""


def _seed(*parts: int | str) -> int:
    return random.Random("/".join(map(str, parts))).getrandbits(63)
