"""What geometry does not show - dirty, hot, cold, filled, cooked, sliced, on - and how it changes: by exposure.

A skill changes it at the moment in which the engine shows that it happened (a finger on a switch, a knife on a loaf). A
process changes what has been where it works for as long as it takes: water runs over what lies in the basin, heat
reaches what is inside, and only while the process runs.
"""

from __future__ import annotations

from math import cos, sin
from typing import TYPE_CHECKING

from envs.physics.engine import TICK_S
from envs.symbolic.state import COLD, COOKED, DIRTY, FOLDED, HOT, ON, OPEN, SLICED, WATERED, ProcessRule, World

if TYPE_CHECKING:
    from envs.physics.spatial_queries import SpatialQueries

UPDATE_TICKS = 60  # between two looks
EXPOSURE_S = 1.0  # how long a process takes
NEAR_M = 0.2  # what is farther beside a fixture's region is not in it, not even sticking out of a vessel that is
MAX_HEIGHT_M = 1.0  # the same, above its floor


class ObjectStates:
    """The invisible states of one home.

    Attributes:
        flags: A bit set for each entity of the world; OPEN is not kept here.
        liquid: What fills each entity; empty for nothing.
    """

    def __init__(self, world: World, queries: SpatialQueries) -> None:
        """Begin with what the scene says."""
        self._world, self._queries = world, queries
        initial = world.initial()
        self.flags, self.liquid = list(initial.flags), list(initial.liquid)
        self._fixtures = [i for i in range(world.n_fixtures) if world.rule[i] is not None]
        domain = queries.domain
        self._specs = {i: (spec, domain.fixtures[spec.category]) for i in self._fixtures
                       for spec in (queries.specs[world.names[i]],)}  # fmt: skip
        self._since: dict[tuple[int, int], float] = {}  # seconds that a thing has been exposed at a fixture

    # -- skills --------------------------------------------------------------------------------------------------------

    def on_switched(self, fixture: str) -> None:
        """A finger has pressed a switch."""
        self.flags[self._world.index[fixture]] ^= ON

    def on_sliced(self, thing: str) -> None:
        """A knife has gone through a thing."""
        self.flags[self._world.index[thing]] |= SLICED

    def on_folded(self, thing: str) -> None:
        """A cloth's edge has been taken over to its other side."""
        self.flags[self._world.index[thing]] |= FOLDED

    def on_wiped(self, fixture: str) -> None:
        """A cloth has rubbed a surface."""
        self.flags[self._world.index[fixture]] &= ~DIRTY

    def on_poured(self, vessel: str, into: str) -> None:
        """What is in a vessel has run into another, or onto a plant."""
        world = self._world
        a, b = world.index[vessel], world.index[into]
        if b < world.n_fixtures:
            self.flags[b] |= WATERED
        else:
            self.liquid[b] = self.liquid[a]
            if warmth := self.flags[a] & (HOT | COLD):
                self.flags[b] = self.flags[b] & ~(HOT | COLD) | warmth
        thing = world.thing[a]
        if thing is not None and not thing.contains:
            self.liquid[a] = ""

    # -- processes -----------------------------------------------------------------------------------------------------

    def update(self, held: str | None) -> None:
        """Look at what is exposed now; `UPDATE_TICKS` after the last look.

        Args:
            held: What the robot holds, which is nowhere else.
        """
        exposed = self._exposed(held)
        self._since = {pair: self._since.get(pair, 0.0) + UPDATE_TICKS * TICK_S for pair in exposed}
        for pair in [pair for pair, seconds in self._since.items() if seconds >= EXPOSURE_S]:
            thing, fixture = pair
            self.flags[thing], self.liquid[thing] = self._changed(thing, fixture)
            del self._since[pair]

    def pending(self, held: str | None) -> bool:
        """Whether a process is still at work on something."""
        return bool(self._exposed(held))

    def _exposed(self, held: str | None) -> list[tuple[int, int]]:
        """Things and the fixtures whose running processes would change them."""
        world, queries = self._world, self._queries
        found = []
        for fixture in self._fixtures:
            name = world.names[fixture]
            flags = self.flags[fixture] & ~OPEN
            if queries.is_open(name):
                flags |= OPEN
            rule = world.rule[fixture]
            assert rule is not None
            if flags & rule.mask != rule.wanted:
                continue
            for thing in range(world.n_fixtures, len(world.names)):
                if self._changed(thing, fixture) == (self.flags[thing], self.liquid[thing]):
                    continue
                what = world.names[thing]
                if not self._near(fixture, what):
                    continue  # asking what holds it is dear
                if what != held and queries.root(what) == name and held not in queries.holders(what):
                    found.append((thing, fixture))
        return found

    def _near(self, fixture: int, thing: str) -> bool:
        """Whether a thing is in or just beside a fixture's region."""
        spec, category = self._specs[fixture]
        region = category.region
        assert region is not None
        (x, y, z), _ = self._queries.engine.pose(thing)
        dx, dy, c, s = x - spec.x, y - spec.y, cos(spec.yaw), sin(spec.yaw)
        return (
            abs(c * dx + s * dy - region.x) < region.size[0] / 2 + NEAR_M
            and abs(c * dy - s * dx) < region.size[1] / 2 + NEAR_M
            and abs(z - region.z) < MAX_HEIGHT_M
        )

    def _changed(self, thing: int, fixture: int) -> tuple[int, str]:
        """What a fixture's process makes of a thing: its flags and what fills it."""
        rule, kind = self._world.rule[fixture], self._world.thing[thing]
        assert rule is not None and kind is not None
        return _after(rule, self.flags[thing], self.liquid[thing], cooks=kind.cooks, fills=kind.fills)


def _after(rule: ProcessRule, flags: int, liquid: str, *, cooks: bool, fills: bool) -> tuple[int, str]:
    flags = flags & ~rule.clear | rule.set | (COOKED if rule.cook and cooks else 0)
    return flags, rule.fill if rule.fill and fills and not liquid else liquid
