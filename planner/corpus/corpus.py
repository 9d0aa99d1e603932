"""The training corpus: documents drawn from sampled homes, phrases and the teacher, reproducible from a seed.

A recipe is a YAML file in `datasets/recipes/`. Homes of the train, validation and test splits come from disjoint seed
ranges; test phrasings and test goals are never drawn for training (`phrase_patterns.is_held_out`,
`task_sampler.goal_is_held_out`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from envs.errors import EnvsError, GoalError
from envs.symbolic.actions import Action, State, successor
from envs.symbolic.domain import Domain
from envs.symbolic.goals import Condition, Goal, format_goal, parse_goal
from envs.symbolic.kinds.spoken_words import named_in, own_kinds
from planner.corpus.failure_scenarios import Incidents
from planner.corpus.free_text.sentences import PeopleHome, people_folder, read_people
from planner.corpus.free_text.trees import FreeText, Shares
from planner.corpus.teacher import teach
from planner.corpus.teacher_chunks import Chunk, plan_in_chunks
from planner.facts.retrieval import retrieve_facts
from planner.goals.chunking import next_conditions
from planner.goals.narrowing import Narrowed
from planner.goals.serving import as_served
from planner.language.domain_phrases import families_of
from planner.language.normalization import normalize
from planner.prompts import text_format
from planner.prompts.own_names import kinds_shown_apart, own_names, own_states
from planner.tasks import excluded_forms
from planner.tasks.augmentation import vary_line
from planner.tasks.home_splits import SPLITS, SplitName, sample_home
from planner.tasks.renaming.own_skills import with_own_skill
from planner.tasks.renaming.renamed_homes import rename_kinds
from planner.tasks.task_files import TaskLine, with_steps
from planner.tasks.task_homes import home_for_lines
from planner.tasks.task_sampler import Task, TaskDrawer, goal_is_held_out

if TYPE_CHECKING:
    from planner.corpus.wrong_goals.written import GoalWriter

WITH_OWN_SKILL = 0.25  # share of renamed homes whose robot has a skill with a made-up name
NO_TASK = "That is not a task."  # why a human-written line is refused, if it does not say so
N_ABSENT = 3  # kinds that the domain of a renamed home has and the home has not: what asks for them is refused


@dataclass(frozen=True, kw_only=True)
class Recipe(Shares):
    """Composition of a corpus. All fields with a float default are fractions in [0, 1].

    Those of `Shares` are about the sentences of people, with `people`.

    Attributes:
        trees: Number of trees: documents that share a prefix. A tree is a home with its tasks, a scene with its
            human-written lines, or a plan.
        tasks_per_home: Tasks drawn for one home before the next is sampled.
        lines_per_scene: Maximum human-written lines used for one scene: lines of a task file with the same `objects`.
        parts: Weights of 1, 2, 3, ... tasks joined in one instruction.
        refusals: Fraction of tasks whose correct answer is a refusal.
        questions: Fraction of tasks, in homes with an inventory, whose correct answer is a question.
        with_inventory: Fraction of homes and scenes whose objects are listed in the prompt.
        plans: Fraction of tasks whose plan becomes documents too. The others teach only parsing of instructions,
            which takes longer to learn.
        restarts: Probability that a plan yields another document that starts in its middle.
        chunks: Fraction of a long goal's chunks after the first one that become documents.
        proposals: Fraction of tasks that also become a document proposing the task ([TASK]).
        descriptions: Fraction of tasks that also become a document with the goal as input, the instruction as output.
        human: Fraction of homes and scenes that are scenes of human-written lines (task files).
        with_steps: Fraction of human-written lines that include their steps.
        varied: Fraction of human-written lines that are changed to name another object, place or temperature.
        dropped: Fraction of the words of human-written lines that are dropped, against memorization.
        feedback: Fraction of trees that are plans after a failure ([FEEDBACK], planner/corpus/failure_scenarios.py).
        infill: Fraction of trees that are plans with a span to fill in ([MASK]).
        common_sense: Whether plans choose objects as people do (planner/goals/choice.py); the corpus of the released
            weights does not.
        noise: Whether generated instructions have typos, missing articles and missing punctuation.
        conditions: Maximum conditions of a goal; None: no limit.
        people: Fraction of homes and scenes that are homes of `datasets/people`, with what people said there. If above
            0, generated instructions, too, get words that matter, stories and noise, and each goal is followed by what
            each word was for (planner/corpus/free_text/).
        reading: Where the GPT says which words a goal cannot say, with `people` (`text_format.in_reading`); other
            formats than `labels` were only compared with it (planner/benchmarks/reading_ablations/).
        renamed: Fraction of homes with an inventory in which kinds of objects and furniture are called by rare nouns
            (planner/tasks/renaming/); the GPT then learns to copy the names that a home shows.
        without: Goal forms and fixture categories to exclude (planner/tasks/excluded_forms.py).
        vocab_size: Vocabulary size of the tokenizer trained on the corpus, special tokens included.
    """

    trees: int = 100_000
    tasks_per_home: int = 8
    lines_per_scene: int = 8
    parts: tuple[float, ...] = (0.62, 0.22, 0.10, 0.06)
    refusals: float = 0.08
    questions: float = 0.05
    with_inventory: float = 0.8
    plans: float = 0.25
    restarts: float = 0.2
    chunks: float = 0.5
    proposals: float = 0.03
    descriptions: float = 0.0
    human: float = 0.3
    with_steps: float = 0.2
    varied: float = 0.0
    dropped: float = 0.05
    feedback: float = 0.0
    infill: float = 0.0
    common_sense: bool = False
    noise: bool = True
    renamed: float = 0.0
    people: float = 0.0
    reading: text_format.Reading = "labels"
    conditions: int | None = None
    without: tuple[str, ...] = ()
    vocab_size: int = 2048

    def __post_init__(self) -> None:
        """Validate the ranges."""
        if self.trees < 1 or self.tasks_per_home < 1 or self.lines_per_scene < 1 or not self.parts:
            raise ValueError("a recipe needs trees, tasks per home, lines per scene and parts of at least one")
        for name in _FRACTIONS:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"recipe: {name} must be a fraction in [0, 1], found {getattr(self, name)}")
        if self.reading not in get_args(text_format.Reading):
            formats = ", ".join(get_args(text_format.Reading))
            raise ValueError(f"recipe: reading must be one of {formats}, found {self.reading!r}")
        if self.feedback + self.infill > 1:
            raise ValueError(
                f"recipe: feedback and infill must sum to at most 1, found {self.feedback} and {self.infill}"
            )
        excluded_forms.check(self.without)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The optional document kinds that the model is trained on, as recorded in its folder."""
        names = ("feedback", "infill", "descriptions", "renamed", *(("people",) if self.reading == "labels" else ()))
        of_people = {"descriptions": self.reworded, "replies": self.replies} if self.people else {}
        return tuple(n for n in (*names, "replies") if of_people.get(n) or (n != "replies" and getattr(self, n)))


_FRACTIONS = (
    "refusals", "questions", "with_inventory", "plans", "restarts", "chunks", "proposals", "descriptions",
    "human", "with_steps", "varied", "dropped", "feedback", "infill", "renamed", "people",
    *(field.name for field in fields(Shares)),
)  # fmt: skip


@lru_cache(maxsize=1)
def _people(folder: Path) -> tuple[PeopleHome, ...]:
    """Return what people said; reading it takes ten seconds, and each shard of a corpus needs it."""
    return tuple(read_people(folder))


def document_kinds(recipe: Recipe, domain: Domain | None) -> list[str]:
    """Return the optional kinds of documents in a corpus; one of a domain that adds to the home shows names, too."""
    kinds = list(recipe.kinds)
    if domain is not None and "renamed" not in kinds and (own_kinds(domain) or own_states(domain)):
        kinds.append("renamed")
    return kinds


class Corpus:
    """Draw documents for one seed of one split."""

    def __init__(
        self,
        recipe: Recipe,
        seed: int,
        *,
        split: SplitName = "train",
        human: Sequence[TaskLine] = (),
        domain: Domain | None = None,
        writer: GoalWriter | None = None,
    ) -> None:
        """Prepare to draw documents, which depend only on these arguments; `domain` None is the default domain.

        `writer` writes goals that the GPT learns to find out (`people`); None: there are none.
        """
        self.recipe = recipe
        self.rng = random.Random(f"{split}/{seed}")
        self.noun_rng = random.Random(f"nouns/{split}/{seed}")  # its own, so that other homes stay as they are
        self.drawer = TaskDrawer(self.rng, phrases="train", noise=recipe.noise, domain=domain)
        self.span = SPLITS[split]
        by_scene: dict[tuple[str, ...], list[TaskLine]] = {}
        for line in human:
            if line.answer == "refuse" if line.goal is None else not goal_is_held_out(line.goal):
                by_scene.setdefault(line.objects or (line.id,), []).append(line)
        self.scenes = list(by_scene.values())
        incidents = Incidents(self.rng, self.drawer, self.span, common_sense=recipe.common_sense)
        self.failure_documents = (incidents.feedback_documents(), incidents.infill_documents())
        self.free_text: FreeText | None = None
        if recipe.people and self.drawer.domain.speech.of_home:
            rng = random.Random(f"people/{split}/{seed}")
            self.free_text = FreeText(
                _people(people_folder()), rng, shares=recipe, writer=writer, excluded=self._is_excluded
            )  # fmt: skip
        self.cumulative_lines = list(accumulate(len(lines) for lines in self.scenes))

    def trees(self) -> Iterator[text_format.Tree]:
        """Yield trees without end: for each home its tasks, then some plans; plans after failures are mixed in."""
        shares, reading = (self.recipe.feedback, self.recipe.infill), self.recipe.reading
        for tree in self._tree_batches():
            while sum(shares) and self.rng.random() < sum(shares):
                (documents,) = self.rng.choices(self.failure_documents, shares)
                yield text_format.Tree(next(documents))
            if not tree.branches:
                yield tree
            elif branches := [b for branch in tree.branches if (b := text_format.in_reading(branch, reading))]:
                yield text_format.Tree(tree.trunk, tuple(branches))

    def _tree_batches(self) -> Iterator[text_format.Tree]:
        while True:
            with_inventory = self.rng.random() < self.recipe.with_inventory
            if self.free_text is not None and self.rng.random() < self.recipe.people:
                yield self.free_text.tree(self.recipe.tasks_per_home, with_inventory=with_inventory)
            elif self.scenes and self.rng.random() < self.recipe.human:
                yield from self._scene_trees(with_inventory)
            else:
                absent = excluded_forms.fixtures(self.recipe.without)
                home = sample_home(self.rng, self.span, absent=absent, domain=self.drawer.domain)
                own_tasks = None
                if with_inventory and self.recipe.renamed and self.noun_rng.random() < self.recipe.renamed:
                    home = self._renamed(home)
                    if self.noun_rng.random() < WITH_OWN_SKILL:
                        home, own_tasks = self._with_own_skill(home)
                yield from self._home_trees(home, with_inventory, own_tasks)

    def documents(self) -> Iterator[text_format.Document]:
        """Yield the same as flat documents, with the trunk repeated before each branch."""
        for tree in self.trees():
            yield from ((*tree.trunk, *branch) for branch in tree.branches or ((),))

    # -- human-written lines -----------------------------------------------------------------------------------------

    def _scene_trees(self, with_inventory: bool) -> Iterator[text_format.Tree]:
        """Yield a tree of one scene's lines; a scene is drawn in proportion to its number of lines."""
        (lines,) = self.rng.choices(self.scenes, cum_weights=self.cumulative_lines)
        lines = self.rng.sample(lines, k=min(len(lines), self.recipe.lines_per_scene))
        lines = [self._varied(line) if self.rng.random() < self.recipe.varied and line.goal else line for line in lines]
        names = ""
        if with_inventory:
            try:
                seed = self.rng.randrange(*self.span)
                names = text_format.inventory(home_for_lines(lines, seed=seed, domain=self.drawer.domain))
            except EnvsError:
                return
        branches = tuple(
            text_format.goal_document(self._instruction(line), format_goal(line.goal))
            if line.goal
            else text_format.refusal_document(self._instruction(line), "[REFUSE]", str(line.extra.get("say", NO_TASK)))
            for line in lines
        )
        yield text_format.Tree(text_format.home_part(names), branches)

    def _varied(self, line: TaskLine) -> TaskLine:
        if not self.drawer.domain.speech.of_home:  # lines are varied by what people say in homes
            return line
        attempts = (vary_line(line, self.rng) for _ in range(3))
        variation = next((attempt for attempt in attempts if attempt is not None), None)
        return line if variation is None or variation.goal is None or goal_is_held_out(variation.goal) else variation

    def _instruction(self, line: TaskLine) -> str:
        instruction = line.instruction
        if self.rng.random() < self.recipe.with_steps:
            instruction = with_steps(instruction, line.steps)
        words = instruction.split()
        if self.rng.random() < 0.5:
            words = [w for w in words if self.rng.random() >= 2 * self.recipe.dropped]
        return normalize(" ".join(words))

    # -- generated tasks ---------------------------------------------------------------------------------------------

    def _renamed(self, home: State) -> State:
        """Call some kinds of a home, in one home of three all of them, by nouns of the training split."""
        share = 1.0 if self.noun_rng.random() < 1 / 3 else self.noun_rng.uniform(0.1, 1.0)
        return rename_kinds(home, self.noun_rng, "train", share=share, n_absent=N_ABSENT)

    def _with_own_skill(self, home: State) -> tuple[State, TaskDrawer]:
        """Give a home's robot a skill with a made-up name; return what draws tasks for it, too."""
        home = with_own_skill(home, self.noun_rng, "train")
        domain, known = home.world.domain, {family.name for family in self.drawer.families}
        families = [family.name for family in families_of(domain) if ": " in family.name and family.name not in known]
        return home, TaskDrawer(self.rng, phrases="train", noise=self.recipe.noise, families=families, domain=domain)

    def _home_trees(
        self, state: State, with_inventory: bool, own_tasks: TaskDrawer | None = None
    ) -> Iterator[text_format.Tree]:
        branches: list[text_format.Document] = []
        plans: list[text_format.Document] = []
        for _ in range(self.recipe.tasks_per_home):
            drawer = own_tasks if own_tasks is not None and self.noun_rng.random() < 0.5 else self.drawer
            task = self._task(state, with_inventory, drawer)
            if task is None:
                continue
            names = own_names(task.instruction, state.world) if with_inventory else ""
            if task.goal is None:
                special_token: Literal["[REFUSE]", "[ASK]"] = "[ASK]" if task.ask else "[REFUSE]"
                branches.append(
                    text_format.refusal_document(task.instruction, special_token, task.ask or task.refuse or "", names)
                )
                continue
            own = named_in(task.goal_text, (*kinds_shown_apart(state.world), *own_states(state.world.domain)))
            if named_in(names, own) != own:
                continue  # a typing error hides a name: nobody could write it
            try:
                chunks = list(plan_in_chunks(task.start, task.goal, common_sense=self.recipe.common_sense))
            except LookupError:
                continue
            if self.free_text is not None and not names:
                branches += self.free_text.generated(task.instruction, task.goal_text, tuple(state.world.categories))
            else:
                branches.append(text_format.goal_document(task.instruction, task.goal_text, names))
            # No proposals of own kinds: their names are shown only behind an instruction.
            if with_inventory and not own and self.rng.random() < self.recipe.proposals:
                branches.append(text_format.proposal_document(task.instruction, task.goal_text))
            if with_inventory and self.rng.random() < self.recipe.descriptions:
                branches.append(text_format.description_document(task.goal_text, task.instruction))
            if self.rng.random() < self.recipe.plans:
                plans += self._plans(task.goal, chunks)
        if branches:
            yield text_format.Tree(
                text_format.home_part(text_format.inventory(state) if with_inventory else ""), tuple(branches)
            )
        yield from map(text_format.Tree, plans)

    def _task(self, state: State, with_inventory: bool, drawer: TaskDrawer) -> Task | None:
        roll = self.rng.random()
        if roll < self.recipe.refusals:
            return self._unless_excluded(self.drawer.draw_refusal(state, inventory_known=with_inventory))
        if with_inventory and roll < self.recipe.refusals + self.recipe.questions:
            question = next((t for _ in range(8) if (t := self.drawer.draw_question(state)) is not None), None)
            return self._unless_excluded(question)
        parts = self.rng.choices(range(1, len(self.recipe.parts) + 1), self.recipe.parts)[0]
        for _ in range(4):
            task = drawer.draw(state, parts=parts, inventory_known=with_inventory)
            if (
                task is not None
                and task.goal is not None
                and not goal_is_held_out(task.goal)
                and self._unless_excluded(task)
            ):
                return task
        return None

    def _unless_excluded(self, task: Task | None) -> Task | None:
        """Return the task, or None if the recipe excludes it."""
        if task is None:
            return None
        text = " ".join(filter(None, (task.instruction, task.refuse, task.ask)))
        return None if self._excludes(text, task.goal) else task

    def _excludes(self, text: str, goal: Goal | None) -> bool:
        """Whether the recipe leaves out texts with these words, or goals like this one."""
        recipe = self.recipe
        if excluded_forms.mentions(text, recipe.without):
            return True
        if goal is None:
            return False
        is_long = recipe.conditions is not None and len(goal.conditions) > recipe.conditions
        return is_long or bool(excluded_forms.forms(goal) & set(recipe.without))

    def _is_excluded(self, text: str, goal: str) -> bool:
        """Whether the recipe leaves out a sentence of a person with this goal, "" for none.

        A goal with names of the person's home cannot be tested, and is left out.
        """
        if not self.recipe.without and self.recipe.conditions is None:
            return False
        try:
            return self._excludes(text, parse_goal(goal, self.drawer.domain) if goal else None)
        except GoalError:
            return True

    def _plans(self, goal: Goal, chunks: Sequence[Chunk]) -> Iterator[text_format.Document]:
        for i, (state, conditions, initial_state, actions) in enumerate(chunks):
            phases = (*goal.phases, *as_served(goal, initial_state).phases)  # the teacher serves clean things
            phase = next((p for p in phases if set(conditions) <= set(p)), ())  # none: it prepares for others
            facts = retrieve_facts(state, conditions, initial_state, phase=phase, common_sense=self.recipe.common_sense)
            plain = tuple(dict.fromkeys(c.condition if isinstance(c, Narrowed) else c for c in conditions))
            is_excluded = not phase and excluded_forms.forms(Goal(phases=(plain,))) & set(self.recipe.without)
            if is_excluded or not facts.name_all(actions):
                continue
            if i == 0 or self.rng.random() < self.recipe.chunks:
                yield (
                    *text_format.plan_heading(plain, state.world.domain),
                    *text_format.facts_part(facts.texts),
                    *text_format.plan_part(state, actions),
                )
            if self.rng.random() < self.recipe.restarts and len(actions) > 2:
                yield from self._restart(state, conditions, initial_state, actions)

    def _restart(
        self, state: State, conditions: Sequence[Condition | Narrowed], initial_state: State, actions: Sequence[Action]
    ) -> Iterator[text_format.Document]:
        """Yield a plan that starts in the middle of another, as after a failure."""
        for action in actions[: self.rng.randrange(1, len(actions))]:
            state = successor(state, action)
        remaining = next_conditions(
            state, [condition for condition in conditions if not isinstance(condition, Narrowed)], initial_state
        )
        common_sense = self.recipe.common_sense
        taught = teach(state, remaining, initial_state, common_sense=common_sense) if remaining else None
        if taught is None or not taught.actions:
            return
        facts = retrieve_facts(state, remaining, initial_state, common_sense=common_sense)
        if facts.name_all(taught.actions):
            yield (
                *text_format.plan_heading(remaining, state.world.domain),
                *text_format.facts_part(facts.texts),
                *text_format.plan_part(state, taught.actions),
            )
