"""The scene as it is drawn: a renderer beside the simulated world that follows it when an image is drawn.

It also shows what physics does not know: lit lamps, liquid in cups, tints for hot, cold and dirty, cuts and folds.
Objects in closed fixtures are not drawn, to save time.
"""

from __future__ import annotations

from math import cos, sin
from typing import TYPE_CHECKING

from envs.assets.furniture.fixture_models import LIT, SCREEN_LIT, furniture, furniture_of
from envs.assets.object_models import appearance
from envs.geometry.bodies import Quat, visual_piece
from envs.geometry.meshes import Color, Mesh, block, lathe, merge, moved
from envs.physics.fixture_builder import glow_name, leaf_links
from envs.physics.room_builder import build_floors, build_rooms
from envs.rendering.materials import MATERIALS
from envs.rendering.renderer import Renderer
from envs.robot.robot import LEFT, LINKS, RIGHT
from envs.robot.robot import NAME as ROBOT
from envs.robot.robot_model import body_links
from envs.symbolic.described_kinds import category_of, fixture_of
from envs.symbolic.embodiment.grip import is_hollow
from envs.symbolic.scene import ObjectSpec
from envs.symbolic.state import COLD, COOKED, DIRTY, FOLDED, HOT, ON, OPEN, SLICED, WATERED, State, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from envs.geometry.color_texture import Tint
    from envs.physics.engine import Engine
    from envs.symbolic.domain import ObjectCategory, Vec3
    from envs.symbolic.scene import FixtureSpec

LIQUIDS: dict[str, Color] = {
    "water": (0.45, 0.68, 0.92, 1.0), "coffee": (0.25, 0.15, 0.09, 1.0), "tea": (0.62, 0.38, 0.15, 1.0),
    "milk": (0.97, 0.97, 0.95, 1.0), "juice": (0.98, 0.70, 0.15, 1.0), "wine": (0.45, 0.05, 0.15, 1.0),
    "soda": (0.35, 0.20, 0.15, 1.0),
}  # fmt: skip
OTHER_LIQUID: Color = (0.62, 0.55, 0.42, 1.0)  # that only another domain has
TINTS: tuple[tuple[int, Tint], ...] = (
    (DIRTY, ((0.36, 0.26, 0.12), 0.55)),
    (COOKED, ((0.40, 0.22, 0.08), 0.40)),
    (HOT, ((1.00, 0.25, 0.10), 0.25)),
    (COLD, ((0.35, 0.60, 1.00), 0.22)),
)
OPEN_VESSELS = ("bowl", "cup", "mug", "glass", "wine_glass", "pot", "vase")
CUT_COLOR: Color = (0.98, 0.96, 0.85, 1.0)
HIDDEN_POSITION = (0.0, 0.0, -50.0)
SHOWN_COLOR: Color = (1.0, 1.0, 1.0, 1.0)
HIDDEN_COLOR: Color = (1.0, 1.0, 1.0, 0.0)


class SceneView:
    """View of one home, created once for a scene, however often the simulated home is rebuilt."""

    def __init__(self, engine: Engine, world: World) -> None:
        self.renderer = Renderer(engine)
        self._engine, self._world, self._scene = engine, world, world.scene
        self._last_shown: dict[str, object] = {}  # what was last shown of each body
        self._markers: dict[str, str] = {}  # marker that lies in or over an object
        self._jointed: dict[str, tuple[int, ...]] = {ROBOT: (*LINKS, LEFT, RIGHT)}
        self._build()

    def close(self) -> None:
        """Shut down the renderer; safe to call twice."""
        self.renderer.close()

    def _build(self) -> None:
        """Add bodies near the camera first, because those they hide then cost little."""
        scene = self._scene
        self.renderer.add(ROBOT, (), (0.0, 0.0, 0.0), links=body_links())
        for obj in scene.objects:
            self.renderer.add(obj.name, (visual_piece(appearance(category_of(obj, scene.domain))),), HIDDEN_POSITION)
            self._set_material(obj)
        for spec in scene.furniture:
            model = furniture_of(spec, scene.domain)
            at, turn = _fixture_pose(spec)
            for k, piece in enumerate(model.glow):
                self.renderer.add(glow_name(spec.name, k), (piece,), at, turn)
            self.renderer.add(spec.name, model.pieces, at, turn, links=leaf_links(model))
            self._set_material(spec, is_cupboard=fixture_of(spec, scene.domain).enclosed)
            if model.leaves:
                self._jointed[spec.name] = tuple(range(len(model.leaves)))
        build_rooms(self.renderer, scene)

    def _set_material(self, spec: ObjectSpec | FixtureSpec, *, is_cupboard: bool = False) -> None:
        """Let a body look like its material. A cupboard of glass is not seen through: what is in it stays unseen."""
        material = next((word for word in spec.properties if word in MATERIALS), None)
        if material is not None and not (material == "glass" and is_cupboard):
            self.renderer.set_material(spec.name, material)

    def _is_new(self, name: str, value: object) -> bool:
        """Whether a value differs from what is shown."""
        if self._last_shown.get(name) == value:
            return False
        self._last_shown[name] = value
        return True

    def _copy_poses(self) -> None:
        """Copy the poses of bodies from the simulated world."""
        engine = self._engine
        for obj in self._scene.objects:
            pose = engine.pose(obj.name)
            if self._is_new(obj.name, pose):
                self.renderer.place(obj.name, *pose)
        for name, links in self._jointed.items():
            positions = engine.joints(name, links).tolist()
            if self._is_new(name, positions):
                for link, position in zip(links, positions, strict=True):
                    self.renderer.set_joint(name, link, position)

    def refresh(self, state: State) -> None:
        """Update the view to the simulated world and to this state."""
        if "floors" not in self.renderer.bodies:  # after the bodies that a camera has added
            build_floors(self.renderer, self._scene)
        self._copy_poses()
        if self._is_new("", (state.flags, state.liquid, state.place)):
            self._show_states(state)
        for name in self._markers:
            self._place_marker(name)

    def _show_states(self, state: State) -> None:
        for i, name in enumerate(self._world.names):
            if i < self._world.n_fixtures:
                self._show_fixture(i, name, state)
            else:
                self._show_object(i, name, state)

    def _show_fixture(self, i: int, name: str, state: State) -> None:
        on, watered = bool(state.flags[i] & ON), bool(state.flags[i] & WATERED)
        if not self._is_new(f"{name} on", (on, watered)):
            return
        spec = self._scene.fixtures[i]
        category = fixture_of(spec, self._scene.domain)
        if category.waterable:
            self._set_marker(
                name, "water" if watered else "", lambda: moved(_disc(0.12, LIQUIDS["water"]), (0, 0, 0.38))
            )
        if not category.switch:
            return
        at, turn = _fixture_pose(spec)
        for k, piece in enumerate(furniture(category).glow):
            if category.body == "basin":  # running water is shown or hidden
                self.renderer.place(glow_name(name, k), at if on else HIDDEN_POSITION, turn)
            else:
                lit = SCREEN_LIT if category.body == "screen" else LIT
                self.renderer.paint(glow_name(name, k), lit if on else piece.color)

    def _show_object(self, i: int, name: str, state: State) -> None:
        category = self._world.object_category[i]
        assert category is not None
        flags = state.flags[i]
        root = state.root(i)
        stowed = root >= 0 and self._scene.fixtures[root].name in self._jointed and not state.flags[root] & OPEN
        folded = bool(flags & FOLDED)
        if self._is_new(f"{name} tints", tints := tuple(tint for bit, tint in TINTS if flags & bit)):
            self.renderer.tint(name, tints)
        if self._is_new(f"{name} shown", not (folded or stowed)):
            self.renderer.paint(name, HIDDEN_COLOR if folded or stowed else SHOWN_COLOR)
        marker = "" if stowed else _marker_kind(category, flags, state.liquid[i])
        self._set_marker(name, marker, lambda: _marker_mesh(category, marker))

    def _set_marker(self, name: str, marker: str, build_mesh: Callable[[], Mesh]) -> None:
        """Show one marker at an object, or none."""
        if self._markers.get(name, "") == marker:
            return
        if name in self._markers:
            self.renderer.remove(_marker_name(name))
            del self._markers[name]
        if marker:
            self.renderer.add(_marker_name(name), (visual_piece(build_mesh()),), HIDDEN_POSITION)
            self._markers[name] = marker

    def _place_marker(self, name: str) -> None:
        """Move an object's marker to the object."""
        self.renderer.place(_marker_name(name), *self.renderer.pose(name))


def _fixture_pose(spec: FixtureSpec) -> tuple[Vec3, Quat]:
    return (spec.x, spec.y, 0.0), (0.0, 0.0, sin(spec.yaw / 2), cos(spec.yaw / 2))


def _marker_name(name: str) -> str:
    return f"{name} marker"


def _marker_kind(category: ObjectCategory, flags: int, liquid: str) -> str:
    if flags & FOLDED:
        return "fold"
    if flags & SLICED:
        return "cuts"
    is_open = category.shape in OPEN_VESSELS or (category.mesh is not None and is_hollow(category))
    return liquid if is_open else ""


def _marker_mesh(category: ObjectCategory, marker: str) -> Mesh:
    x, y, z = category.size
    if marker == "fold":
        return block((x / 2, y, 1.6 * z), (0.0, 0.0, 0.3 * z), (*category.color, 1.0), bulge=0.08)
    if marker == "cuts":
        return merge(
            [block((0.006, 1.04 * y, 1.06 * z), (fraction * x, 0.0, 0.0), CUT_COLOR) for fraction in (-0.25, 0.0, 0.25)]
        )
    return moved(_disc(0.4 * x, LIQUIDS.get(marker, OTHER_LIQUID)), (0.0, 0.0, 0.22 * z))


def _disc(radius: float, color: Color) -> Mesh:
    return lathe([(radius, 0.0), (0.0, 0.0)], color)
