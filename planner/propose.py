"""Proposing tasks: the GPT itself writes instructions and goals for a home, and long ones are composed of them.

After `[CLS] inventory [TASK]` the GPT is sampled: `instruction [SEP] goal [EOS]`. The home is then furnished with what
the goal needs, as people's homes are for what they do there. A proposal is kept only if it is a task at all; nothing
here plans, and nothing asks the teacher.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.domain import load_domain
from envs.errors import GoalError
from envs.goals import Condition, Goal, Holding, format_goal, parse_goal
from envs.scoring import holds
from envs.state import State, World
from planner import text
from planner.answer import Options
from planner.constrain import Cursor, write_until
from planner.draw import goal_is_held_out
from planner.feasible import is_feasible
from planner.language import SPAN, Realiser, normalise
from planner.measure import meaning
from planner.splits import SPLITS, sample_home
from planner.tasks import undone
from planner.text import task_document

if TYPE_CHECKING:
    from planner.decode import Planner

__all__ = ["Proposal", "Proposer", "compose", "start_of", "task_document"]

MAX_TOKENS = 120
TEMPERATURE, TOP_P = 0.8, 0.95
LENGTHS = (2, 3, 4, 5, 5, 6, 6, 7, 8)  # conditions that composed goals aim at


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A task that the GPT proposed for a home of the train split.

    Attributes:
        id: Names it within its cycle.
        home: The seed of the home (`start_of`).
        goal: In its canonical wording; "" if it is no goal.
        dropped: Why it is not used, or "".
        parts: Proposals that it is composed of; 1: as the GPT wrote it.
    """

    id: str
    home: int
    instruction: str
    goal: str
    dropped: str = ""
    parts: int = 1

    def as_dict(self) -> dict[str, object]:
        """One line of proposals.jsonl."""
        return asdict(self)


def start_of(home: int, goal: Goal, *, geometry: bool = False) -> State:
    """Return a home that has what a goal needs, and in which it is still to be reached: what it wants lit is off."""
    plain = sample_home(random.Random(f"home/{home}"), SPLITS["train"], goal=goal, geometry=geometry)
    return World(undone(plain.world.scene, goal, load_domain())).initial()


class Proposer:
    """Samples tasks from a GPT.

    Args:
        planner: Whose GPT proposes, and reads its own words back.
        seed: Repeats everything.
        known: Meanings of goals that were proposed before, with their homes' seeds.
    """

    def __init__(self, planner: Planner, seed: int, known: Collection[tuple[int, str]] = ()) -> None:
        self.planner = planner
        self.seed = seed
        self.known = set(known)

    def propose(self, home: int, count: int) -> Iterator[Proposal]:
        """Yield what the GPT proposes for a home, dropped proposals included, each with its reason."""
        state = sample_home(random.Random(f"home/{home}"), SPLITS["train"])
        for number, (instruction, words) in enumerate(self._sample(state, home, count)):
            goal, dropped = self._check(home, instruction, words)
            yield Proposal(
                id=f"{home}/{number}", home=home, instruction=instruction, goal=format_goal(goal) if goal else "",
                dropped=dropped,
            )  # fmt: skip

    def _sample(self, state: State, home: int, count: int) -> Iterator[tuple[str, str]]:
        tokenizer, prompts = self.planner.tokenizer, self.planner.prompts
        sep, eos = prompts.marks["[SEP]"], prompts.marks["[EOS]"]
        inventory = text.inventory(state)
        if prompts.room(inventory) < 8:
            return
        read = prompts.home(inventory)
        for number in range(count):
            cursor = Cursor(
                session=read.fork(), pending=[tokenizer.special("[TASK]")], temperature=TEMPERATURE, top_p=TOP_P,
                rng=np.random.default_rng(_seed(self.seed, home, number)), n_ids=tokenizer.n_used,
            )  # fmt: skip
            instruction, first = write_until(cursor, frozenset({sep, eos}), MAX_TOKENS)
            goal, second = write_until(cursor, frozenset({sep, eos}), MAX_TOKENS - len(instruction))
            if (first, second) == (sep, eos):
                yield tokenizer.decode(instruction).strip(), tokenizer.decode(goal).strip()
            else:
                yield "", ""

    def _check(self, home: int, instruction: str, words: str) -> tuple[Goal | None, str]:
        if not instruction or normalise(instruction) != instruction:
            return None, "unparsable"
        try:
            goal = parse_goal(words)
        except GoalError:
            return None, "unparsable"
        state = start_of(home, goal)
        reason = refused(goal, state)
        if reason:
            return goal, reason
        key = (home, "|".join(" ; ".join(phase) for phase in meaning(goal)))
        if key in self.known:
            return goal, "duplicate"
        self.known.add(key)
        found = self.planner.understand(instruction, state, Options(samples=0))
        if found.goal is None or meaning(found.goal) != meaning(goal):
            return goal, "not read back"  # its words do not say what its goal says, as far as the GPT itself can tell
        return goal, ""


def refused(goal: Goal, state: State) -> str:
    """Return why a goal is no task for a home, or ""."""
    if goal_is_held_out(goal):
        return "held out"
    if not is_feasible(goal, state):
        return "not feasible"
    if all(holds(state, c, state) for c in goal.phases[-1]):
        return "true already"
    return ""


def compose(proposals: Sequence[Proposal], count: int, seed: int) -> Iterator[Proposal]:
    """Yield longer tasks, `count` for each home: several kept proposals joined, with their goals, of any homes."""
    kept = [p for p in proposals if not p.dropped and p.parts == 1]
    members = [(p, goal) for p in kept if len((goal := parse_goal(p.goal)).phases) == 1]
    seen: set[tuple[tuple[str, ...], ...]] = set()
    for home in dict.fromkeys(p.home for p in proposals):
        rng = random.Random(f"compose/{seed}/{home}")
        for number in range(count):
            joined = _join(members, rng.choice(LENGTHS), rng)
            if joined is None or meaning(joined[1]) in seen:
                continue
            chosen, goal = joined
            seen.add(meaning(goal))
            words = Realiser(rng, None).join([p.instruction for p in chosen])
            if len(words) > SPAN:  # its end would not be read
                continue
            yield Proposal(
                id=f"{home}/joined/{number}", home=home, instruction=normalise(words), goal=format_goal(goal),
                dropped=refused(goal, start_of(home, goal)), parts=len(chosen),
            )  # fmt: skip


def _join(
    members: Sequence[tuple[Proposal, Goal]], conditions: int, rng: random.Random
) -> tuple[list[Proposal], Goal] | None:
    chosen: list[Proposal] = []
    found: list[Condition] = []
    for proposal, goal in rng.sample(members, len(members)):
        added = goal.phases[0]
        if len(found) + len(added) > conditions or set(added) & set(found):
            continue
        if sum(isinstance(c, Holding) for c in (*found, *added)) > 1 or len(proposal.instruction) > SPAN / 3:
            continue
        chosen.append(proposal)
        found += added
    return (chosen, Goal(phases=(tuple(found),))) if len(chosen) > 1 else None


def _seed(*numbers: int) -> int:
    return random.Random("/".join(map(str, numbers))).getrandbits(63)
