"""`python -m planner.perception.training.render --out DIR`: draws labeled pictures of sampled homes for `planner.perception.training`.

Files appear in DIR while it runs, each written whole; training may read them at the same time. PyBullet is needed here,
not there.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import PlannerError
from planner.io.command import run_command, writable
from planner.tasks.home_splits import SplitName

if TYPE_CHECKING:
    from planner.perception.training.image_shards import Shard

PROG = "python -m planner.perception.training.render"
A_FILE = 96  # pictures, at least
MOST_OF_A_HOME = 40
MOST_FAILURES = 30  # homes that cannot be built, one after the other


def shots(rng: random.Random, split: SplitName) -> Iterator[Shard]:
    """Yield the pictures of one home after another, without end."""
    from envs.errors import EnvsError
    from envs.simulation.physical_home import PhysicalHome
    from planner.perception.camera_views import UNSEEN, VARIED, pictures
    from planner.perception.training.image_scenes import light, repaint, scene_to_show, worth_showing
    from planner.perception.training.image_shards import labeled

    failures = 0
    while True:
        try:
            home = PhysicalHome(scene_to_show(rng, split))
        except EnvsError:  # no room for what was drawn, or the robot could not get everywhere
            failures += 1
            if failures == MOST_FAILURES:
                raise
            continue
        failures = 0
        try:
            state = home.state()
            only = worth_showing(home, state, rng)
            only = set(rng.sample(sorted(only), min(len(only), MOST_OF_A_HOME)))
            _ = home.camera  # its walls are drawn before the floors, which come with the first refresh
            home.scene_view.refresh(state)
            repaint(home, rng)
            camera = VARIED if split == "train" else UNSEEN
            found = list(pictures(home, camera=camera, rng=rng, light=light(rng), state=state, only=only))
            if found:
                yield labeled(home.world, found)
        finally:
            home.close()


def write(out: Path, seed: int, count: int | None, split: SplitName) -> int:
    """Write files of pictures until there are `count`; returns how many there are."""
    from planner.perception.training.image_shards import joined, write_shard

    waiting: list[Shard] = []
    drawn = files = 0
    for shard in shots(random.Random(f"pictures/{split}/{seed}"), split):
        waiting.append(shard)
        drawn += len(shard.texts)
        if sum(len(s.texts) for s in waiting) >= A_FILE or (count is not None and drawn >= count):
            write_shard(out / f"pictures-{split}-{seed}-{files:05d}.npz", joined(waiting))
            waiting, files = [], files + 1
        if count is not None and drawn >= count:
            break
    return drawn


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Draw labelled pictures of sampled homes.")
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="the folder that they are written to")
    add("--count", type=int, help="pictures of each process, at least (default: until it is stopped)")
    add("--split", choices=("train", "valid", "test"), default="train", help="whose homes (default: train)")
    add("--processes", type=int, default=1, metavar="N", help="that draw (default: 1)")
    add("--seed", type=int, default=0, help="of the first process; the others count on (default: 0)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    if args.processes < 1 or args.seed < 0 or (args.count is not None and args.count < 1):
        raise PlannerError("--processes and --count are at least 1, --seed at least 0")
    out = writable(args.out)
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=write, args=(out, args.seed + k, args.count, args.split), daemon=True)
        for k in range(1, args.processes)
    ]
    for process in others:
        process.start()
    write(out, args.seed, args.count, args.split)
    for process in others:
        process.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
