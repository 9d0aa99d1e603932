"""What is seen, and what plans come of it: `python -m planner.benchmarks.sight --homes 40 --seed 0`.

Homes of the test split, full of things, are pictured by cameras that stand in places that no training had, in lights
and colors that are drawn anew; each piece of furniture once, wide ones side by side.

    things        of all that is seen in or on the right furniture: precision, recall and F1 of categories
    furniture     category right, and with its states
    all right     the whole listing, states of things included
    plans         tasks in unseen wordings about what is visible, in a home of that alone: the plan that is made from
                  all facts, and the one that is made from the pictures, carried out in the true home
    latency       of the encoder, and of seeing, one thread

`--pictures DIR` writes a sheet of the best and the worst pictures with what was seen, `--model` and `--file` name other
weights. Intervals are 95 %, Wilson's; of F1, bootstrapped over homes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import PlannerError
from planner.evaluation.statistics import Rate, mean, quantile, rounded
from planner.io.command import one_thread, run_command

if TYPE_CHECKING:
    from envs.symbolic.actions import State
    from planner.api import Planner
    from planner.perception.camera_views import Picture
    from planner.perception.image_labels import Listing
    from planner.perception.sight import Sight
    from planner.tasks.task_sampler import Task, TaskDrawer

PROG = "python -m planner.benchmarks.sight"
TASKS = 3  # of each home
TRIES = 40
FURNITURE = 12  # pieces of each home, at most
SHOWN = 12  # pictures of each half of the sheet


@dataclass(frozen=True, kw_only=True)
class PictureResult:
    """A picture, and what was seen in it."""

    picture: Picture
    seen: Listing
    sure: float

    @property
    def counts(self) -> tuple[int, int, int]:
        """Things that were seen and are there, that were seen, and that are there."""
        found = Counter(item.category for item in self.seen.things)
        there = Counter(item.category for item in self.picture.listing.things)
        if self.seen.furniture != self.picture.listing.furniture:
            return 0, sum(found.values()), sum(there.values())
        return sum((found & there).values()), sum(found.values()), sum(there.values())


@dataclass(frozen=True, kw_only=True)
class Home:
    """What one home came to: pictures, and for each task whether it was reached with all facts, and from pictures."""

    looks: tuple[PictureResult, ...]
    tasks: tuple[tuple[bool, bool], ...]


def homes(count: int, seed: int, sight: Sight, planner: Planner | None) -> Iterator[Home]:
    """Yield homes that were looked at and planned in; without a planner, they are only looked at."""
    from envs.errors import EnvsError
    from envs.simulation.physical_home import PhysicalHome
    from planner.perception.camera_views import UNSEEN, pictures
    from planner.perception.training.image_scenes import light, repaint, scene_to_show, worth_showing

    rng = random.Random(f"sight/{seed}")
    done = 0
    while done < count:
        try:
            home = PhysicalHome(scene_to_show(rng, "test"))
        except EnvsError:  # no room for what was drawn
            continue
        try:
            state = home.state()
            only = worth_showing(home, state, rng)
            only = set(rng.sample(sorted(only), min(len(only), FURNITURE)))
            _ = home.camera  # its walls are drawn before the floors, which come with the first refresh
            home.looks.refresh(state)
            repaint(home, rng)
            shown = list(pictures(home, camera=UNSEEN, rng=rng, light=light(rng), state=state, only=only))
        finally:
            home.close()
        if not shown:
            continue
        seen = sight.see([picture.rgb for picture in shown])
        looks = tuple(
            PictureResult(picture=p, seen=s.listing, sure=s.sure) for p, s in zip(shown, seen, strict=True)
        )  # fmt: skip
        tasks = tuple(planned(looks, state, planner, rng)) if planner is not None else ()
        done += 1
        yield Home(looks=looks, tasks=tasks)


def planned(
    looks: Sequence[PictureResult], state: State, planner: Planner, rng: random.Random
) -> Iterator[tuple[bool, bool]]:
    """Yield for some tasks whether they are reached: with all facts, and from what was seen."""
    from planner.perception.perceived_home import believed_home, joined, names_of, translated, visible_home
    from planner.tasks.task_sampler import TaskDrawer
    from planner.verification.plan_verification import verify

    by_name: dict[str, list[PictureResult]] = {}
    for look in looks:
        by_name.setdefault(look.picture.fixture, []).append(look)
    home = visible_home(state, {n: [i for x in of for i in x.picture.things] for n, of in by_name.items()})
    order = [spec.name for spec in home.world.scene.fixtures]
    believed = believed_home([joined([look.seen for look in by_name[name]]) for name in order])
    names = names_of(believed, order, home)
    drawer = TaskDrawer(rng, phrases="test")
    for task in _tasks(drawer, home):
        assert task.goal is not None
        told = planner.plan(task.instruction, task.start)
        facts = bool(told.actions) and verify(task.start, task.goal, told.actions).ok
        from_pictures = planner.plan(task.instruction, believed)
        actions = translated(from_pictures.actions, names) if from_pictures.actions else None
        yield facts, actions is not None and verify(task.start, task.goal, actions).ok


def _tasks(drawer: TaskDrawer, home: State) -> Iterator[Task]:
    """Draw tasks that the home as it stands is the start of: what is pictured is not changed for them."""
    found = 0
    for _ in range(TRIES):
        task = drawer.draw(home)
        if task is not None and task.goal is not None and task.start.flags == home.flags:
            yield task
            found += 1
            if found == TASKS:
                return


def results(found: Sequence[Home], sight: Sight, seed: int) -> dict[str, object]:
    """Return the figures."""
    looks = [look for home in found for look in home.looks]
    right = [look.seen.furniture == look.picture.listing.furniture for look in looks]
    states = [look.seen.text.split("[SEP]")[0] == look.picture.listing.text.split("[SEP]")[0] for look in looks]
    whole = [look.seen.text == look.picture.listing.text for look in looks]
    tasks = [task for home in found for task in home.tasks]
    hits, seen, there = (sum(look.counts[k] for look in looks) for k in range(3))
    rng = random.Random(seed)
    return {
        "homes": len(found), "pictures": len(looks), "things": there,
        "precision": rounded(hits / max(1, seen)), "recall": rounded(hits / max(1, there)),
        "f1": rounded(_f1(found)), "f1_ci95": [rounded(v) for v in _interval(found, rng)],
        "furniture": _rate(right), "furniture_and_states": _rate(states), "all_right": _rate(whole),
        "plans": {
            "tasks": len(tasks), "all_facts": _rate([t[0] for t in tasks]),
            "from_pictures": _rate([t[1] for t in tasks]),
            "of_all_facts": _rate([t[1] for t in tasks if t[0]]),
        },
        **latency(sight, looks[0].picture.rgb),
    }  # fmt: skip


def _f1(found: Sequence[Home]) -> float:
    hits, seen, there = (sum(look.counts[k] for home in found for look in home.looks) for k in range(3))
    return 2 * hits / max(1, seen + there)


def _interval(found: Sequence[Home], rng: random.Random) -> tuple[float, float]:
    draws = [_f1(rng.choices(found, k=len(found))) for _ in range(1000)]
    return quantile(draws, 0.025), quantile(draws, 0.975)


def _rate(hits: Sequence[bool]) -> dict[str, object]:
    return Rate(hits=sum(hits), total=len(hits)).as_dict()


def latency(sight: Sight, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> dict[str, object]:
    """Return the median time of the encoder, and of seeing [ms]."""
    encoder, seeing = [], []
    for _ in range(15):
        began = time.perf_counter()
        sight.eye.perceive(picture)
        encoder.append(1000 * (time.perf_counter() - began))
        sight.see([picture])
        seeing.append(1000 * (time.perf_counter() - began) - encoder[-1])
    return {"encoder_ms": round(quantile(encoder, 0.5), 1), "seeing_ms": round(quantile(seeing, 0.5), 1)}


def sheet(found: Sequence[Home], path: Path, rng: random.Random) -> None:
    """Write a sheet: pictures that were read right, and below those that were read worst."""
    from envs.recording.video import captioned, filmstrip, write_png

    looks = [look for home in found for look in home.looks]

    def wrong(look: PictureResult) -> int:
        hits, seen, there = look.counts
        return seen + there - 2 * hits + 3 * (look.seen.furniture != look.picture.listing.furniture)

    full = sorted((x for x in looks if wrong(x) == 0), key=lambda x: -len(x.seen.things))
    best = rng.sample(full[: 5 * SHOWN], min(SHOWN, len(full)))
    worst = sorted(looks, key=wrong, reverse=True)[:SHOWN]
    frames = []
    for look in [*best, *worst]:
        said = look.seen.text.replace("[SEP]", ": ")
        if wrong(look):
            said = f"seen {said} | there {look.picture.listing.text.replace('[SEP]', ': ')}"
        large = np.repeat(np.repeat(look.picture.rgb, 2, axis=0), 2, axis=1)
        frames.append(captioned(large, said))
    write_png(str(path), filmstrip(frames, 6))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = argparse.ArgumentParser(prog=PROG, description="Score sight on homes and cameras of no training.")
    add = parser.add_argument
    add("--homes", type=int, default=40, metavar="N", help="how many (default: 40)")
    add("--seed", type=int, default=0, help="of homes, cameras and tasks (default: 0)")
    add("--model", type=Path, metavar="FOLDER", help="the GPT (default: the released one)")
    add("--file", type=Path, metavar="FILE", help="the sense (default: beside the model)")
    add("--no-plans", action="store_true", help="only look")
    add("--pictures", type=Path, metavar="PNG", help="write a sheet of pictures")
    add("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from planner.api import Planner
    from planner.perception.sight import Sight

    if args.homes < 1 or args.seed < 0:
        raise PlannerError("--homes is at least 1, --seed at least 0")
    one_thread()
    sight = Sight.load(args.model, args.file)
    planner = None if args.no_plans else Planner.load(args.model)
    found = list(tqdm(homes(args.homes, args.seed, sight, planner), total=args.homes, disable=None))
    figures = results(found, sight, args.seed)
    if args.pictures:
        sheet(found, args.pictures, random.Random(args.seed))
    print(json.dumps(figures) if args.json else _shown(figures, found))
    return 0


def _shown(figures: dict[str, object], found: Sequence[Home]) -> str:
    sure = [look.sure for home in found for look in home.looks]
    lines = [f"{name}: {json.dumps(value)}" for name, value in figures.items()]
    return "\n".join([*lines, f"sure, on average: {mean(sure):.3f}"])


if __name__ == "__main__":
    sys.exit(main())
