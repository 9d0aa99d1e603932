"""The corpus: documents for training, drawn from homes, phrases and the teacher, all from seeds.

A recipe is a YAML file in `datasets/recipes/`. Homes of the train, validation and test splits come from disjoint seed
ranges; test phrasings and test goals are never drawn for training (`phrases.is_held_out`, `draw.goal_is_held_out`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from envs.domain import load_domain
from envs.errors import EnvsError
from envs.goals import Condition, Goal, format_goal
from envs.sampling import sample_scene
from envs.scoring import holds
from envs.state import Action, State, World, effect
from planner import text
from planner.draw import Task, TaskDrawer, goal_is_held_out
from planner.facts import chunk, fetch
from planner.language import normalise
from planner.tasks import TaskLine, home_for
from planner.teacher import teach

SplitName = Literal["train", "valid", "test"]
SPLITS: dict[SplitName, tuple[int, int]] = {
    "train": (0, 10_000_000),
    "valid": (10_000_000, 11_000_000),
    "test": (11_000_000, 12_000_000),
}
MAX_CHUNKS = 12


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a corpus is made of.

    Attributes:
        documents: How many documents to draw.
        tasks_per_home: Tasks drawn for one home before the next is sampled.
        parts: Weights of 1, 2, 3, ... tasks joined in one instruction.
        refusals: The part of tasks whose right answer is a refusal.
        with_inventory: The part of documents that show the inventory.
        plans: The part of tasks whose plan is learnt too; the others teach understanding, which is learnt more slowly.
        whole: The part of those that are one document, from inventory to plan; the others plan from the goal alone.
        restarts: Plans per task that start in the middle of another plan.
        chunks: The part of long goals' further chunks that become documents.
        proposals: The part of tasks that are also documents that propose the task ([TASK]).
        human: Human-written lines (task files) to mix in, as a fraction of all tasks.
        vocab_size: Ids of the tokenizer that is trained on the corpus, special tokens included.
    """

    documents: int = 100_000
    tasks_per_home: int = 6
    parts: tuple[float, ...] = (0.62, 0.22, 0.10, 0.06)
    refusals: float = 0.07
    with_inventory: float = 0.35
    plans: float = 0.25
    whole: float = 0.3
    restarts: float = 0.2
    chunks: float = 0.5
    human: float = 0.25
    proposals: float = 0.06
    vocab_size: int = 2048

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.documents < 1 or self.tasks_per_home < 1 or not self.parts:
            raise ValueError("a recipe needs documents, tasks per home and parts of at least one")
        for name in ("refusals", "with_inventory", "plans", "whole", "chunks", "human", "proposals"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"recipe: {name} is a fraction, found {getattr(self, name)}")


def plan_in_chunks(
    start: State, goal: Goal
) -> Iterator[tuple[State, tuple[Condition, ...], State, tuple[Action, ...]]]:
    """Yield (state, chunk, start of the phase, the teacher's actions) until the goal holds.

    Raises:
        LookupError: The teacher cannot reach the goal.
    """
    state = start
    for phase in goal.phases:
        for _ in range(MAX_CHUNKS):
            todo = chunk(state, phase, start)
            if not todo:
                break
            taught = teach(state, todo, start, phase=phase)
            if not taught.actions:
                raise LookupError(taught.reason or "nothing to do")
            yield state, todo, start, taught.actions
            for action in taught.actions:
                state = effect(state, action)
        if not all(holds(state, c, start) for c in phase):
            raise LookupError("the conditions undo each other")


class Corpus:
    """Draws documents for one seed of one split."""

    def __init__(
        self, recipe: Recipe, seed: int, *, split: SplitName = "train", human: Sequence[TaskLine] = ()
    ) -> None:
        """Bind a recipe to a seed; documents depend on nothing else."""
        self.recipe = recipe
        self.rng = random.Random(f"{split}/{seed}")
        self.drawer = TaskDrawer(self.rng, phrases="train")
        self.span = SPLITS[split]
        self.human = human

    def documents(self) -> Iterator[text.Document]:
        """Yield documents without end."""
        while True:
            state = self._home()
            for _ in range(self.recipe.tasks_per_home):
                if self.human and self.rng.random() < self.recipe.human:
                    task, known = self._human(), self.rng.random() < 0.5
                else:
                    task, known = self._task(state)
                if task is not None:
                    yield from self._of_task(task, known)

    def _home(self) -> State:
        seed = self.rng.randrange(*self.span)
        domain = load_domain()
        needed = self.rng.sample(sorted(domain.fixtures), k=self.rng.randrange(6))
        things = self.rng.sample(sorted(domain.objects), k=self.rng.randrange(12))
        need = {t: self.rng.choice((1, 1, 2, 3)) for t in things}
        if self.rng.random() < 0.3:  # a home that can seat guests
            need |= {t: self.rng.randrange(2, 7) for t in ("plate", "fork", "knife", "glass", "spoon", "bowl", "mug")}
        try:
            scene = sample_scene(
                seed,
                need_fixtures=dict.fromkeys(needed, 1),
                need_objects=need,
                geometry=False,
            )
        except EnvsError:
            scene = sample_scene(seed, geometry=False)
        return World(scene).initial()

    def _task(self, state: State) -> tuple[Task | None, bool]:
        known = self.rng.random() < self.recipe.with_inventory
        if self.rng.random() < self.recipe.refusals:
            return self.drawer.draw_refusal(state, inventory_known=known), known
        parts = self.rng.choices(range(1, len(self.recipe.parts) + 1), self.recipe.parts)[0]
        for _ in range(4):
            task = self.drawer.draw(state, parts=parts, inventory_known=known)
            if task is not None and task.goal is not None and not goal_is_held_out(task.goal):
                return task, known
        return None, known

    def _human(self) -> Task | None:
        line = self.rng.choice(self.human)
        try:
            state = home_for(line, seed=self.rng.randrange(*self.span), geometry=False)
        except EnvsError:
            return None
        assert line.goal is not None
        if goal_is_held_out(line.goal):
            return None
        return Task(instruction=normalise(line.instruction), start=state, goal=line.goal, family="human")

    def _of_task(self, task: Task, known: bool) -> Iterator[text.Document]:
        names = text.inventory(task.start) if known else ""
        if task.goal is None:
            yield text.refusal(names, task.instruction, task.refuse or "")
            return
        try:
            pieces = list(plan_in_chunks(task.start, task.goal))
        except LookupError:
            return
        head = (*text.heading(names, task.instruction), *text.goal_part(task.goal_text))
        if known and self.rng.random() < self.recipe.proposals:
            yield text.task_document(names, task.instruction, task.goal_text)
        if self.rng.random() >= self.recipe.plans:
            yield (*head, text.Segment("[SEP]", "", True))
            return
        whole = len(pieces) == 1 and len(task.goal.phases) == 1 and self.rng.random() < self.recipe.whole
        for i, (state, todo, start, actions) in enumerate(pieces):
            phase = next(p for p in task.goal.phases if set(todo) <= set(p))
            facts = fetch(state, todo, start, phase=phase)
            if not _covered(state, actions, facts.texts):
                continue
            rest = (*text.facts_part(facts.texts), *text.plan_part(state, actions))
            if whole:
                yield (*head, *rest)
            elif i == 0 or self.rng.random() < self.recipe.chunks:
                yield (*_chunk_head(todo), *rest)
            if self.rng.random() < self.recipe.restarts and len(actions) > 2:
                yield from self._restart(state, todo, start, actions)
        if not whole:
            yield (*head, text.Segment("[SEP]", "", True))

    def _restart(
        self, state: State, todo: Sequence[Condition], start: State, actions: Sequence[Action]
    ) -> Iterator[text.Document]:
        """A plan from the middle of another, as after a failure."""
        for action in actions[: self.rng.randrange(1, len(actions))]:
            state = effect(state, action)
        left = chunk(state, todo, start)
        taught = teach(state, left, start) if left else None
        if taught is None or not taught.actions:
            return
        facts = fetch(state, left, start)
        if _covered(state, taught.actions, facts.texts):
            yield (*_chunk_head(left), *text.facts_part(facts.texts), *text.plan_part(state, taught.actions))


def _chunk_head(todo: Sequence[Condition]) -> text.Document:
    goal_text = format_goal(Goal(phases=(tuple(todo),)))
    return (*text.heading("", ""), text.Segment("[SEP]", goal_text))


def _covered(state: State, actions: Sequence[Action], facts: Sequence[str]) -> bool:
    """Whether the facts name everything that the plan uses."""
    said = f" ; {' ; '.join(facts)} "
    names = {name for action in actions for name in action.args}
    # A name begins a fact or follows a relation: "knife 1" is not named by "butter knife 1".
    return all(any(f" {word} {name} " in said for word in (";", "on", "in", "with")) for name in names)
