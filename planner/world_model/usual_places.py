"""Where things usually are: how many of each category homes have in each kind of fixture.

Counted in sampled homes of the training seeds by `python -m planner.world_model.usual_places --homes 4000` and kept in
`datasets/places/usual.json`. The counts are by kind of fixture and kind of room, so they hold for any home of the
domain's fixtures. A category that was never counted is looked for where the domain says that it is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gpt.files import write_text_atomically
from planner.errors import PlannerError
from planner.io.command import run_command
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain

PROG = "python -m planner.world_model.usual_places"
HOMES = 4000
# Things of a category in a fixture, where nothing was counted: at the place named first, halved at each next one.
NAMED_RATE, FITTING_RATE = 0.002, 0.00002


@dataclass(frozen=True, kw_only=True)
class UsualPlaces:
    """Counts over homes.

    Attributes:
        homes: How many were counted.
        fixtures: How many of each `kind of fixture|kind of room` there were.
        things: For each category, how many were in or on each `kind of fixture|kind of room`, through containers.
    """

    homes: int
    fixtures: Mapping[str, int]
    things: Mapping[str, Mapping[str, int]]

    def rate(self, category: str, fixture: str, room_kind: str, domain: Domain) -> float:
        """How many things of a category one fixture of a kind, in a room of a kind, has on average; 0: it never can."""
        key = f"{fixture}|{room_kind}"
        counted = self.things.get(category, {}).get(key, 0)
        if not counted and not domain.fits(category, fixture):
            return 0.0
        at = domain.objects[category].at
        named = NAMED_RATE / 2 ** at.index(fixture) if fixture in at else FITTING_RATE
        return (counted / self.fixtures[key] if counted else 0.0) + named


def count_places(homes: Iterable[State]) -> UsualPlaces:
    """Count where things are in homes."""
    counted = 0
    fixtures: Counter[str] = Counter()
    things: dict[str, Counter[str]] = {}
    for state in homes:
        counted += 1
        world = state.world
        kinds = {room.name: room.kind for room in world.scene.rooms}
        keys = [f"{spec.category}|{kinds[spec.room]}" for spec in world.scene.fixtures]
        fixtures.update(key for i, key in enumerate(keys) if world.capacity[i])
        for i in range(world.n_fixtures, len(world.names)):
            if (root := state.root(i)) >= 0:
                things.setdefault(world.categories[i], Counter())[keys[root]] += 1
    return UsualPlaces(homes=counted, fixtures=dict(fixtures), things={c: dict(n) for c, n in things.items()})


def training_homes(number: int, seed: int) -> Iterable[State]:
    """Yield homes as the corpus has them: training seeds, never those of a test home."""
    import random

    from planner.tasks.home_splits import SPLITS, sample_home

    rng = random.Random(f"usual places/{seed}")
    return (sample_home(rng, SPLITS["train"]) for _ in range(number))


@lru_cache(maxsize=1)
def load_usual_places() -> UsualPlaces:
    """Return the counts that come with the project."""
    raw = json.loads((datasets_dir() / "places" / "usual.json").read_text(encoding="utf-8"))
    return UsualPlaces(homes=raw["homes"], fixtures=raw["fixtures"], things=raw["things"])


def written(places: UsualPlaces) -> str:
    """Return the text of the file: a line a category."""
    fixtures = json.dumps(dict(sorted(places.fixtures.items())))
    lines = [f"  {json.dumps(c)}: {json.dumps(dict(sorted(n.items())))}" for c, n in sorted(places.things.items())]
    return f'{{\n"homes": {places.homes},\n"fixtures": {fixtures},\n"things": {{\n' + ",\n".join(lines) + "\n}\n}\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog=PROG, description="Count where things are in sampled homes.")
    parser.add_argument("--homes", type=int, default=HOMES, help=f"how many (default: {HOMES})")
    parser.add_argument("--seed", type=int, default=0, help="of the homes")
    parser.add_argument("--out", type=Path, help="where the file is written (default: that of the project)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    if args.homes < 1:
        raise PlannerError(f"--homes is at least 1; seen {args.homes}")
    out = args.out or datasets_dir() / "places" / "usual.json"
    places = count_places(training_homes(args.homes, args.seed))
    try:
        write_text_atomically(out, written(places))
    except OSError as error:
        raise PlannerError(f"{out}: cannot be written ({error.strerror or error})") from None
    print(f"{out}: {len(places.things)} categories in {places.homes} homes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
