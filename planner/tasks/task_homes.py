"""The home of a task: the one it names, or a sampled one that has what the goal needs and does not meet it yet."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from envs.errors import EnvsError
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import BIT, DIRTY, State, World
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Count, Every, FixtureIs, Goal, Holding, No, Place, Thing, format_condition
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import fixtures_of, holds
from planner.goals.grounding import APPLIANCES
from planner.tasks.task_files import TaskError, TaskLine

DECOYS = (8, 16)  # categories of things that a sampled home has for no reason; measured: tests/planner/test_tasks.py
FIXTURE_DECOYS = (3, 8)
ATTEMPTS = 36  # homes that are sampled until one is found in which the goal does not hold yet


def needs(goal: Goal, domain: Domain) -> tuple[Counter[str], Counter[str]]:
    """Return the fixtures and the objects, with numbers, that a home must have for a goal to be reachable."""
    fixtures: Counter[str] = Counter()
    objects: Counter[str] = Counter()

    def thing(wanted: Thing, number: int = 1) -> None:
        if wanted.word != "anything":
            objects[wanted.word] = max(objects[wanted.word], number)
        for state in wanted.states:
            for fixture in APPLIANCES.get(state, ())[:1]:
                fixtures[fixture] = max(fixtures[fixture], 1)
            if state == "sliced":
                objects["knife"] = max(objects["knife"], 1)
            if state == "cooked":
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
        from envs.scenes.home_file import load_home

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
            state, is_true = _undone_fixture(condition, domain)
            kinds = domain.resolve_fixture(condition.fixture, condition.state)
            for i, fixture in enumerate(fixtures):
                if fixture.category in kinds:
                    fixtures[i] = replace(
                        fixture, states=fixture.states | {state} if is_true else fixture.states - {state}
                    )
    return replace(scene, objects=tuple(objects), fixtures=tuple(fixtures))


def undone_state(start: State, goal: Goal, rng: random.Random) -> State:
    """Return the state with what a goal wants undone, so that there is work to do.

    What one is to clean is dirty; of the fixtures that a condition is about, if they are several, half are changed.
    """
    flags = list(start.flags)
    world = start.world
    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            word, is_true = _undone_fixture(condition, world.domain)
            bit = BIT[word]
            named = fixtures_of(start, condition)
            for i in named if condition.quantifier == "some" else rng.sample(named, k=(len(named) + 1) // 2):
                flags[i] = flags[i] | bit if is_true else flags[i] & ~bit
        elif not isinstance(condition, Every | No) and "clean" in condition.thing.states:
            words = world.domain.resolve(condition.thing.word)
            for i in range(world.n_fixtures, len(world.names)):
                if world.categories[i] in words:
                    flags[i] |= DIRTY
    return start._replace(flags=tuple(flags))


def _undone_fixture(condition: FixtureIs, domain: Domain) -> tuple[str, bool]:
    """Return the state that a condition is about, and whether it has to be true at first for there to be work."""
    word = domain.negations.get(condition.state, condition.state)
    return word, (condition.state == word) == (condition.quantifier == "no")
