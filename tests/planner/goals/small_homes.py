"""Random small homes in which much is in the way, random goals about them, and a search over all plans."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from envs.errors import GoalError
from envs.symbolic.actions import State, applicable, successor
from envs.symbolic.domain import fits_in, load_domain
from envs.symbolic.goals import Condition, Count, FixtureIs, Goal, Holding, No, Thing, format_goal, parse_goal
from envs.symbolic.goals.sampling import draw_goal
from envs.symbolic.progress import Progress, advance, begin, score
from planner.tasks import crowded_goals
from planner.tasks.random_goals import CONSTRUCTS
from tests.envs.homes_for_tests import state
from tests.envs.symbolic.drawn_goals import GoalDrawer

DOMAIN = load_domain()
SURFACES = ("countertop", "desk", "side table")
FIXTURES = (
    *SURFACES, "sink", "microwave", "stove burner", "fridge", "toilet", "toaster", "coffee machine", "kettle base",
    "cabinet", "person", "plant", "oven", "dishwasher", "washing machine", "drawer", "garbage can", "floor lamp",
    "window", "laundry basket", "safe",
)  # fmt: skip
OBJECTS = (
    "plate", "bowl", "mug", "glass", "pan", "pot", "kettle", "egg", "potato", "bread", "apple", "knife", "cloth",
    "book", "box", "spoon", "milk", "watering can", "shirt", "towel", "laptop", "fork", "pen", "vase", "tray",
    "dish sponge", "basket", "soda can",
)  # fmt: skip
ABOUT_ONE = (*(c for c in CONSTRUCTS if c not in (*crowded_goals.CONSTRUCTS, "test", "rule")), "states", "liquid")


def small_home(rng: random.Random) -> State | None:
    """Draw a home of a few fixtures and objects; some objects are in others, some places are full."""
    categories = [rng.choice(SURFACES), *(rng.choice(FIXTURES) for _ in range(rng.randint(1, 4)))]
    counts, fixtures, free = Counter[str](), list[str](), dict[str, int]()
    for category in categories:
        counts[category] += 1
        name, spec = f"{category} {counts[category]}", DOMAIN.fixtures[category]
        words = [rng.choice(("red", "blue"))] if rng.random() < 0.2 else []
        words += ["open"] if spec.joint and rng.random() < 0.2 else []
        words += ["on"] if spec.switch and not spec.joint and rng.random() < 0.15 else []
        fixtures.append(f"{name}: {' '.join(words)}" + (" @ bedroom" if rng.random() < 0.3 else ""))
        free[name] = DOMAIN.capacity(category)
    objects = dict[str, str]()
    palette = [rng.choice(OBJECTS) for _ in range(rng.randint(1, 4))]
    for _ in range(rng.randint(1, 6)):
        category = rng.choice(palette)
        spec_of = DOMAIN.objects[category]
        holders = [
            name
            for name, room in free.items()
            if room >= spec_of.units and fits_in(spec_of, DOMAIN.fixtures.get(name[:-2]) or DOMAIN.objects[name[:-2]])
        ]
        if not holders:
            continue
        counts[category] += 1
        name, holder = f"{category} {counts[category]}", rng.choice(holders)
        words = ["dirty"] if {"dishes", "cutlery", "clothing"} & set(spec_of.classes) and rng.random() < 0.4 else []
        words += [rng.choice(("red", "blue"))] if rng.random() < 0.3 else []
        words += [rng.choice(("hot", "cold"))] if rng.random() < 0.1 else []
        liquid = f" of {rng.choice(('water', 'juice'))}" if spec_of.fills and rng.random() < 0.25 else ""
        objects[f"{name}: {' '.join(words)}{liquid}"] = holder
        free[holder] -= spec_of.units
        if spec_of.holds is not None and holder in {f.partition(":")[0] for f in fixtures}:
            free[name] = DOMAIN.capacity(category)
    return state(fixtures, objects, people=["Anna"]) if objects else None


def small_goals(number: int, seed: int) -> Iterator[tuple[Goal, State]]:
    """Draw goals of one to three conditions, in one or several phases, some with a rule, that do not hold already."""
    rng = random.Random(seed)
    drawn = 0
    while drawn < number:
        start = small_home(rng)
        if start is None:
            continue
        for _ in range(3):
            conditions = [_condition(start, rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
            kept = tuple(c for c in conditions if c is not None)
            if not kept:
                continue
            phases = (kept,) if rng.random() < 0.7 else tuple((c,) for c in kept)
            rules = (GoalDrawer(start, rng).rule(),) if rng.random() < 0.25 else ()
            text = format_goal(Goal(phases=phases, rules=rules))
            try:
                goal = parse_goal(text, scene=start.world.scene)
            except GoalError:  # what cannot be said of a home
                continue
            if not score(begin(goal, start)).success:
                drawn += 1
                yield goal, start


def _condition(start: State, rng: random.Random) -> Condition | None:
    world = start.world
    word = world.categories[rng.randrange(world.n_fixtures, len(world.names))]
    construct = rng.choice((*ABOUT_ONE, "states", "holding", "switch", "not so"))
    if construct == "states":
        states = (rng.choice(("clean", "hot", "cold", "cooked", "sliced", "folded")),)
        return Count(number=rng.randint(1, len(world.objects_of(word))), thing=Thing(word=word, states=states))
    if construct == "liquid":
        return Count(thing=Thing(word=word, liquid=rng.choice(("water", "coffee", "juice", "milk"))))
    if construct == "holding":
        return Holding(thing=Thing(word=word))
    if construct == "switch":
        fixture = world.categories[rng.randrange(world.n_fixtures)]
        return FixtureIs(fixture=fixture, states=(rng.choice(("open", "closed", "on", "off", "clean", "watered")),))
    if construct == "not so":
        return No(thing=Thing(word=word, states=(rng.choice(("dirty", "hot", "cold")),)))
    try:
        goal = draw_goal(start, rng, construct)
    except IndexError:  # a home without what the construct is about
        return None
    return None if goal is None else goal.phases[0][0]


def can_be_reached(goal: Goal, start: State, max_states: int) -> bool | None:
    """Whether some plan reaches a goal, by breadth-first search; None if the search ends before that is known."""

    def key(progress: Progress) -> tuple[object, ...]:
        return progress.state[1:5], progress.phase, progress.uses, progress.left_out

    first = begin(goal, start)
    front, seen = [] if first.broken else [first], {key(first)}
    while front:
        reached: list[Progress] = []
        for progress in front:
            for action in applicable(progress.state):
                if action.skill == "go to":
                    continue  # every skill drives to where it is done
                after = advance(progress, successor(progress.state, action), action)
                if after.broken or key(after) in seen:
                    continue
                if score(after).success:
                    return True
                if len(seen) >= max_states:
                    return None
                seen.add(key(after))
                reached.append(after)
        front = reached
    return False


# Two fans and two windows; Mia is listed without a place.
TWO_OF_A_KIND = """\
people: [Anna, Ben, Mia]
rooms:
  kitchen: [fridge, 2 cabinet, dining table, countertop, sink, 2 fan, 2 window, person]
  bedroom: [bed, desk, desk lamp, floor lamp, ceiling light, person]
objects:
  fridge 1: [milk, apple]
  desk 1: [wallet]
  dining table 1: [2 mug, knife]
  cabinet 1: [2 fork]
"""
