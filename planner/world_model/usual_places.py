"""Where objects usually are: how many of each category homes have in each fixture category.

`python -m planner.world_model.usual_places --homes 4000` counts them in homes sampled from the training seeds and
writes `datasets/places/usual.json`. The counts are by fixture category and room type, so they apply to any home with
the domain's fixtures. A category that was never counted is searched for at the places that the domain names for it.
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
from planner.io.command import run_command, writable_file
from planner.io.command_parser import CommandParser
from planner.io.paths import datasets_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from envs.symbolic.actions import State
    from envs.symbolic.domain import Domain

PROG = "python -m planner.world_model.usual_places"
DEFAULT_HOMES = 4000
# Prior rates: in the first fixture that the domain names for a category, halved for each next one; in others that fit.
NAMED_RATE, FITTING_RATE = 0.002, 0.00002


@dataclass(frozen=True, kw_only=True)
class UsualPlaces:
    """Counts over sampled homes.

    Attributes:
        homes: Number of homes counted.
        fixtures: Number of fixtures by `fixture category|room type`.
        things: For each object category, number of objects in or on `fixture category|room type`, including those in
            containers there.
    """

    homes: int
    fixtures: Mapping[str, int]
    things: Mapping[str, Mapping[str, int]]

    def rate(self, category: str, fixture: str, room_kind: str, domain: Domain) -> float:
        """Return the mean number of objects of a category in a fixture of a category and room type; 0: impossible.

        A home's own kinds are where those are that they are like, unless the home says where they usually are.
        """
        usual_places, kind, furniture = domain.objects[category].at, domain.kind_of[category], domain.kind_of[fixture]
        key = f"{furniture}|{room_kind}"
        is_as_usual = kind in domain.objects and {*usual_places} <= {*domain.objects[kind].at}
        counted = self.things.get(kind if is_as_usual else category, {}).get(key, 0)
        if (not counted or furniture != fixture) and not domain.fits(category, fixture):
            return 0.0
        place = next((place for place in (fixture, furniture) if place in usual_places), None)
        base_rate = FITTING_RATE if place is None else NAMED_RATE / 2 ** usual_places.index(place)
        return (counted / self.fixtures[key] if counted else 0.0) + base_rate


def count_places(homes: Iterable[State]) -> UsualPlaces:
    """Count where objects are in homes."""
    counted = 0
    fixtures: Counter[str] = Counter()
    objects_by_category: dict[str, Counter[str]] = {}
    for state in homes:
        counted += 1
        world = state.world
        kinds = {room.name: room.kind for room in world.scene.rooms}
        keys = [f"{spec.category}|{kinds[spec.room]}" for spec in world.scene.fixtures]
        fixtures.update(key for i, key in enumerate(keys) if world.capacity[i])
        for i in range(world.n_fixtures, len(world.names)):
            if (root := state.root(i)) >= 0:
                objects_by_category.setdefault(world.categories[i], Counter())[keys[root]] += 1
    return UsualPlaces(
        homes=counted, fixtures=dict(fixtures), things={c: dict(n) for c, n in objects_by_category.items()}
    )


def training_homes(number: int, seed: int) -> Iterable[State]:
    """Return an iterable of homes drawn as in the corpus: from training seeds, never from test seeds."""
    import random

    from planner.tasks.home_splits import SPLITS, sample_home

    rng = random.Random(f"usual places/{seed}")
    return (sample_home(rng, SPLITS["train"]) for _ in range(number))


@lru_cache(maxsize=1)
def load_usual_places() -> UsualPlaces:
    """Return the counts shipped with the project."""
    raw = json.loads((datasets_dir() / "places" / "usual.json").read_text(encoding="utf-8"))
    return UsualPlaces(homes=raw["homes"], fixtures=raw["fixtures"], things=raw["things"])


def format_places(places: UsualPlaces) -> str:
    """Return the file's text, with one line per category."""
    fixtures = json.dumps(dict(sorted(places.fixtures.items())))
    lines = [f"  {json.dumps(c)}: {json.dumps(dict(sorted(n.items())))}" for c, n in sorted(places.things.items())]
    return f'{{\n"homes": {places.homes},\n"fixtures": {fixtures},\n"things": {{\n' + ",\n".join(lines) + "\n}\n}\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Count where things are in sampled homes.")
    parser.add_argument("--homes", type=int, default=DEFAULT_HOMES, help=f"number of homes (default: {DEFAULT_HOMES})")
    parser.add_argument("--seed", type=int, default=0, help="seed of the homes")
    parser.add_argument("--out", type=Path, help="output file (default: the project's file)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    if args.homes < 1:
        raise PlannerError(f"--homes must be at least 1; seen {args.homes}")
    out = writable_file(args.out or datasets_dir() / "places" / "usual.json")
    places = count_places(training_homes(args.homes, args.seed))
    write_text_atomically(out, format_places(places))
    print(f"{out}: {len(places.things)} categories in {places.homes} homes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
