"""Evaluation tasks: held-out homes, phrasings, goals and goal lengths, and tasks read from task files.

A "trial" is an `EvaluationTask`: an instruction, its home and the correct answer. Trials of the built-in splits are
drawn from seeds; none needs the teacher.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from envs.scenes.robot_file import with_robot
from envs.symbolic.actions import State, World
from envs.symbolic.embodiment.refusals import robot_obstacle
from envs.symbolic.goals import Goal
from envs.symbolic.kinds.spoken_words import named_in, own_kinds
from envs.symbolic.state import state_words
from planner.tasks import excluded_forms
from planner.tasks.home_splits import SPLITS, Span, sample_home
from planner.tasks.renaming.renamed_homes import Renamable, rename_kinds
from planner.tasks.task_files import Answer, TaskLine, with_steps
from planner.tasks.task_homes import home_for
from planner.tasks.task_sampler import Task, TaskDrawer, goal_is_held_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envs.scenes.robot_file import AnyRobot
    from envs.symbolic.domain import Domain

NounKind = Literal["known", "never seen"]
LONG = (5, 6)  # minimum and maximum conditions: more than any training document plans for at once
MAX_DRAWS = 4000  # draws for one trial before the split ends


@dataclass(frozen=True, kw_only=True)
class EvaluationTask:
    """An instruction in a home, with the correct answer.

    Attributes:
        id: Its identifier in the predictions.
        split: Name of the split, a row of the results table.
        family: The type of task.
        instruction: The user's instruction.
        start: The initial state of the home.
        goal: The goal that the plan is scored against; None only if the correct answer is not a plan.
        answer: The correct type of answer.
        reference: Another system's plan, which is scored too.
        steps: A human-written step-by-step description, if the prompt includes it.
        meant: For a query or a rule, the question or the rules in canonical wording.
        also, also_meant: Other goals, questions or rules that are as good.
        nouns: Whether the home's kinds have names that no training document has.
        file: The task file that it is from, if it is from one.
    """

    id: str
    split: str
    family: str
    instruction: str
    start: State
    goal: Goal | None
    answer: Answer = "plan"
    reference: tuple[str, ...] | None = None
    steps: tuple[str, ...] = ()
    meant: str = ""
    also: tuple[Goal, ...] = ()
    also_meant: tuple[str, ...] = ()
    nouns: NounKind = "known"
    file: str = ""

    @property
    def prompt(self) -> str:
        """The planner's input: the instruction, followed by the steps if there are any."""
        return with_steps(self.instruction, self.steps)


def for_robot(trial: EvaluationTask, robot: AnyRobot) -> EvaluationTask:
    """Return a task for another robot; what that cannot do, it shall refuse.

    Raises:
        RobotError: There is no such robot.
    """
    start = with_robot(trial.start, robot)
    is_beyond = trial.answer == "plan" and trial.goal is not None and bool(robot_obstacle(trial.goal, start))
    return replace(trial, start=start, answer="refuse" if is_beyond else trial.answer)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Definition of a built-in split.

    Attributes:
        name: Name of the split, a row of the results table.
        phrases: `train` or `test` lines of the phrase files.
        parts: Numbers of joined tasks, each equally likely.
        conditions: Minimum and maximum conditions of the goal; None: no limit.
        new_goal: Whether the goal has a condition that is held out of training; otherwise it has none.
        answer: The correct type of answer.
        noise: Whether instructions have typos, missing articles and missing punctuation, as in the corpus.
        forms: Each goal has at least one of these forms (planner/tasks/excluded_forms.py); (): any goal.
        without: Excluded goal forms, and fixture categories that no home has.
        in_turn: Whether the parts are sequential (`then`).
    """

    name: str
    phrases: str = "train"
    parts: tuple[int, ...] = (1, 1, 1, 1, 1, 1, 2, 2, 3, 4)  # as frequent as in the corpus
    conditions: tuple[int, int] | None = None
    new_goal: bool = False
    answer: Answer = "plan"
    noise: bool = True
    forms: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    in_turn: bool = False


BUILT_IN: tuple[Split, ...] = (
    Split(name="unseen homes"),
    Split(name="unseen phrasings", phrases="test"),
    Split(name="unseen goals", parts=(1, 1, 2), new_goal=True),
    Split(name="1 condition", parts=(1,), conditions=(1, 1)),
    Split(name="2 conditions", parts=(1, 2), conditions=(2, 2)),
    Split(name="3 conditions", parts=(2, 3), conditions=(3, 3)),
    Split(name="4 conditions", parts=(3, 4), conditions=(4, 4)),
    Split(name="5-6 conditions", parts=(4, 5, 6), conditions=LONG),
    Split(name="refusals", phrases="test", answer="refuse"),
    Split(name="questions", phrases="test", answer="ask"),
)


def draw_trials(
    split: Split,
    count: int,
    *,
    seed: int,
    span: Span = SPLITS["test"],
    inventory: bool = True,
    geometry: bool = False,
    domain: Domain | None = None,
    renamed: float = 0.0,
) -> Iterator[EvaluationTask]:
    """Yield the trials of a built-in split; a larger `count` only appends trials.

    Args:
        split: The split to draw from.
        count: Number of trials.
        seed: Seed of the trials.
        span: Seed range of the homes.
        inventory: Whether the prompt lists the home's objects; only then are misleading synonyms avoided.
        geometry: Whether homes have floor plans; only the physical world needs them.
        domain: What the homes are made of; None: the default domain.
        renamed: Share of each home's kinds of objects that are called by nouns of the test split; goals then name one.
    """
    rng = random.Random(f"{split.name}/{span}/{seed}")
    renaming = _Renaming(share=renamed, rng=random.Random(f"nouns/{split.name}/{span}/{seed}"))
    drawer = TaskDrawer(rng, phrases=split.phrases, noise=split.noise, domain=domain)
    for number in range(count):
        draws = (_draw(split, rng, drawer, span, inventory, geometry, renaming) for _ in range(MAX_DRAWS))
        task = next((drawn for drawn in draws if drawn), None)
        if task is None:
            return
        yield EvaluationTask(
            id=f"{split.name.replace(' ', '-')}/{'renamed/' if renamed else ''}{seed}/{number}",
            split=split.name,
            family=task.family if "+" not in task.family else f"{task.family.count('+') + 1} joined",
            instruction=task.instruction,
            start=_with_scene_states(task.start),
            goal=task.goal,
            answer=split.answer,
            nouns="never seen" if renamed else "known",
        )


@dataclass(frozen=True, kw_only=True)
class _Renaming:
    """How homes are renamed: the share of their kinds of objects, and the source of randomness."""

    share: float
    rng: random.Random

    def applied(self, home: State) -> State:
        if not self.share:
            return home
        objects: tuple[Renamable, ...] = ("objects",)
        return rename_kinds(home, self.rng, "test", share=self.share, kinds=objects)


def _draw(
    split: Split,
    rng: random.Random,
    drawer: TaskDrawer,
    span: Span,
    inventory: bool,
    geometry: bool,
    renaming: _Renaming,
) -> Task | None:
    absent = excluded_forms.fixtures(split.without)
    start = renaming.applied(sample_home(rng, span, geometry=geometry, absent=absent, domain=drawer.domain))
    if split.answer == "refuse":
        return drawer.draw_refusal(start, inventory_known=inventory)
    if split.answer == "ask":
        return drawer.draw_question(start)
    for _ in range(4):  # sampling a home costs more than sampling a task
        parts = rng.choice(split.parts)
        task = drawer.draw(start, parts=parts, inventory_known=inventory, in_turn=split.in_turn)
        if task is None or task.goal is None or goal_is_held_out(task.goal) != split.new_goal:
            continue
        if renaming.share and not named_in(task.goal_text, own_kinds(start.world.domain)):
            continue
        forms = excluded_forms.forms(task.goal)
        if forms & set(split.without) or (split.forms and not forms & set(split.forms)):
            continue
        min_conditions, max_conditions = split.conditions or (1, 99)
        if min_conditions <= len(task.goal.conditions) <= max_conditions:
            return task
    return None


def _with_scene_states(start: State) -> State:
    """Return the same state with its flags stored in the scene, from which the physical home is built."""
    world = start.world
    if start == world.initial():
        return start
    states = [state_words(flags, world.domain) for flags in start.flags]
    fixtures = tuple(replace(spec, states=states[i]) for i, spec in enumerate(world.scene.fixtures))
    objects = tuple(replace(spec, states=states[world.n_fixtures + i]) for i, spec in enumerate(world.scene.objects))
    return World(replace(world.scene, fixtures=fixtures, objects=objects)).initial()


def trial_from_line(
    line: TaskLine, *, seed: int = 0, geometry: bool = False, steps: bool = False, domain: Domain | None = None
) -> EvaluationTask:
    """Convert a task file's line to a trial.

    Args:
        line: The parsed line.
        seed: Seed of a sampled home.
        geometry: Whether a sampled home has a floor plan.
        steps: Whether the prompt includes the line's step-by-step description.
        domain: As in `draw_trials`.

    Raises:
        EnvsError: The home cannot be loaded or sampled, or the goal already holds.
    """
    reference = line.reference
    is_plan = isinstance(reference, list) and all(isinstance(step, str) for step in reference)
    return EvaluationTask(
        id=line.id,
        split=line.right_answer,
        family=family_of(line),
        instruction=line.instruction,
        start=home_for(line, seed=seed, geometry=geometry, domain=domain),
        goal=line.goal,
        answer=line.right_answer,
        meant=line.meant,
        also=line.also,
        also_meant=line.also_meant,
        reference=tuple(reference) if is_plan else None,  # type: ignore[arg-type]
        steps=line.steps if steps else (),
    )


def family_of(line: TaskLine) -> str:
    """Return the task type: the file's `family`, otherwise ALFRED's task type, otherwise `all`."""
    if isinstance(family := line.extra.get("family"), str):
        return family
    alfred = line.extra.get("alfred")
    if isinstance(alfred, dict) and isinstance(task_type := alfred.get("task_type"), str):
        return task_type
    return "all"


def sample_lines(lines: Sequence[TaskLine], limit: int | None, seed: int) -> list[TaskLine]:
    """Return all lines, or `limit` of them drawn uniformly, in the file's order."""
    if limit is None or limit >= len(lines):
        return list(lines)
    return [lines[i] for i in sorted(random.Random(f"limit/{seed}").sample(range(len(lines)), limit))]
