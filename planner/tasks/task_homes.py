"""Homes for tasks: sample a home that has what a task needs and in which its goal does not hold yet."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from envs.errors import EnvsError
from envs.scenes.home_file import state_of
from envs.scenes.scene_sampler import sample_scene
from envs.scenes.speaker import needs_person
from envs.symbolic.actions import DIRTY, State, World
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import Count, Every, FixtureIs, Goal, Holding, No, Place, Thing
from envs.symbolic.goals.needs import Needs, described_for, needs_of
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import fixtures_of, holds
from planner.tasks.providers import providers
from planner.tasks.task_files import TaskError, TaskLine

DECOYS = (8, 16)  # minimum and maximum extra object categories of a home; see tests/planner/tasks/test_task_files.py
FIXTURE_DECOYS = (3, 8)  # minimum and maximum extra fixture categories
MAX_ATTEMPTS = 36  # homes sampled for a task until the goal does not hold in one


def needs(goal: Goal, domain: Domain) -> tuple[Counter[str], Counter[str]]:
    """Return counts of the fixtures and objects that a home must have for a goal to be reachable."""
    fixtures: Counter[str] = Counter()
    objects: Counter[str] = Counter()

    def need_thing(wanted: Thing, count: int = 1) -> None:
        if wanted.word != "anything":
            objects[wanted.word] = max(objects[wanted.word], count)
        for word in (*wanted.states, *((wanted.liquid,) if wanted.liquid else ())):
            need_provider(word, wanted.word)

    def need_provider(word: str, kind: str) -> None:
        for table, names in zip((fixtures, objects), providers(word, kind, domain), strict=True):
            for name in names:
                table[name] = max(table[name], 1)

    def need_place(place: Place | None) -> None:
        if place is None:
            return
        if place.fixture is not None:
            category = place.fixture if place.fixture in domain.fixtures else domain.fixture_members[place.fixture][0]
            fixtures[category] = max(fixtures[category], 1)
        elif place.thing is not None:
            need_thing(place.thing)
            need_place(place.inside)

    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            category = domain.resolve_fixture(condition.fixture, condition.states[0])[
                0
            ]  # one member of a class is enough
            fixtures[category] = max(fixtures[category], 1)
            need_provider(condition.states[0], category)
        elif isinstance(condition, Holding):
            need_thing(condition.thing)
        else:
            count = condition.number if isinstance(condition, Count) else 1
            need_thing(condition.thing, count)
            need_place(condition.place)
    return fixtures, objects


def home_for(task: TaskLine, *, seed: int = 0, geometry: bool = True, domain: Domain | None = None) -> State:
    """Return a task's initial state: its own home, or one sampled from (seed, id) in a domain.

    Raises:
        EnvsError: The home cannot be loaded, or no home satisfies the task's requirements.
    """
    if task.home is not None:
        speaker = task.goal is not None and needs_person(task.goal, domain)
        return state_of(task.home, geometry=geometry, speaker=speaker, domain=domain)
    domain = domain or load_domain()
    fixtures, objects = needs(task.goal, domain) if task.goal else (Counter[str](), Counter[str]())
    absent = set(task.absent)
    for name, number in Counter(task.objects).items():
        table = fixtures if name in domain.fixtures else objects
        table[name] = max(table[name], number)
    named = needs_of(task.goal, domain) if task.goal else Needs()
    fixtures, objects = fixtures | named.fixtures, objects | named.objects
    digest = int.from_bytes(hashlib.blake2b(f"{seed}/{task.id}".encode(), digest_size=6).digest(), "big")
    fixtures = Counter({k: n for k, n in fixtures.items() if k not in absent})
    objects = Counter({k: n for k, n in objects.items() if k not in absent})
    for attempt in range(MAX_ATTEMPTS):
        more_fixtures, more_objects = decoys(random.Random(digest + attempt), task, domain)
        if attempt > MAX_ATTEMPTS / 3:  # fewer objects: less likely to satisfy the goal by chance
            more_objects = Counter(dict.fromkeys(more_objects, 1))

        def sampled(
            fixtures: Counter[str], objects: Counter[str], facts: Sequence[str] = named.facts,
            home_seed: int = digest + attempt,
        ) -> Scene:  # fmt: skip
            return sample_scene(
                home_seed,
                need_fixtures=fixtures,
                need_objects=objects,
                n_objects=1 if _is_listed(task) else None,  # the file's list of objects is complete
                absent=tuple(absent),
                facts=(*task.facts, *facts),
                geometry=geometry,
                domain=domain,
            )

        try:
            scene = sampled(fixtures | more_fixtures, objects | more_objects)
        except EnvsError:  # the facts exclude a decoy, or there is no space for it
            try:
                scene = sampled(fixtures, objects)
            except EnvsError:  # what should be so at the start cannot be
                scene = sampled(fixtures, objects, facts=())
        if task.goal:
            scene = scene_before_goal(scene, task.goal, domain)
            scene = described_for(scene, task.goal, random.Random(digest + attempt))
        state = World(scene).initial()
        if task.goal is None or not all(holds(state, c, state) for c in task.goal.phases[-1]):
            return state
    raise TaskError(f"task {task.id}: its goal held already in each of {MAX_ATTEMPTS} homes that were sampled for it")


def home_for_lines(lines: Sequence[TaskLine], *, seed: int, domain: Domain | None = None) -> State:
    """Return a home, without geometry, that has what each line of one scene needs; by default of the default domain.

    Raises:
        EnvsError: No home satisfies the requirements.
    """
    domain = domain or load_domain()
    fixtures, objects = Counter[str](), Counter[str]()
    for line in lines:
        if line.goal is not None:
            needed = needs(line.goal, domain)
            fixtures, objects = fixtures | needed[0], objects | needed[1]
    more_fixtures, more_objects = decoys(random.Random(seed), lines[0], domain)
    return World(
        sample_scene(
            seed,
            need_fixtures=fixtures | more_fixtures,
            need_objects=objects | more_objects,
            n_objects=1 if _is_listed(lines[0]) else None,
            geometry=False,
            domain=domain,
        )
    ).initial()


def _is_listed(task: TaskLine) -> bool:
    """Whether a task's objects are taken as the home's full list: if there are at least `DECOYS[0]`."""
    return len(task.objects) >= DECOYS[0]


def decoys(rng: random.Random, task: TaskLine, domain: Domain) -> tuple[Counter[str], Counter[str]]:
    """Return random extra fixtures and objects, and random counts of the listed objects.

    Without them, an object that is rare or occurs twice would reveal the goal.
    """
    absent = {c for word in task.absent for c in (word, *domain.members.get(word, ()))}
    fixture_names, object_names = (sorted(set(names) - absent) for names in (domain.fixtures, domain.objects))
    fixtures = Counter(rng.sample(fixture_names, k=min(len(fixture_names), rng.randint(*FIXTURE_DECOYS))))
    if _is_listed(task):
        objects = sorted({name for name in task.objects if name in domain.objects} - absent)
    else:
        objects = rng.sample(object_names, k=min(len(object_names), rng.randint(*DECOYS)))
    return fixtures, Counter({name: rng.choice((1, 1, 2, 3)) for name in objects})


def scene_before_goal(scene: Scene, goal: Goal, domain: Domain) -> Scene:
    """Return the scene with a goal's states undone: objects to be cleaned are dirty, lamps to be lit are off."""
    objects = list(scene.objects)
    fixtures = list(scene.fixtures)

    def make_dirty(word: str) -> None:
        for i, spec in enumerate(objects):
            if spec.category in domain.resolve(word):
                objects[i] = replace(spec, states=spec.states | {"dirty"})

    for condition in goal.conditions:
        if not isinstance(condition, FixtureIs):
            wanted = condition.become if isinstance(condition, Every) else condition.thing.states
            if ("dirty" if isinstance(condition, No) else "clean") in wanted:
                make_dirty(condition.thing.word)
        elif condition.states[0] != "watered":
            state, is_true = _fixture_state_before(condition, domain)
            categories = domain.resolve_fixture(condition.fixture, condition.states[0])
            for i, fixture in enumerate(fixtures):
                if fixture.category in categories:
                    fixtures[i] = replace(
                        fixture, states=fixture.states | {state} if is_true else fixture.states - {state}
                    )
    return replace(scene, objects=tuple(objects), fixtures=tuple(fixtures))


def state_before_goal(start: State, goal: Goal, rng: random.Random) -> State:
    """Return the state with a goal's states undone, so that there is work to do.

    Objects to be cleaned are dirty. If a condition is about several fixtures, half of them are changed.
    """
    flags = list(start.flags)
    world = start.world
    for condition in goal.conditions:
        if isinstance(condition, FixtureIs):
            word, is_true = _fixture_state_before(condition, world.domain)
            bit = world.domain.bits[word]
            named = fixtures_of(start, condition)
            for i in named if condition.quantifier == "some" else rng.sample(named, k=(len(named) + 1) // 2):
                flags[i] = flags[i] | bit if is_true else flags[i] & ~bit
        elif not isinstance(condition, Every | No) and "clean" in condition.thing.states:
            words = world.domain.resolve(condition.thing.word)
            for i in range(world.n_fixtures, len(world.names)):
                if world.categories[i] in words:
                    flags[i] |= DIRTY
    return start._replace(flags=tuple(flags))


def _fixture_state_before(condition: FixtureIs, domain: Domain) -> tuple[str, bool]:
    """Return the state that a condition is about, and whether it must initially be true for there to be work."""
    word = domain.negations.get(condition.states[0], condition.states[0])
    return word, (condition.states[0] == word) == (condition.quantifier == "no")
