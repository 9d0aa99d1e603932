"""Object states that geometry does not show (dirty, hot, cold, filled, cooked, sliced, on), and how they change.

A skill changes a state at the moment in which the engine shows its cause: a finger on a switch, a knife on a loaf. A
process changes the objects that are exposed to it for a second while it runs: water runs over the objects in the basin,
heat reaches the objects inside an oven.
"""

from __future__ import annotations

from math import cos, sin
from typing import TYPE_CHECKING

from envs.physics.engine import TICK_S
from envs.symbolic.described_kinds import fixture_of
from envs.symbolic.state import COLD, COOKED, DIRTY, FOLDED, HOT, ON, OPEN, SLICED, WATERED, ProcessRule, World

if TYPE_CHECKING:
    from envs.physics.spatial_queries import SpatialQueries
    from envs.symbolic.state import State

UPDATE_TICKS = 60  # between two updates
EXPOSURE_S = 1.0  # how long an object must be exposed to change
SIDE_MARGIN_M = (
    0.2  # an object farther beside a fixture's region is not in it, even if it sticks out of a vessel that is
)
MAX_HEIGHT_M = 1.0  # the same, above the region's floor


class ObjectStates:
    """The invisible states of one home.

    Attributes:
        flags: A bit set for each entity of the world; OPEN is not kept here.
        liquid: What fills each entity; empty for nothing.
    """

    def __init__(self, world: World, queries: SpatialQueries) -> None:
        """Start from the states in the scene."""
        self._world, self._queries = world, queries
        initial = world.initial()
        self.flags, self.liquid = list(initial.flags), list(initial.liquid)
        self._fixtures = [i for i in range(world.n_fixtures) if world.rule[i] is not None]
        domain = queries.domain
        self._specs = {i: (spec, fixture_of(spec, domain)) for i in self._fixtures
                       for spec in (queries.specs[world.names[i]],)}  # fmt: skip
        self._exposed_s: dict[tuple[int, int], float] = {}  # seconds that an object has been exposed at a fixture

    # -- skills --------------------------------------------------------------------------------------------------------

    def on_switched(self, fixture: str) -> None:
        """A finger has pressed a switch."""
        self.flags[self._world.index[fixture]] ^= ON

    def on_sliced(self, name: str) -> None:
        """A knife has cut through an object."""
        self.flags[self._world.index[name]] |= SLICED

    def on_folded(self, name: str) -> None:
        """One edge of a cloth has been moved over to its other side."""
        self.flags[self._world.index[name]] |= FOLDED

    def on_wiped(self, fixture: str) -> None:
        """A cloth has wiped a surface."""
        self.flags[self._world.index[fixture]] &= ~DIRTY

    def on_poured(self, vessel: str, target_name: str) -> None:
        """The content of a vessel has run into another vessel or onto a plant."""
        world = self._world
        source, target = world.index[vessel], world.index[target_name]
        if target < world.n_fixtures:
            self.flags[target] |= WATERED
        else:
            self.liquid[target] = self.liquid[source]
            if temperature := self.flags[source] & (HOT | COLD):
                self.flags[target] = self.flags[target] & ~(HOT | COLD) | temperature
        vessel_category = world.object_category[source]
        if vessel_category is not None and not vessel_category.contains:
            self.liquid[source] = ""

    def on_declared(self, before: State, after: State) -> None:
        """A skill that has no routine was done: take over what it changes, except what geometry or a switch shows."""
        for i, (flags_before, flags_after) in enumerate(zip(before.flags, after.flags, strict=True)):
            changed = (flags_before ^ flags_after) & ~(OPEN | ON)
            self.flags[i] = self.flags[i] & ~changed | flags_after & changed
        for i, (liquid_before, liquid_after) in enumerate(zip(before.liquid, after.liquid, strict=True)):
            if liquid_before != liquid_after:
                self.liquid[i] = liquid_after

    # -- processes -----------------------------------------------------------------------------------------------------

    def update(self, held: str | None) -> None:
        """Update exposure times and change what was exposed long enough; call it every `UPDATE_TICKS`.

        Args:
            held: The object that the robot holds, which no process reaches.
        """
        pairs = self._exposed_pairs(held)
        self._exposed_s = {pair: self._exposed_s.get(pair, 0.0) + UPDATE_TICKS * TICK_S for pair in pairs}
        for pair in [pair for pair, seconds in self._exposed_s.items() if seconds >= EXPOSURE_S]:
            obj, fixture = pair
            self.flags[obj], self.liquid[obj] = self._state_after(obj, fixture)
            del self._exposed_s[pair]

    def pending(self, held: str | None) -> bool:
        """Whether a process still works on an object."""
        return bool(self._exposed_pairs(held))

    def _exposed_pairs(self, held: str | None) -> list[tuple[int, int]]:
        """Pairs of an object and a fixture whose running process would change it."""
        world, queries = self._world, self._queries
        pairs = []
        for fixture in self._fixtures:
            fixture_name = world.names[fixture]
            flags = self.flags[fixture] & ~OPEN
            if queries.is_open(fixture_name):
                flags |= OPEN
            rule = world.rule[fixture]
            assert rule is not None
            if flags & rule.mask != rule.wanted:
                continue
            for obj in range(world.n_fixtures, len(world.names)):
                if self._state_after(obj, fixture) == (self.flags[obj], self.liquid[obj]):
                    continue
                obj_name = world.names[obj]
                if not self._is_near_region(fixture, obj_name):
                    continue  # first, because finding an object's holder is expensive
                if (
                    obj_name != held
                    and queries.root(obj_name) == fixture_name
                    and held not in queries.holders(obj_name)
                ):
                    pairs.append((obj, fixture))
        return pairs

    def _is_near_region(self, fixture: int, name: str) -> bool:
        """Whether an object is in or just beside a fixture's region."""
        spec, category = self._specs[fixture]
        region = category.region
        assert region is not None
        (x, y, z), _ = self._queries.engine.pose(name)
        dx, dy, c, s = x - spec.x, y - spec.y, cos(spec.yaw), sin(spec.yaw)
        return (
            abs(c * dx + s * dy - region.x) < region.size[0] / 2 + SIDE_MARGIN_M
            and abs(c * dy - s * dx) < region.size[1] / 2 + SIDE_MARGIN_M
            and abs(z - region.z) < MAX_HEIGHT_M
        )

    def _state_after(self, obj: int, fixture: int) -> tuple[int, str]:
        """Return the flags and the liquid of an object after a fixture's process."""
        rule, category = self._world.rule[fixture], self._world.object_category[obj]
        assert rule is not None and category is not None
        return _apply_rule(rule, self.flags[obj], self.liquid[obj], cooks=category.cooks, fills=category.fills)


def _apply_rule(rule: ProcessRule, flags: int, liquid: str, *, cooks: bool, fills: bool) -> tuple[int, str]:
    flags = flags & ~rule.clear | rule.set | (COOKED if rule.cook and cooks else 0)
    return flags, rule.fill if rule.fill and fills and not liquid else liquid
