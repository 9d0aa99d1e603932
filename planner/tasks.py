"""Task files: anybody's benchmark, one JSON object a line (`.gz` too), and the homes that their tasks need.

    {"id": "...", "instruction": "...", "goal": "cold apple in microwave", "home": null, "objects": ["apple", ...]}

`home` is a YAML path, a seed, or null. Null samples a home from (seed, id) that holds what the goal and `objects` need,
honours `facts` and `absent`, and in which the goal is not yet true. `answer` is plan, refuse or ask. Unknown keys are
kept and ignored, but for `family` (the kind of task) and `steps` (a person's step-by-step description).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from envs.domain import Domain, load_domain
from envs.errors import EnvsError, quoted
from envs.goals import Count, Every, FixtureIs, Goal, Holding, No, Place, Thing, format_condition, parse_goal
from envs.reading import ReadError, read_text
from envs.sampling import sample_scene
from envs.scene import Scene
from envs.scoring import holds
from envs.state import State, World

DECOYS = (8, 16)  # categories of things that a sampled home has for no reason; measured: tests/planner/test_tasks.py
FIXTURE_DECOYS = (3, 8)
MAX_BYTES = 200_000_000  # of a task file, unpacked
MAX_SEED = 2**62
ATTEMPTS = 36  # homes that are sampled until one is found in which the goal does not hold yet

Answer = Literal["plan", "refuse", "ask"]


class TaskError(EnvsError, ValueError):
    """A task file is invalid; the message has one line per problem."""


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """One task of a task file. `extra` keeps the keys that are not ours."""

    id: str
    instruction: str
    goal: Goal | None
    home: str | int | None = None
    objects: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    answer: Answer = "plan"
    reference: object = None
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[str, ...]:
        """The step-by-step description; none unless it is a list of strings."""
        found = self.extra.get("steps")
        return tuple(found) if isinstance(found, list) and all(isinstance(step, str) for step in found) else ()


def read_tasks(path: str | Path) -> list[TaskLine]:
    """Read a task file.

    Raises:
        TaskError: Missing, not UTF-8, bad JSON, unknown goal words, duplicate ids; every problem with its line number.
    """
    path = Path(path)
    try:
        lines = read_text(path, MAX_BYTES).split("\n")  # not splitlines: a JSON text may contain other line separators
    except ReadError as error:
        raise TaskError(f"cannot be read as a task file: {error}") from None
    tasks: list[TaskLine] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
            if "\\u" in line:
                json.dumps(content, ensure_ascii=False).encode()
            task = _task(content, path)
        except json.JSONDecodeError as error:
            problems.append(f"{path}:{number}: not JSON: {error.msg} at column {error.colno}")
            continue
        except RecursionError:
            problems.append(f"{path}:{number}: not a task: nested too deeply")
            continue
        except UnicodeEncodeError:
            problems.append(f"{path}:{number}: half of a character (an unpaired surrogate) is in a text")
            continue
        except ValueError as error:  # GoalError and TaskError too
            problems.append(f"{path}:{number}: {error}")
            continue
        if task.id in seen:
            problems.append(f"{path}:{number}: id {task.id!r} was used on line {seen[task.id]}")
        seen.setdefault(task.id, number)
        tasks.append(task)
    if problems:
        more = [f"... and {len(problems) - 20} more"] if len(problems) > 20 else []
        raise TaskError("\n".join(problems[:20] + more))
    if not tasks:
        raise TaskError(f"{path}: has no task")
    return tasks


def _task(raw: object, path: Path) -> TaskLine:
    if not isinstance(raw, dict):
        raise TaskError(f"expected an object, found {type(raw).__name__}")

    def words(key: str) -> tuple[str, ...]:
        value = raw.get(key) or []
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise TaskError(f"{key!r} is to be a list of strings, found {quoted(value)}")
        return tuple(value)

    for key in ("id", "instruction"):
        if not isinstance(raw.get(key), str):
            raise TaskError(f"{key!r} is to be a string, found {quoted(raw.get(key))}")
    answer = raw.get("answer", "plan")
    if answer not in ("plan", "refuse", "ask"):
        raise TaskError(f"'answer' is plan, refuse or ask, found {quoted(answer)}")
    goal = raw.get("goal")
    if goal is not None and not isinstance(goal, str):
        raise TaskError(f"'goal' is to be a string or null, found {quoted(goal)}")
    if goal is None and answer == "plan":
        raise TaskError("a task whose answer is a plan needs a 'goal'")
    home = raw.get("home")
    if home is not None and (isinstance(home, bool) or not isinstance(home, (str, int)) or home == ""):
        raise TaskError(f"'home' is a path, a seed or null, found {quoted(home)}")
    if isinstance(home, int) and not 0 <= home < MAX_SEED:
        raise TaskError(f"'home' is a seed from 0 to 2**62 - 1, found {quoted(home)}")
    if isinstance(home, str):
        home = _home_file(home, path)
    known = {"id", "instruction", "goal", "home", "objects", "facts", "absent", "answer", "reference"}
    return TaskLine(
        id=raw["id"],
        instruction=raw["instruction"],
        goal=parse_goal(goal) if goal is not None else None,
        home=home,
        objects=words("objects"),
        facts=words("facts"),
        absent=words("absent"),
        answer=cast(Answer, answer),
        reference=raw.get("reference"),
        extra={k: v for k, v in raw.items() if k not in known},
    )


def _home_file(name: str, tasks: Path) -> str:
    """Return the path of a home file, which may stand beside the task file. A missing one is told when it is read."""
    try:
        found = Path(name) if Path(name).exists() else tasks.parent / name
        if found.exists() and not found.is_file():  # a device or a pipe might never end
            raise TaskError(f"'home' is a file, a seed or null, found {quoted(name)}")
    except (OSError, ValueError):
        raise TaskError(f"'home' is no path: {quoted(name)}") from None
    return str(found)


def with_steps(instruction: str, steps: Sequence[str]) -> str:
    """Return an instruction followed by its step-by-step description, as a GPT is told them."""
    said = [words for step in steps if (words := step.strip().rstrip(" \t\n.,;:!?"))]
    return f"{instruction} steps: {'. '.join(said)}" if said else instruction


def needs(goal: Goal, domain: Domain) -> tuple[Counter[str], Counter[str]]:
    """Return the fixtures and the objects, with numbers, that a home must have for a goal to be reachable."""
    fixtures: Counter[str] = Counter()
    objects: Counter[str] = Counter()

    def thing(wanted: Thing, number: int = 1) -> None:
        if wanted.word != "anything":
            objects[wanted.word] = max(objects[wanted.word], number)
        for state in wanted.states:
            for fixture in {"clean": ["sink"], "hot": ["microwave"], "cold": ["fridge"]}.get(state, []):
                fixtures[fixture] = max(fixtures[fixture], 1)
            if state == "sliced":
                objects["knife"] = max(objects["knife"], 1)
            if state == "cooked":
                fixtures["stove burner"] = max(fixtures["stove burner"], 1)
                objects["pan"] = max(objects["pan"], 1)
        if wanted.liquid == "water":
            fixtures["sink"] = max(fixtures["sink"], 1)
        elif wanted.liquid == "coffee":
            fixtures["coffee machine"] = max(fixtures["coffee machine"], 1)
        elif wanted.liquid is not None:
            for name, kind in domain.objects.items():
                if kind.contains == wanted.liquid:
                    objects[name] = max(objects[name], 1)

    def place(where: Place | None) -> None:
        if where is None:
            return
        if where.fixture is not None:
            fixtures[where.fixture] = max(fixtures[where.fixture], 1)
        elif where.thing is not None:
            thing(where.thing)
            place(where.inside)

    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            kind = domain.resolve_fixture(condition.fixture, condition.state)[0]  # of a class, one will do
            fixtures[kind] = max(fixtures[kind], 1)
            if condition.state == "clean":
                objects["cloth"] = max(objects["cloth"], 1)
            if condition.state == "watered":
                objects["watering can"] = max(objects["watering can"], 1)
                fixtures["sink"] = max(fixtures["sink"], 1)
        elif isinstance(condition, Holding):
            thing(condition.thing)
        else:
            number = condition.number if isinstance(condition, Count) else 1
            thing(condition.thing, number)
            place(condition.place)
    return fixtures, objects


def home_for(task: TaskLine, *, seed: int = 0, geometry: bool = True) -> State:
    """Return the state in which a task starts: its own home, or one sampled from (seed, id).

    Raises:
        EnvsError: The home cannot be loaded, or what the task asks of a sampled one cannot be.
    """
    if isinstance(task.home, str):
        from envs.homes import load_home

        return World(load_home(task.home)).initial()
    if isinstance(task.home, int):
        return World(sample_scene(task.home, geometry=geometry)).initial()
    domain = load_domain()
    fixtures, objects = needs(task.goal, domain) if task.goal else (Counter[str](), Counter[str]())
    absent = set(task.absent)
    for name, number in Counter(task.objects).items():
        table = fixtures if name in domain.fixtures else objects
        table[name] = max(table[name], number)
    conditions = task.goal.conditions if task.goal else ()
    lying = [format_condition(Count(thing=c.thing, place=c.place)) for c in conditions if isinstance(c, No) and c.place]
    digest = int.from_bytes(hashlib.blake2b(f"{seed}/{task.id}".encode(), digest_size=6).digest(), "big")
    fixtures = Counter({k: n for k, n in fixtures.items() if k not in absent})
    objects = Counter({k: n for k, n in objects.items() if k not in absent})
    for attempt in range(ATTEMPTS):
        more_fixtures, more_objects = decoys(random.Random(digest + attempt), task, domain)
        if attempt > ATTEMPTS / 3:  # fewer things, of which none may be where it is to be
            more_objects = Counter(dict.fromkeys(more_objects, 1))

        def sampled(fixtures: Counter[str], objects: Counter[str], home_seed: int = digest + attempt) -> Scene:
            return sample_scene(
                home_seed,
                need_fixtures=fixtures,
                need_objects=objects,
                n_objects=1 if _is_listed(task) else None,  # what the file lists is what there is
                absent=tuple(absent),
                facts=(*task.facts, *lying),
                geometry=geometry,
            )

        try:
            scene = sampled(fixtures | more_fixtures, objects | more_objects)
        except EnvsError:  # a decoy that the facts rule out, or that there is no room for
            scene = sampled(fixtures, objects)
        scene = undone(scene, task.goal, domain) if task.goal else scene
        state = World(scene).initial()
        if task.goal is None or not all(holds(state, c, state) for c in task.goal.phases[-1]):
            return state
    raise TaskError(f"task {task.id}: its goal held already in each of {ATTEMPTS} homes that were sampled for it")


def home_of_lines(lines: Sequence[TaskLine], *, seed: int) -> State:
    """Return a home, without geometry, that has what each of several lines of one scene needs.

    Raises:
        EnvsError: No such home can be.
    """
    domain = load_domain()
    fixtures, objects = Counter[str](), Counter[str]()
    for line in lines:
        if line.goal is not None:
            theirs = needs(line.goal, domain)
            fixtures, objects = fixtures | theirs[0], objects | theirs[1]
    more_fixtures, more_objects = decoys(random.Random(seed), lines[0], domain)
    return World(
        sample_scene(
            seed,
            need_fixtures=fixtures | more_fixtures,
            need_objects=objects | more_objects,
            n_objects=1 if _is_listed(lines[0]) else None,
            geometry=False,
        )
    ).initial()


def _is_listed(task: TaskLine) -> bool:
    """Whether the file lists all the things of the home, not only what the task is about."""
    return len(task.objects) >= DECOYS[0]


def decoys(rng: random.Random, task: TaskLine, domain: Domain) -> tuple[Counter[str], Counter[str]]:
    """Return fixtures and objects that nobody asked for, drawn from all there are, and numbers of what is listed.

    Else what is rare in a home, or there twice, would give the goal away.
    """
    gone = {c for word in task.absent for c in (word, *domain.members.get(word, ()))}
    furniture, things = (sorted(set(names) - gone) for names in (domain.fixtures, domain.objects))
    fixtures = Counter(rng.sample(furniture, k=min(len(furniture), rng.randint(*FIXTURE_DECOYS))))
    if _is_listed(task):
        objects = sorted({name for name in task.objects if name in domain.objects} - gone)
    else:
        objects = rng.sample(things, k=min(len(things), rng.randint(*DECOYS)))
    return fixtures, Counter({name: rng.choice((1, 1, 2, 3)) for name in objects})


def undone(scene: Scene, goal: Goal, domain: Domain) -> Scene:
    """Return the scene with the states undone that a goal asks for: what is to be cleaned is dirty, lamps are off."""
    objects = list(scene.objects)
    fixtures = list(scene.fixtures)

    def soil(word: str) -> None:
        for i, spec in enumerate(objects):
            if spec.category in domain.resolve(word):
                objects[i] = replace(spec, states=spec.states | {"dirty"})

    for condition in goal.conditions:
        if not isinstance(condition, FixtureIs):
            wanted = condition.become if isinstance(condition, Every) else condition.thing.states
            if ("dirty" if isinstance(condition, No) else "clean") in wanted:
                soil(condition.thing.word)
        elif condition.state != "watered":
            state = domain.negations.get(condition.state, condition.state)
            is_true = (condition.state == state) == (condition.quantifier == "no")
            kinds = domain.resolve_fixture(condition.fixture, condition.state)
            for i, fixture in enumerate(fixtures):
                if fixture.category in kinds:
                    fixtures[i] = replace(
                        fixture, states=fixture.states | {state} if is_true else fixture.states - {state}
                    )
    return replace(scene, objects=tuple(objects), fixtures=tuple(fixtures))
