"""Define the trials of `envs.trials`: a scene, and the steps that are executed in it.

Every trial is built in the symbolic world, so all its steps are applicable unless a step fails in physics. Preparing
steps, such as opening the cabinet that a plate is taken from, are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.errors import EnvsError
from envs.evaluation.plan_builder import DeadEndError, PlanBuilder
from envs.evaluation.trial_scenes import location_fact, own_fixtures, own_objects, seed_of, small_home, surfaces
from envs.physics.spatial_queries import COVERED_BODIES
from envs.symbolic.actions import ON, OPEN, World
from envs.symbolic.domain import Domain, load_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envs.symbolic.actions import Action
    from envs.symbolic.scene import Scene

MAX_HOMES = 40  # sampled for one trial: some have no room


@dataclass(frozen=True, kw_only=True)
class Step:
    """An action, and the label that it is counted under; a step without a label only prepares."""

    action: Action
    counted: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialDefinition:
    """The home of a trial and the steps executed in it."""

    scene: Scene
    steps: tuple[Step, ...]


class _TrialBuilder:
    """One attempt to build a trial: a random generator, a scene, and the actions so far."""

    def __init__(self, seed: int, number: int, domain: Domain) -> None:
        self.seed, self.number, self.domain = seed, number, domain
        self.rng = np.random.default_rng((seed, 4))
        self.counted: dict[int, str] = {}

    def enter(self, fixtures: Sequence[str], facts: Sequence[str] = ()) -> PlanBuilder:
        self.scene = small_home(self.seed, fixtures, facts, self.domain)
        self.plan = PlanBuilder(World(self.scene).initial())
        return self.plan

    def count(self, label: str, skill: str, *args: str) -> None:
        self.plan.do(skill, *args)
        self.counted[len(self.plan.actions) - 1] = label

    def pick_one(self, options: Sequence[str]) -> str:
        if not options:
            raise DeadEndError("there is nothing to choose from")
        return options[int(self.rng.integers(len(options)))]

    def place_of(self, name: str) -> str:
        state = self.plan.state
        return state.world.names[state.place[state.world.index[name]]]

    def one_of(self, category: str) -> str:
        world = self.plan.state.world
        return self.pick_one(self.plan.fixtures(lambda i: world.categories[i] == category))

    def surfaces(self, category: str, *, usual: bool) -> list[str]:
        return surfaces(category, usual=usual, domain=self.domain)

    def fact(self, category: str, place: str) -> str:
        return location_fact(category, place, self.domain)

    def definition(self) -> TrialDefinition:
        steps = [Step(action=a, counted=self.counted.get(k, "")) for k, a in enumerate(self.plan.actions)]
        return TrialDefinition(scene=self.scene, steps=tuple(steps))


def define_trial(suite: str, category: str, number: int, seed: int, domain: Domain | None = None) -> TrialDefinition:
    """Return the trial `number` of a category of a domain, by default the built-in one.

    Raises:
        EnvsError: No suitable home was found.
    """
    key = f"{suite}/{category}/{number}"
    error: EnvsError | None = None
    for attempt in range(MAX_HOMES):
        builder = _TrialBuilder(seed_of(key, seed, attempt=attempt), number, domain or load_domain())
        try:
            TRIAL_SUITES[suite][1](builder, category)
            return builder.definition()
        except EnvsError as problem:
            error = problem
    raise EnvsError(f"{key}: no home in {MAX_HOMES} suits: {error}")


def suite_categories(suite: str, domain: Domain | None = None) -> list[str]:
    """Return the categories of a suite: objects or fixtures, or for `skills` a skill with a category.

    Of a given domain, those that the built-in one has too are left out.
    """
    names = TRIAL_SUITES[suite][0](domain or load_domain())
    if domain is None:
        return names
    own = {*own_objects(domain), *own_fixtures(domain)}
    return [name for name in names if _category_of(name) in own]


def _category_of(name: str) -> str:
    """Return the category in the name of a trial, such as `bowl` in `pour into bowl`."""
    return next((name.removeprefix(f"{prefix} ") for prefix in SKILL_TRIALS if name.startswith(f"{prefix} ")), name)


# -- pick --------------------------------------------------------------------------------------------------------------


def _object_categories(domain: Domain) -> list[str]:
    return list(domain.objects)


def _pick(builder: _TrialBuilder, category: str) -> None:
    usual_places = builder.domain.objects[category].at
    source = usual_places[builder.number % len(usual_places)]
    target = builder.pick_one([p for p in builder.surfaces(category, usual=False) if p != source])
    builder.enter([source, target], [builder.fact(category, source)])
    item = f"{category} 1"
    builder.plan.uncover(item)
    builder.count("pick up", "pick up", item)
    builder.count("put", "put", item, builder.pick_one(builder.plan.places_for(item)))


# -- joints ------------------------------------------------------------------------------------------------------------


def _jointed_categories(domain: Domain) -> list[str]:
    return [name for name, category in domain.fixtures.items() if category.joint is not None]


def _open_and_close(builder: _TrialBuilder, category: str) -> None:
    plan = builder.enter([category])
    name = builder.one_of(category)
    flags = plan.state.flags[plan.state.world.index[name]]
    if flags & ON:
        plan.do("turn off", name)
    skills = ("close", "open") if flags & OPEN else ("open", "close")
    for skill in skills:
        builder.count(skill, skill, name)


# -- containers --------------------------------------------------------------------------------------------------------


def _container_categories(domain: Domain) -> list[str]:
    built_in = load_domain().fixtures
    fixtures = [
        n
        for n, f in domain.fixtures.items()
        if f.enclosed or f.relation == "in" or f.body in (*COVERED_BODIES, "slot") or (f.region and n not in built_in)
    ]
    return fixtures + [name for name, category in domain.objects.items() if category.holds is not None]


def _put_in_and_take_out(builder: _TrialBuilder, category: str) -> None:
    """Build a trial of putting an object into a container and taking it out, in this or the other order."""
    domain = builder.domain
    item = builder.pick_one([n for n in domain.objects if domain.fits(n, category)])
    target, fixtures = category, [category]
    if category in domain.objects:
        support = builder.pick_one(builder.surfaces(category, usual=True))
        target, fixtures = f"{category} on {support}", [support]
    if builder.number % 2:
        builder.enter(fixtures, [builder.fact(item, target)])
        holder = builder.place_of(f"{item} 1")
        builder.plan.uncover(holder)
        _take_out(builder, f"{item} 1")
        builder.count("put in", "put", f"{item} 1", holder)
        return
    source = builder.pick_one([p for p in builder.surfaces(item, usual=True) if p != category])
    facts = [builder.fact(item, source)]
    if category in domain.objects:
        facts.append(builder.fact(category, support))
    builder.enter([*fixtures, source], facts)
    holder = f"{category} 1" if category in domain.objects else builder.one_of(category)
    builder.plan.uncover(holder)
    builder.plan.do("pick up", f"{item} 1")
    builder.count("put in", "put", f"{item} 1", holder)
    _take_out(builder, f"{item} 1")


def _take_out(builder: _TrialBuilder, item: str) -> None:
    builder.count("take out", "pick up", item)


# -- skills ------------------------------------------------------------------------------------------------------------


def _skill_categories(domain: Domain) -> list[str]:
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


def _skill(builder: _TrialBuilder, text: str) -> None:
    prefix = next(p for p in SKILL_TRIALS if text.startswith(p + " "))
    SKILL_TRIALS[prefix](builder, text.removeprefix(prefix + " "))


def _press(builder: _TrialBuilder, category: str) -> None:
    plan = builder.enter([category])
    name = builder.one_of(category)
    world = plan.state.world
    entity = world.index[name]
    process = world.process[entity]
    if plan.state.flags[entity] & OPEN and process is not None and "closed" in process.when:
        plan.do("close", name)
    is_on = plan.state.flags[entity] & ON
    for skill in ("turn off", "turn on") if is_on else ("turn on", "turn off"):
        builder.count(skill, skill, name)


def _take_tool(
    builder: _TrialBuilder, options: Sequence[str], other_fixtures: Sequence[str], facts: Sequence[str]
) -> None:
    """Enter a home that has one of some tools in the open, and pick it up."""
    tool = builder.pick_one(options)
    place = builder.pick_one(builder.surfaces(tool.partition(" of ")[0], usual=True))
    builder.enter([*other_fixtures, place], [builder.fact(tool, place), *facts])
    builder.plan.do("pick up", f"{tool.partition(' of ')[0]} 1")


def _slice(builder: _TrialBuilder, category: str) -> None:
    knives = [n for n, object_category in builder.domain.objects.items() if object_category.cuts]
    place = builder.pick_one(builder.surfaces(category, usual=True))
    _take_tool(builder, knives, [place], [builder.fact(category, place)])
    builder.count("slice", "slice", f"{category} 1")


def _wipe(builder: _TrialBuilder, category: str) -> None:
    wipers = [n for n, object_category in builder.domain.objects.items() if object_category.wipes]
    _take_tool(builder, wipers, [category], [])
    builder.count("wipe", "wipe", builder.one_of(category))


def _pour(builder: _TrialBuilder, category: str) -> None:
    domain = builder.domain
    reservoirs = [n for n, object_category in domain.objects.items() if object_category.contains and n != category]
    filled_with = domain.sampling.filled_with
    filled = [f"{n} of {drink}" for n, drinks in filled_with.items() if n != category for drink in drinks]
    if category in domain.fixtures:
        _take_tool(builder, [v for v in filled if v.endswith(" water")] + ["water bottle"], [category], [])
        builder.count("pour", "pour", builder.plan.state.world.names[builder.plan.state.held], builder.one_of(category))
        return
    place = builder.pick_one(builder.surfaces(category, usual=True))
    _take_tool(builder, reservoirs + filled, [place], [builder.fact(category, place)])
    builder.count("pour", "pour", builder.plan.state.world.names[builder.plan.state.held], f"{category} 1")


def _fold(builder: _TrialBuilder, category: str) -> None:
    place = builder.pick_one(builder.surfaces(category, usual=True))
    builder.enter([place], [builder.fact(category, place)])
    builder.count("fold", "fold", f"{category} 1")


def _give(builder: _TrialBuilder, category: str) -> None:
    domain = builder.domain
    _take_tool(builder, [n for n in domain.objects if domain.fits(n, category)], [category], [])
    builder.count("give", "give", builder.plan.state.world.names[builder.plan.state.held], builder.one_of(category))


def _go(builder: _TrialBuilder, category: str) -> None:
    builder.enter([category])
    builder.count("go to", "go to", builder.one_of(category))


SKILL_TRIALS: dict[str, Callable[[_TrialBuilder, str], None]] = {
    "press": _press,
    "slice": _slice,
    "wipe": _wipe,
    "pour into": _pour,
    "fold": _fold,
    "give to": _give,
    "go to": _go,
}
TRIAL_SUITES: dict[str, tuple[Callable[[Domain], list[str]], Callable[[_TrialBuilder, str], None]]] = {
    "pick": (_object_categories, _pick),
    "joints": (_jointed_categories, _open_and_close),
    "containers": (_container_categories, _put_in_and_take_out),
    "skills": (_skill_categories, _skill),
}
