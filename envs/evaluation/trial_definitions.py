"""What is tried in a trial, and in which home: a course is a scene and the steps that are carried out there.

Every course is made beside the symbolic world, so all of its steps are applicable unless physics lets one of them down.
Steps that only prepare (opening the cabinet that a plate is to come out of) are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.errors import EnvsError
from envs.evaluation.scripted_plans import ActionSequence, DeadEndError
from envs.evaluation.trial_scenes import fact, seed_of, small_home, surfaces
from envs.physics.spatial_queries import COVERED_BODIES
from envs.scenes.object_tables import DRINKS
from envs.symbolic.actions import ON, OPEN, World
from envs.symbolic.domain import load_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envs.symbolic.actions import Action
    from envs.symbolic.scene import Scene

MAX_TRIES = 40  # homes that are drawn for one trial: in some there is no room


@dataclass(frozen=True, kw_only=True)
class Step:
    """An action, and as what it is counted; with no such name it only prepares."""

    action: Action
    counted: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialDefinition:
    """One trial's home and what is done there."""

    scene: Scene
    steps: tuple[Step, ...]


class _Try:
    """One attempt at making a course: a source of chance, a scene, and the walk through it."""

    def __init__(self, seed: int, number: int) -> None:
        self.seed, self.number = seed, number
        self.rng = np.random.default_rng((seed, 4))
        self.counted: dict[int, str] = {}

    def enter(self, fixtures: Sequence[str], facts: Sequence[str] = ()) -> ActionSequence:
        self.scene = small_home(self.seed, fixtures, facts)
        self.walk = ActionSequence(World(self.scene).initial())
        return self.walk

    def count(self, label: str, skill: str, *args: str) -> None:
        self.walk.do(skill, *args)
        self.counted[len(self.walk.actions) - 1] = label

    def pick_one(self, options: Sequence[str]) -> str:
        if not options:
            raise DeadEndError("there is nothing to choose from")
        return options[int(self.rng.integers(len(options)))]

    def place_of(self, name: str) -> str:
        state = self.walk.state
        return state.world.names[state.place[state.world.index[name]]]

    def one_of(self, category: str) -> str:
        world = self.walk.state.world
        return self.pick_one(self.walk.fixtures(lambda i: world.categories[i] == category))

    def course(self) -> TrialDefinition:
        steps = [Step(action=a, counted=self.counted.get(k, "")) for k, a in enumerate(self.walk.actions)]
        return TrialDefinition(scene=self.scene, steps=tuple(steps))


def course_of(what: str, category: str, number: int, seed: int) -> TrialDefinition:
    """Return the trial `number` of a category.

    Raises:
        EnvsError: No home was found in which it can be tried.
    """
    key = f"{what}/{category}/{number}"
    error: EnvsError | None = None
    for attempt in range(MAX_TRIES):
        made = _Try(seed_of(key, seed, attempt=attempt), number)
        try:
            KINDS[what][1](made, category)
            return made.course()
        except EnvsError as problem:
            error = problem
    raise EnvsError(f"{key}: no home in {MAX_TRIES} suits: {error}")


def categories_of(what: str) -> list[str]:
    """What is tried: object or fixture categories, or for `skills` a skill with one of them."""
    return KINDS[what][0]()


# -- pick --------------------------------------------------------------------------------------------------------------


def _objects() -> list[str]:
    return list(load_domain().objects)


def _pick(made: _Try, category: str) -> None:
    at = load_domain().objects[category].at
    source = at[made.number % len(at)]
    target = made.pick_one([p for p in surfaces(category, usual=False) if p != source])
    made.enter([source, target], [fact(category, source)])
    thing = f"{category} 1"
    made.walk.uncover(thing)
    made.count("pick up", "pick up", thing)
    made.count("put", "put", thing, made.pick_one(made.walk.places_for(thing)))


# -- joints ------------------------------------------------------------------------------------------------------------


def _jointed() -> list[str]:
    return [name for name, kind in load_domain().fixtures.items() if kind.joint is not None]


def _open_and_close(made: _Try, category: str) -> None:
    walk = made.enter([category])
    name = made.one_of(category)
    flags = walk.state.flags[walk.state.world.index[name]]
    if flags & ON:
        walk.do("turn off", name)
    skills = ("close", "open") if flags & OPEN else ("open", "close")
    for skill in skills:
        made.count(skill, skill, name)


# -- containers --------------------------------------------------------------------------------------------------------


def _holders() -> list[str]:
    domain = load_domain()
    fixed = [
        n for n, f in domain.fixtures.items() if f.enclosed or f.relation == "in" or f.body in (*COVERED_BODIES, "slot")
    ]
    return fixed + [name for name, thing in domain.objects.items() if thing.holds is not None]


def _into_and_out(made: _Try, category: str) -> None:
    domain = load_domain()
    thing = made.pick_one([n for n in domain.objects if domain.fits(n, category)])
    inside, around = category, [category]
    if category in domain.objects:
        stand = made.pick_one(surfaces(category, usual=True))
        inside, around = f"{category} on {stand}", [stand]
    if made.number % 2:
        made.enter(around, [fact(thing, inside)])
        holder = made.place_of(f"{thing} 1")
        made.walk.uncover(holder)
        _out(made, f"{thing} 1")
        made.count("put in", "put", f"{thing} 1", holder)
        return
    source = made.pick_one([p for p in surfaces(thing, usual=True) if p != category])
    facts = [fact(thing, source)]
    if category in domain.objects:
        facts.append(fact(category, stand))
    made.enter([*around, source], facts)
    holder = f"{category} 1" if category in domain.objects else made.one_of(category)
    made.walk.uncover(holder)
    made.walk.do("pick up", f"{thing} 1")
    made.count("put in", "put", f"{thing} 1", holder)
    _out(made, f"{thing} 1")


def _out(made: _Try, thing: str) -> None:
    made.count("take out", "pick up", thing)


# -- skills ------------------------------------------------------------------------------------------------------------


def _skills() -> list[str]:
    domain = load_domain()
    fixtures, objects = domain.fixtures.values(), domain.objects.values()
    return [
        *(f"press {f.name}" for f in fixtures if f.switch),
        *(f"slice {o.name}" for o in objects if o.slices),
        *(f"wipe {f.name}" for f in fixtures if f.wipeable),
        *(f"pour into {o.name}" for o in objects if o.fills),
        *(f"pour into {f.name}" for f in fixtures if f.waterable),
        *(f"fold {o.name}" for o in objects if o.folds),
        *(f"give to {f.name}" for f in fixtures if f.relation == "with"),
        *(f"go to {f.name}" for f in fixtures),
    ]


def _skill(made: _Try, text: str) -> None:
    prefix = next(p for p in SKILLS if text.startswith(p + " "))
    SKILLS[prefix](made, text.removeprefix(prefix + " "))


def _press(made: _Try, category: str) -> None:
    walk = made.enter([category])
    name = made.one_of(category)
    world = walk.state.world
    entity = world.index[name]
    process = world.process[entity]
    if walk.state.flags[entity] & OPEN and process is not None and "closed" in process.when:
        walk.do("close", name)
    on = walk.state.flags[entity] & ON
    for skill in ("turn off", "turn on") if on else ("turn on", "turn off"):
        made.count(skill, skill, name)


def _tool(made: _Try, options: Sequence[str], others: Sequence[str], facts: Sequence[str]) -> None:
    """Enter a home in which one of some things lies about, and take it."""
    tool = made.pick_one(options)
    place = made.pick_one(surfaces(tool.partition(" of ")[0], usual=True))
    made.enter([*others, place], [fact(tool, place), *facts])
    made.walk.do("pick up", f"{tool.partition(' of ')[0]} 1")


def _slice(made: _Try, category: str) -> None:
    knives = [n for n, thing in load_domain().objects.items() if thing.cuts]
    place = made.pick_one(surfaces(category, usual=True))
    _tool(made, knives, [place], [fact(category, place)])
    made.count("slice", "slice", f"{category} 1")


def _wipe(made: _Try, category: str) -> None:
    wipers = [n for n, thing in load_domain().objects.items() if thing.wipes]
    _tool(made, wipers, [category], [])
    made.count("wipe", "wipe", made.one_of(category))


def _pour(made: _Try, category: str) -> None:
    domain = load_domain()
    full = [n for n, thing in domain.objects.items() if thing.contains and n != category]
    filled = [f"{n} of {drink}" for n, drinks in DRINKS.items() if n != category for drink in drinks]
    if category in domain.fixtures:
        _tool(made, [v for v in filled if v.endswith(" water")] + ["water bottle"], [category], [])
        made.count("pour", "pour", made.walk.state.world.names[made.walk.state.held], made.one_of(category))
        return
    place = made.pick_one(surfaces(category, usual=True))
    _tool(made, full + filled, [place], [fact(category, place)])
    made.count("pour", "pour", made.walk.state.world.names[made.walk.state.held], f"{category} 1")


def _fold(made: _Try, category: str) -> None:
    place = made.pick_one(surfaces(category, usual=True))
    made.enter([place], [fact(category, place)])
    made.count("fold", "fold", f"{category} 1")


def _give(made: _Try, category: str) -> None:
    domain = load_domain()
    _tool(made, [n for n in domain.objects if domain.fits(n, category)], [category], [])
    made.count("give", "give", made.walk.state.world.names[made.walk.state.held], made.one_of(category))


def _go(made: _Try, category: str) -> None:
    made.enter([category])
    made.count("go to", "go to", made.one_of(category))


SKILLS: dict[str, Callable[[_Try, str], None]] = {
    "press": _press,
    "slice": _slice,
    "wipe": _wipe,
    "pour into": _pour,
    "fold": _fold,
    "give to": _give,
    "go to": _go,
}
KINDS: dict[str, tuple[Callable[[], list[str]], Callable[[_Try, str], None]]] = {
    "pick": (_objects, _pick),
    "joints": (_jointed, _open_and_close),
    "containers": (_holders, _into_and_out),
    "skills": (_skills, _skill),
}
