"""Where a thing has room: the furniture of a home while it is being filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from envs.scenes.home_files.entries import Item
from envs.symbolic.described_kinds import category_of, fixture_of
from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory, capacity_of, fits_in
from envs.symbolic.scene import FixtureSpec, ObjectSpec


class Places:
    """The furniture that holds things, and how full it is.

    Args:
        fixtures: The furniture.
        domain: The kinds of things.
    """

    def __init__(self, fixtures: Sequence[FixtureSpec], domain: Domain) -> None:
        self.domain = domain
        self.fixtures = {fixture.name: fixture for fixture in fixtures}
        self.cells_used: Counter[str] = Counter()
        self.held: Counter[str] = Counter()

    def kind(self, name: str) -> FixtureCategory:
        """Return the category of one piece as its properties make it."""
        return fixture_of(self.fixtures[name], self.domain)

    def room_for(self, item: Item, name: str) -> int:
        """Return how many of some things a piece has room for; 0 if they do not fit at all."""
        kind, place = self._thing(item), self.kind(name)
        if not fits_in(kind, place):
            return 0
        free = capacity_of(place) - self.cells_used[name]
        number = free // kind.units
        return max(number, 1) if self.held[name] == 0 else max(number, 0)  # the first thing needs only to fit

    def take(self, item: Item, name: str) -> None:
        """Put things there."""
        self.cells_used[name] += self._thing(item).units * item.count
        self.held[name] += item.count

    def usual(self, item: Item, rooms: Sequence[str]) -> list[str]:
        """Return where such things may be, the likeliest first: usual furniture, then open surfaces, room by room."""
        at = self.domain.objects[item.category].at
        names: dict[str, None] = {}
        for room in rooms:
            here = [fixture for fixture in self.fixtures.values() if fixture.room == room]
            for category in at:
                names |= dict.fromkeys(fixture.name for fixture in here if fixture.category == category)
            for fixture in here:
                kind = self.domain.fixtures[fixture.category]
                if kind.relation == "on" and not kind.accepts and not kind.underfoot:
                    names[fixture.name] = None
        return list(names)

    def _thing(self, item: Item) -> ObjectCategory:
        spec = ObjectSpec(name=item.category, category=item.category, place="", properties=item.properties)
        return category_of(spec, self.domain)
