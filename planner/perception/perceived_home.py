"""From what is seen to a home that can be planned in, and from a plan there to the home that was looked at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from envs.symbolic.domain import load_domain
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Room, Scene
from envs.symbolic.state import Action, State, World
from planner.perception.image_labels import FURNITURE_STATES, Item, Listing, in_order

ROOM = "room"


def joined(listings: Sequence[Listing]) -> Listing:
    """Return one listing of several pictures of the same furniture, side by side.

    They overlap: of each category there are as many as the picture has that shows the most.
    """
    (furniture, _), *_ = Counter(listing.furniture for listing in listings).most_common(1)
    states = {s for x in listings if x.furniture == furniture for s in x.states}
    most: dict[str, list[Item]] = {}
    for listing in listings:
        for category in dict.fromkeys(item.category for item in listing.things):
            own = [item for item in listing.things if item.category == category]
            if len(own) > len(most.get(category, ())):
                most[category] = own
    things = sorted(item for own in most.values() for item in own)
    return Listing(furniture, in_order(states, FURNITURE_STATES), tuple(things))


def believed_home(listings: Sequence[Listing]) -> State:
    """Return a home with a piece of furniture for each listing, and what is seen in or on it; nothing else is there.

    What cannot be where it is seen is left out: the robot could not have it there either.
    """
    domain = load_domain()
    numbers: Counter[str] = Counter()
    fixtures, objects = [], []
    for listing in listings:
        kind = domain.fixtures[listing.furniture]
        numbers[kind.name] += 1
        name = f"{kind.name} {numbers[kind.name]}"
        states = frozenset(state for state in listing.states if kind.can_be(state))
        fixtures.append(FixtureSpec(name=name, category=kind.name, room=ROOM, x=0.0, y=0.0, yaw=0.0, states=states))
        for item in listing.things:
            if not domain.fits(item.category, kind.name):
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


def names_of(believed: State, shown: Sequence[str], home: State) -> dict[str, str]:
    """Return which name of a home each name of a believed one stands for.

    Args:
        believed: As `believed_home` made it.
        shown: The furniture of the home that each listing was of, in their order.
        home: What was looked at.
    """
    world, true = believed.world, home.world
    found = {spec.name: name for spec, name in zip(world.scene.fixtures, shown, strict=True)}
    there: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for i in range(true.n_fixtures, len(true.names)):
        root = home.root(i)
        if root >= 0:
            there[true.names[root], true.categories[i]].append(true.names[i])
    for i in range(world.n_fixtures, len(world.names)):
        same = there[found[world.names[believed.root(i)]], world.categories[i]]
        if same:
            found[world.names[i]] = same.pop(0)
    return found


def translated(actions: Sequence[Action], names: Mapping[str, str]) -> tuple[Action, ...] | None:
    """Return a plan in the names of the home; None if it names what is not there."""
    try:
        return tuple(Action(action.skill, tuple(names[name] for name in action.args)) for action in actions)
    except KeyError:
        return None


def visible_home(home: State, listings: Mapping[str, Sequence[int]]) -> State:
    """Return a home of which only what is seen is left.

    Args:
        home: All of it.
        listings: By name of the furniture that was pictured, the entities that are seen in or on it.
    """
    world = home.world
    seen = {i for things in listings.values() for i in things}
    objects = tuple(
        spec for i, spec in enumerate(world.scene.objects, start=world.n_fixtures)
        if i in seen and (world.index[spec.place] < world.n_fixtures or world.index[spec.place] in seen)
    )  # fmt: skip
    fixtures = tuple(spec for spec in world.scene.fixtures if spec.name in listings)
    scene = world.scene
    kept = Scene(
        name=scene.name, seed=scene.seed, rooms=scene.rooms, doorways=scene.doorways, fixtures=fixtures,
        objects=objects, robot=scene.robot,
    )  # fmt: skip
    return World(kept).initial()
