"""Convert listings of pictures to a home for planning, and translate plans back to the real home's names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from envs.symbolic.domain import load_domain
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Room, Scene
from envs.symbolic.state import Action, State, World
from planner.perception.image_labels import FURNITURE_STATES, Item, Listing, in_order, label

ROOM = "room"


def merge_listings(listings: Sequence[Listing]) -> Listing:
    """Merge the listings of several side-by-side pictures of the same furniture.

    The pictures overlap, so the count of each category is its maximum over the pictures.
    """
    (furniture, _), *_ = Counter(listing.furniture for listing in listings).most_common(1)
    states = {state for listing in listings if listing.furniture == furniture for state in listing.states}
    largest: dict[str, list[Item]] = {}
    for listing in listings:
        for category in dict.fromkeys(item.category for item in listing.things):
            same_category = [item for item in listing.things if item.category == category]
            if len(same_category) > len(largest.get(category, ())):
                largest[category] = same_category
    items = sorted(item for same_category in largest.values() for item in same_category)
    return Listing(furniture, in_order(states, FURNITURE_STATES), tuple(items))


def believed_home(listings: Sequence[Listing]) -> State:
    """Return a home with the furniture of each listing and the objects seen in or on it.

    Objects that cannot be at their place according to the domain are omitted.
    """
    domain = load_domain()
    numbers: Counter[str] = Counter()
    fixtures, objects = [], []
    for listing in listings:
        category = domain.fixtures[listing.furniture]
        numbers[category.name] += 1
        name = f"{category.name} {numbers[category.name]}"
        states = frozenset(state for state in listing.states if category.can_be(state))
        fixtures.append(FixtureSpec(name=name, category=category.name, room=ROOM, x=0.0, y=0.0, yaw=0.0, states=states))
        for item in listing.things:
            if not domain.fits(item.category, category.name):
                continue
            numbers[item.category] += 1
            objects.append(
                ObjectSpec(
                    name=f"{item.category} {numbers[item.category]}", category=item.category, place=name,
                    states=frozenset(item.states),
                )
            )  # fmt: skip
    room = Room(name=ROOM, kind=ROOM, rect=(0.0, 0.0, 0.0, 0.0))
    scene = Scene(
        name="what is seen", seed=0, rooms=(room,), doorways=(), fixtures=tuple(fixtures), objects=tuple(objects),
        robot=(0.0, 0.0, 0.0),
    )  # fmt: skip
    return World(scene).initial()


def match_names(believed: State, fixture_names: Sequence[str], home: State) -> dict[str, str]:
    """Map each name of a believed home to a name of the real home.

    Args:
        believed: The result of `believed_home`.
        fixture_names: The real furniture of each listing, in the same order.
        home: The real home.
    """
    believed_world, home_world = believed.world, home.world
    names = {spec.name: name for spec, name in zip(believed_world.scene.fixtures, fixture_names, strict=True)}
    objects_at: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for i in range(home_world.n_fixtures, len(home_world.names)):
        root = home.root(i)
        if root >= 0:
            seen_as = label(home_world.categories[i], home_world.domain) or home_world.categories[i]
            objects_at[home_world.names[root], seen_as].append(home_world.names[i])
    for i in range(believed_world.n_fixtures, len(believed_world.names)):
        matches = objects_at[names[believed_world.names[believed.root(i)]], believed_world.categories[i]]
        if matches:
            names[believed_world.names[i]] = matches.pop(0)
    return names


def translate_plan(actions: Sequence[Action], names: Mapping[str, str]) -> tuple[Action, ...] | None:
    """Translate a plan to the real home's names; None if an object has no counterpart."""
    try:
        return tuple(Action(action.skill, tuple(names[name] for name in action.args)) for action in actions)
    except KeyError:
        return None


def visible_home(home: State, listings: Mapping[str, Sequence[int]]) -> State:
    """Return a home reduced to its visible furniture and objects.

    Args:
        home: The full home.
        listings: The visible entities in or on each pictured piece of furniture, by its name.
    """
    world = home.world
    seen = {i for entities in listings.values() for i in entities}
    objects = tuple(
        spec for i, spec in enumerate(world.scene.objects, start=world.n_fixtures)
        if i in seen and (world.index[spec.place] < world.n_fixtures or world.index[spec.place] in seen)
    )  # fmt: skip
    fixtures = tuple(spec for spec in world.scene.fixtures if spec.name in listings)
    scene = world.scene
    visible_scene = Scene(
        name=scene.name, seed=scene.seed, rooms=scene.rooms, doorways=scene.doorways, fixtures=fixtures,
        objects=objects, robot=scene.robot,
    )  # fmt: skip
    return World(visible_scene).initial()
