"""What invisible states look like: lit lamps, liquid in cups, tints for hot, cold and dirty, cuts and folds.

Everything here is only seen: bodies without mass or collision, made when a picture is drawn and removed at reset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from envs.building import glow_name
from envs.furniture import LIT, SCREEN_LIT, UNLIT
from envs.shapes import Color, Piece, block, merge
from envs.world import COLD, COOKED, DIRTY, FOLDED, HOT, ON, SLICED, WATERED, State, World

if TYPE_CHECKING:
    from envs.domain import ObjectCategory
    from envs.engine import Engine
    from envs.places import Places

LIQUIDS: dict[str, Color] = {
    "water": (0.45, 0.68, 0.92, 1.0), "coffee": (0.25, 0.15, 0.09, 1.0), "tea": (0.62, 0.38, 0.15, 1.0),
    "milk": (0.97, 0.97, 0.95, 1.0), "juice": (0.98, 0.70, 0.15, 1.0), "wine": (0.45, 0.05, 0.15, 1.0),
    "soda": (0.35, 0.20, 0.15, 1.0),
}  # fmt: skip
TINTS: tuple[tuple[int, tuple[float, float, float], float], ...] = (
    (DIRTY, (0.36, 0.26, 0.12), 0.55),
    (COOKED, (0.40, 0.22, 0.08), 0.40),
    (HOT, (1.00, 0.25, 0.10), 0.25),
    (COLD, (0.35, 0.60, 1.00), 0.22),
)
OPEN_VESSELS = ("bowl", "cup", "mug", "glass", "wine_glass", "pot", "vase")
FLESH: Color = (0.98, 0.96, 0.85, 1.0)


class Looks:
    """Paints one home from its state."""

    def __init__(self, engine: Engine, places: Places, world: World) -> None:
        self.engine, self.places, self.world = engine, places, world
        self._painted: dict[str, Color] = {}
        self._markers: dict[str, str] = {}  # thing and kind to body

    def clear(self) -> None:
        """Remove what was added and paint everything as it was built."""
        for body in self._markers.values():
            self.engine.remove(body)
        self._markers.clear()
        for name in list(self._painted):
            self._paint(name, self._plain(name))
        self._painted.clear()

    def _plain(self, name: str) -> Color:
        if name in self.places.things:
            return (*self.places.things[name].color, 1.0)
        return UNLIT

    def _paint(self, name: str, color: Color) -> None:
        if self._painted.get(name) != color:
            self.engine.paint(name, color)
            self._painted[name] = color

    def refresh(self, state: State) -> None:
        """Make the home look like a state."""
        for i, name in enumerate(self.world.names):
            if i < self.world.n_fixtures:
                self._fixture(i, name, state)
            else:
                self._thing(i, name, state)

    def _fixture(self, i: int, name: str, state: State) -> None:
        category = self.world.fixture[i]
        assert category is not None
        made = self.places.furniture[name]
        if category.waterable:
            self._show(
                f"{name} water",
                bool(state.flags[i] & WATERED),
                lambda: Piece(kind="cylinder", size=(0.24, 0.24, 0.01), solid=False, color=LIQUIDS["water"]),
            )
            if f"{name} water" in self._markers:
                self.engine.place(
                    self._markers[f"{name} water"], self.places.point_of(name, (0, 0, 0.35)).tolist(), (0, 0, 0, 1)
                )
            return
        if not category.switch:
            return
        on = bool(state.flags[i] & ON)
        lit = SCREEN_LIT if category.body == "screen" else LIT
        for k, piece in enumerate(made.glow):
            if category.body == "basin":  # running water is there or not
                spec = self.places.specs[name]
                at = (spec.x, spec.y, 0.0 if on else -5.0)
                self.engine.place(
                    glow_name(name, k), at, (0, 0, float(np.sin(spec.yaw / 2)), float(np.cos(spec.yaw / 2)))
                )
            else:
                self._paint(glow_name(name, k), lit if on else piece.color)

    def _thing(self, i: int, name: str, state: State) -> None:
        category = self.world.thing[i]
        assert category is not None
        flags = state.flags[i]
        color = np.array(category.color)
        for bit, tint, share in TINTS:
            if flags & bit:
                color = (1 - share) * color + share * np.array(tint)
        folded = bool(flags & FOLDED)
        r, g, b = (float(c) for c in color)
        self._paint(name, (r, g, b, 0.0 if folded else 1.0))
        at, turn = self.engine.pose(name)
        rotation = self.engine.rotation(turn)

        def put(key: str, up: float) -> None:
            if key in self._markers:
                self.engine.place(self._markers[key], (np.array(at) + rotation[:, 2] * up).tolist(), turn)

        liquid = state.liquid[i] if category.shape in OPEN_VESSELS else ""
        for kind, tone in LIQUIDS.items():
            self._show(f"{name} {kind}", liquid == kind, lambda tone=tone: _disc(category, tone))
            put(f"{name} {kind}", 0.22 * category.size[2])
        self._show(f"{name} cuts", bool(flags & SLICED), lambda: _cuts(category))
        put(f"{name} cuts", 0.0)
        self._show(f"{name} fold", folded, lambda: _folded(category, (r, g, b, 1.0)))
        put(f"{name} fold", 0.3 * category.size[2])

    def _show(self, key: str, wanted: bool, make: object) -> None:
        if wanted and key not in self._markers:
            assert callable(make)
            self.engine.add(key, (make(),), (0, 0, -5))
            self._markers[key] = key
        elif not wanted and key in self._markers:
            self.engine.remove(self._markers.pop(key))


def _disc(category: ObjectCategory, color: Color) -> Piece:
    wide = 0.80 * category.size[0]
    return Piece(kind="cylinder", size=(wide, wide, 0.004), solid=False, color=color)


def _cuts(category: ObjectCategory) -> Piece:
    x, y, z = category.size
    slabs = [block((0.006, 1.04 * y, 1.06 * z), (f * x, 0.0, 0.0)) for f in (-0.25, 0.0, 0.25)]
    return Piece(kind="mesh", size=category.size, mesh=merge(slabs), color=FLESH, solid=False)


def _folded(category: ObjectCategory, color: Color) -> Piece:
    x, y, z = category.size
    return Piece(kind="mesh", size=category.size, mesh=block((x / 2, y, 1.6 * z), bulge=0.08), color=color, solid=False)
