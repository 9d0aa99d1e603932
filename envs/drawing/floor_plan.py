"""A home's floor plan as a drawing: rooms, doorways, furniture with its front, people and robot, what is where.

North (+y of the home's frame) is up. Furniture has its own color, or that of its material, or a plain one. Its front is
the bold edge. `(3)` behind a name counts the things in or on it, which the list beside the plan names.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from envs.drawing.contents_list import contents_list, held_names
from envs.drawing.free_space import FreeSpace
from envs.drawing.labels import DARK, LIGHT, Labeled, furniture_labels, room_label
from envs.drawing.lettering import LINE_HEIGHT, shortened, width_of
from envs.drawing.shapes import Box, Circle, Color, Drawing, Line, Point, Polygon, Shape, Text, rectangle
from envs.errors import HomeError
from envs.scenes.occupancy_grid import WALL_M
from envs.symbolic.described_kinds import fixture_of, look_of
from envs.symbolic.scene import FixtureSpec, Rect, Room, Scene

PX_PER_M = 100.0
MAX_PX = 6000.0  # of the plan's longer side; a larger home is drawn smaller
MARGIN = 24.0
TITLE_SIZE, NOTE_SIZE = 20, 12
ROBOT_RADIUS_M = 0.3
PERSON_RADIUS_M = 0.25
EXPLANATION = "bold edge: front · (3): three things in or on it"
WALL: Color = (96, 98, 104)
PLAIN: Color = (232, 222, 204)
EDGE: Color = (70, 72, 78)
ROBOT: Color = (214, 84, 44)
PEOPLE: Color = (74, 110, 178)
ROOM_NAME: Color = (128, 92, 52)
FLOORS: tuple[Color, ...] = (
    (238, 246, 248), (246, 240, 248), (250, 246, 236), (240, 246, 238),
    (252, 242, 230), (250, 240, 240), (240, 242, 250), (246, 246, 242),
)  # fmt: skip
NOWHERE: Rect = (0.0, 0.0, 0.0, 0.0)


def floor_plan(scene: Scene) -> Drawing:
    """Return the drawing of a home.

    Args:
        scene: The home, with a floor plan.

    Raises:
        HomeError: It has none.
    """
    if not scene.rooms or any(room.rect == NOWHERE for room in scene.rooms):
        raise HomeError(f"{scene.name} has no floor plan to draw; load it with `geometry=True`")
    return _Plan(scene).drawing()


class _Plan:
    def __init__(self, scene: Scene) -> None:
        self.scene, self.domain = scene, scene.domain
        rects = [room.rect for room in scene.rooms]
        self.x0, self.y1 = min(r[0] for r in rects) - WALL_M, max(r[3] for r in rects) + WALL_M
        width_m, depth_m = max(r[2] for r in rects) + WALL_M - self.x0, self.y1 - min(r[1] for r in rects) + WALL_M
        self.scale = min(PX_PER_M, MAX_PX / max(width_m, depth_m))
        self.top = MARGIN + 2 * TITLE_SIZE * LINE_HEIGHT
        self.width, self.height = width_m * self.scale, depth_m * self.scale
        persons = [fixture.name for fixture in scene.fixtures if fixture.category == self.domain.person]
        self.person_names = dict(zip(persons, scene.people, strict=False))
        self.n_things = Counter({name: len(held) for name, held in held_names(scene).items()})
        self.numbers: dict[str, int] = {}  # names in the plan that are written as numbers

    def drawing(self) -> Drawing:
        shapes: list[Shape] = [self.walls(room) for room in self.scene.rooms]
        shapes += [self.floor(room) for room in self.scene.rooms]
        shapes += self.doorways()
        furniture = sorted(self.scene.furniture, key=lambda f: not self.domain.fixtures[f.category].underfoot)
        for fixture in furniture:
            shapes += self.fixture(fixture)
        shapes += self.robot()
        for room in self.scene.rooms:
            shapes += self.labels(room)
        below = self.top + self.height + MARGIN
        shapes += self.scale_bar(below)
        things = contents_list(self.scene, self.numbers, left=2 * MARGIN + self.width, top=self.top, height=self.height)
        shapes += things.shapes
        width = math.ceil(max(things.right, 2 * MARGIN + self.width) + MARGIN)
        shapes += self.title(width - 2 * MARGIN)
        height = math.ceil(max(below + 2 * NOTE_SIZE, things.bottom) + MARGIN)
        return Drawing(title=f"floor plan of {self.scene.name}", width=width, height=height, shapes=tuple(shapes))

    # -- places --------------------------------------------------------------------------------------------------------

    def point(self, x: float, y: float) -> Point:
        return MARGIN + (x - self.x0) * self.scale, self.top + (self.y1 - y) * self.scale

    def box(self, rect: Rect) -> Box:
        left, bottom = self.point(rect[0], rect[1])
        right, top = self.point(rect[2], rect[3])
        return Box(left, top, right, bottom)

    def corners(self, fixture: FixtureSpec) -> tuple[Point, ...]:
        """Return the corners of a fixture, those of its front first."""
        depth, width, _ = fixture_of(fixture, self.domain).size
        cos, sin = math.cos(fixture.yaw), math.sin(fixture.yaw)
        half = ((depth / 2, -width / 2), (depth / 2, width / 2), (-depth / 2, width / 2), (-depth / 2, -width / 2))
        return tuple(
            self.point(fixture.x + cos * forward - sin * aside, fixture.y + sin * forward + cos * aside)
            for forward, aside in half
        )

    def around(self, fixture: FixtureSpec) -> Box:
        if fixture.category == self.domain.person:
            (x, y), radius = self.point(fixture.x, fixture.y), PERSON_RADIUS_M * self.scale
            return Box(x - radius, y - radius, x + radius, y + radius)
        xs, ys = zip(*self.corners(fixture), strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))

    # -- shapes --------------------------------------------------------------------------------------------------------

    def walls(self, room: Room) -> Shape:
        outer = self.box(room.rect).inflated(WALL_M / 2 * self.scale)
        return Polygon(points=rectangle(outer), fill=WALL)

    def floor(self, room: Room) -> Shape:
        kinds = self.domain.rooms
        color = FLOORS[kinds.index(room.kind) % len(FLOORS) if room.kind in kinds else 0]
        inner = self.box(room.rect).inflated(-WALL_M / 2 * self.scale)
        return Polygon(points=rectangle(inner), fill=color, title=room.name)

    def doorways(self) -> Iterator[Shape]:
        for doorway in self.scene.doorways:
            along, across = doorway.width / 2, WALL_M / 2
            dx, dy = (along, across) if doorway.along == "x" else (across, along)
            gap = self.box((doorway.x - dx, doorway.y - dy, doorway.x + dx, doorway.y + dy)).inflated(0.5)
            yield Polygon(points=rectangle(gap), fill=LIGHT, title="doorway")

    def fixture(self, fixture: FixtureSpec) -> Iterator[Shape]:
        category = self.domain.fixtures[fixture.category]
        title = self.name(fixture)
        if fixture.category == self.domain.person:
            x, y = self.point(fixture.x, fixture.y)
            radius = PERSON_RADIUS_M * self.scale
            yield Circle(center=(x, y), radius=radius, fill=PEOPLE, line=EDGE, title=title)
            yield self.nose(fixture.x, fixture.y, fixture.yaw, PERSON_RADIUS_M, EDGE)
            return
        corners = self.corners(fixture)
        if category.underfoot:
            yield Polygon(points=corners, line=EDGE, is_dashed=True, title=title)
            return
        yield Polygon(points=corners, fill=self.color(fixture), line=EDGE, title=title)
        yield Line(start=corners[0], end=corners[1], color=EDGE, width=3.0)

    def robot(self) -> Iterator[Shape]:
        x, y, yaw = self.scene.robot
        middle, radius = self.point(x, y), ROBOT_RADIUS_M * self.scale
        yield Circle(center=middle, radius=radius, fill=LIGHT, line=ROBOT, line_width=3.0, title="robot")
        yield self.nose(x, y, yaw, ROBOT_RADIUS_M, ROBOT)

    def nose(self, x: float, y: float, yaw: float, radius_m: float, color: Color) -> Shape:
        """Return a mark of where somebody round looks."""
        cos, sin = radius_m * math.cos(yaw), radius_m * math.sin(yaw)
        return Line(
            start=self.point(x + 0.7 * cos, y + 0.7 * sin), end=self.point(x + cos, y + sin), color=color, width=4
        )

    def labels(self, room: Room) -> list[Shape]:
        space = FreeSpace(self.box(room.rect).inflated(-WALL_M / 2 * self.scale - 1))
        fixtures = [f for f in self.scene.furniture if f.room == room.name]
        standing = [f for f in fixtures if not self.domain.fixtures[f.category].underfoot]
        space.take(*(self.around(f) for f in standing))
        robot = self.robot_box()
        space.take(robot, *(edge for f in fixtures if f not in standing for edge in _edges(self.around(f))))
        shapes = room_label(room.name, space, ROOM_NAME)
        items = [self.labeled(f) for f in standing]
        if space.bounds.contains(robot):
            items.append(Labeled(name="robot", box=robot, color=ROBOT))
        on_floor = [self.labeled(f) for f in fixtures if f not in standing]
        return [*shapes, *furniture_labels(items, space, self.numbers), *self.floor_labels(on_floor, space)]

    def floor_labels(self, items: list[Labeled], space: FreeSpace) -> list[Shape]:
        """Return the names of patches of floor, on which furniture and other names may stand."""
        shapes: list[Shape] = []
        for item in items:
            text = item.name
            size = NOTE_SIZE - 2
            box = space.nearest(width_of(text, size), size * LINE_HEIGHT, item.box.middle, item.box.height / 2)
            if box is None:
                self.numbers[text] = len(self.numbers) + 1
                continue
            space.take(box)
            shapes.append(Text(text=text, box=box, size=size, color=EDGE))
        return shapes

    def robot_box(self) -> Box:
        (x, y), radius = self.point(*self.scene.robot[:2]), ROBOT_RADIUS_M * self.scale
        return Box(x - radius, y - radius, x + radius, y + radius)

    def labeled(self, fixture: FixtureSpec) -> Labeled:
        if fixture.category == self.domain.person:
            return Labeled(name=self.name(fixture), box=self.around(fixture), color=LIGHT)
        color = DARK if _brightness(self.color(fixture)) > 0.5 else LIGHT
        return Labeled(name=self.name(fixture), box=self.around(fixture), outline=self.corners(fixture), color=color)

    def name(self, fixture: FixtureSpec) -> str:
        """Return what stands at a fixture: its name, or a person's, and the number of things there."""
        number = self.n_things[fixture.name]
        name = self.person_names.get(fixture.name, fixture.name)
        return f"{name} ({number})" if number else name

    def color(self, fixture: FixtureSpec) -> Color:
        look = look_of(fixture.properties, self.domain)
        return PLAIN if look is None else (round(255 * look[0]), round(255 * look[1]), round(255 * look[2]))

    def title(self, width: float) -> Iterator[Shape]:
        scene = self.scene
        counts = {"room": len(scene.rooms), "fixture": len(scene.furniture), "object": len(scene.objects)}
        counted = ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items())
        people = f" · people: {', '.join(scene.people)}" if scene.people else ""
        top = MARGIN - 4
        for line, size in ((scene.name, TITLE_SIZE), (counted + people, NOTE_SIZE)):
            text = shortened(line, size, width)
            box = Box(MARGIN, top, MARGIN + width_of(text, size), top + size * LINE_HEIGHT)
            yield Text(text=text, box=box, size=size, color=DARK)
            top = box.bottom + 2

    def scale_bar(self, top: float) -> Iterator[Shape]:
        meters = next(m for m in (1, 2, 5, 10, 20, 50) if m * self.scale >= 40 or m == 50)
        right = MARGIN + meters * self.scale
        yield Line(start=(MARGIN, top), end=(right, top), color=DARK, width=3.0)
        left = right + 8
        text = f"{meters} m · {EXPLANATION}"
        text = shortened(text, NOTE_SIZE, max(self.width - left + MARGIN, 60.0))
        middle = NOTE_SIZE * LINE_HEIGHT / 2
        box = Box(left, top - middle, left + width_of(text, NOTE_SIZE), top + middle)
        yield Text(text=text, box=box, size=NOTE_SIZE, color=DARK)


def _edges(box: Box) -> tuple[Box, ...]:
    """Return the four sides of a box as thin boxes."""
    left, top, right, bottom = box
    lines = (
        (left, top, right, top),
        (left, bottom, right, bottom),
        (left, top, left, bottom),
        (right, top, right, bottom),
    )
    return tuple(Box(*line).inflated(0.5) for line in lines)


def _brightness(color: Color) -> float:
    red, green, blue = color
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
