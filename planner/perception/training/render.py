"""`python -m planner.perception.training.render --out DIR`: render labeled training pictures of sampled homes.

Files appear in DIR while it runs, each written atomically; `planner.perception.training` may read them at the same
time. Only rendering needs PyBullet.
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
from planner.io.command_parser import CommandParser
from planner.tasks.home_splits import SplitName

if TYPE_CHECKING:
    from planner.perception.training.image_shards import Shard

PROG = "python -m planner.perception.training.render"
MIN_PICTURES_PER_FILE = 96
MAX_PICTURES_PER_HOME = 40
MAX_FAILURES = 30  # consecutive homes that cannot be built


def shots(rng: random.Random, split: SplitName) -> Iterator[Shard]:
    """Yield the labeled pictures of one home after another, without end."""
    from envs.errors import EnvsError
    from envs.simulation.physical_home import PhysicalHome
    from planner.perception.camera_views import UNSEEN, VARIED, pictures
    from planner.perception.training.image_scenes import (
        fixtures_to_picture,
        random_light,
        repaint,
        sample_training_scene,
    )
    from planner.perception.training.image_shards import label_pictures

    failures = 0
    while True:
        try:
            home = PhysicalHome(sample_training_scene(rng, split))
        except EnvsError:  # not enough space, or a place that the robot cannot reach
            failures += 1
            if failures == MAX_FAILURES:
                raise
            continue
        failures = 0
        try:
            state = home.state()
            fixtures = fixtures_to_picture(home, state, rng)
            fixtures = set(rng.sample(sorted(fixtures), min(len(fixtures), MAX_PICTURES_PER_HOME)))
            _ = home.camera  # creates the walls before the floors, which the first refresh creates
            home.scene_view.refresh(state)
            repaint(home, rng)
            camera = VARIED if split == "train" else UNSEEN
            shots_of_home = list(
                pictures(home, camera=camera, rng=rng, light=random_light(rng), state=state, fixtures=fixtures)
            )
            if shots_of_home:
                yield label_pictures(home.world, shots_of_home)
        finally:
            home.close()


def write(out: Path, seed: int, count: int | None, split: SplitName) -> int:
    """Write picture files until there are `count` pictures; returns their number."""
    from planner.perception.training.image_shards import concatenate_shards, write_shard

    pending: list[Shard] = []
    n_pictures = files = 0
    for shard in shots(random.Random(f"pictures/{split}/{seed}"), split):
        pending.append(shard)
        n_pictures += len(shard.texts)
        if sum(len(shard.texts) for shard in pending) >= MIN_PICTURES_PER_FILE or (
            count is not None and n_pictures >= count
        ):
            write_shard(out / f"pictures-{split}-{seed}-{files:05d}.npz", concatenate_shards(pending))
            pending, files = [], files + 1
        if count is not None and n_pictures >= count:
            break
    return n_pictures


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Render labeled pictures of sampled homes.")
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="output folder")
    add("--count", type=int, help="minimum pictures per process (default: run until stopped)")
    add("--split", choices=("train", "valid", "test"), default="train", help="split of the homes (default: train)")
    add("--processes", type=int, default=1, metavar="N", help="number of processes (default: 1)")
    add("--seed", type=int, default=0, help="seed of the first process; the others use the next ones (default: 0)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    if args.processes < 1 or args.seed < 0 or (args.count is not None and args.count < 1):
        raise PlannerError("--processes and --count must be at least 1, --seed at least 0")
    out = writable(args.out)
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=write, args=(out, args.seed + k, args.count, args.split), daemon=True)
        for k in range(1, args.processes)
    ]
    for process in processes:
        process.start()
    write(out, args.seed, args.count, args.split)
    for process in processes:
        process.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
