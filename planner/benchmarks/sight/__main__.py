"""Recognition from images, and plans from it: `python -m planner.benchmarks.sight --homes 40 --seed 0`.

Cluttered homes of the test split are rendered with camera poses that no training used, and with random lights and
colors; each piece of furniture once, wide ones in several adjacent pictures.

    things        objects recognized in or on the right furniture: precision, recall and F1 of categories
    furniture     category right, and with its states
    all right     the whole listing, including the states of objects
    plans         tasks in unseen wordings about visible objects, in a home of these alone: the plan from all facts, and
                  the plan from the pictures, executed in the true home
    left out      pictures of homes that are not to be planned with, since sight doubts what they show
    others        pictures that show no home (`other_pictures.py`) and are planned with nevertheless
    latency       of the encoder, and of decoding, one thread

The listings and plans of all pictures of homes are scored, those left out too. `--pictures DIR` writes a sheet of the
best and the worst pictures with the recognized listings, `--model` and `--file` select other weights. Intervals are
95 %, Wilson's; those of F1 are bootstrapped over homes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import PlannerError
from planner.evaluation.statistics import Rate, mean, quantile, rounded
from planner.io.command import one_thread, run_command, writable_file
from planner.io.command_parser import CommandParser

if TYPE_CHECKING:
    import numpy.typing as npt

    from envs.symbolic.actions import State
    from planner.api import Planner
    from planner.perception.camera_views import Picture
    from planner.perception.image_labels import Listing
    from planner.perception.sight import Sight
    from planner.tasks.task_sampler import Task, TaskDrawer

    Pixels = npt.NDArray[np.uint8]

PROG = "python -m planner.benchmarks.sight"
TASKS_PER_HOME = 3
MAX_DRAWS = 40
MAX_FURNITURE = 12  # pieces of each home
MAX_SHOWN = 12  # pictures in each half of the sheet


@dataclass(frozen=True, kw_only=True)
class PictureResult:
    """A picture and the recognized listing."""

    picture: Picture
    seen: Listing
    sure: float
    doubt: str

    @property
    def counts(self) -> tuple[int, int, int]:
        """Number of objects that are correctly recognized, recognized, and actually there."""
        recognized = Counter(item.category for item in self.seen.things)
        actual = Counter(item.category for item in self.picture.listing.things)
        if self.seen.furniture != self.picture.listing.furniture:
            return 0, sum(recognized.values()), sum(actual.values())
        return sum((recognized & actual).values()), sum(recognized.values()), sum(actual.values())


@dataclass(frozen=True, kw_only=True)
class HomeResult:
    """The result of a home: its pictures, and for each task the success with all facts and from pictures."""

    looks: tuple[PictureResult, ...]
    tasks: tuple[tuple[bool, bool], ...]


def evaluate_homes(
    count: int, seed: int, sight: Sight, planner: Planner | None, alter: Callable[[Pixels], Pixels] | None = None
) -> Iterator[HomeResult]:
    """Yield the results of homes.

    Args:
        count: Number of homes.
        seed: Seed of homes, cameras and tasks.
        sight: What is evaluated.
        planner: Plans from the pictures; None: only recognition is evaluated.
        alter: Changes each picture before it is seen.
    """
    from envs.errors import EnvsError
    from envs.simulation.physical_home import PhysicalHome
    from planner.perception.camera_views import UNSEEN, pictures
    from planner.perception.training.image_scenes import (
        fixtures_to_picture,
        random_light,
        repaint,
        sample_training_scene,
    )

    rng = random.Random(f"sight/{seed}")
    n_done = 0
    while n_done < count:
        try:
            home = PhysicalHome(sample_training_scene(rng, "test"))
        except EnvsError:  # the sampled objects do not fit
            continue
        try:
            state = home.state()
            fixtures = fixtures_to_picture(home, state, rng)
            fixtures = set(rng.sample(sorted(fixtures), min(len(fixtures), MAX_FURNITURE)))
            _ = home.camera  # creates the walls before the floors, which the first refresh creates
            home.scene_view.refresh(state)
            repaint(home, rng)
            views = list(
                pictures(home, camera=UNSEEN, rng=rng, light=random_light(rng), state=state, fixtures=fixtures)
            )
        finally:
            home.close()
        if not views:
            continue
        readings = sight.see([picture.rgb if alter is None else alter(picture.rgb) for picture in views])
        results = tuple(
            PictureResult(picture=p, seen=s.listing, sure=s.sure, doubt=s.doubt)
            for p, s in zip(views, readings, strict=True)
        )  # fmt: skip
        tasks = tuple(evaluate_plans(results, state, planner, rng)) if planner is not None else ()
        n_done += 1
        yield HomeResult(looks=results, tasks=tasks)


def evaluate_plans(
    results: Sequence[PictureResult], state: State, planner: Planner, rng: random.Random
) -> Iterator[tuple[bool, bool]]:
    """Yield, for some tasks, whether the plan succeeds with all facts, and with the recognized listings alone."""
    from planner.perception.perceived_home import (
        believed_home,
        match_names,
        merge_listings,
        translate_plan,
        visible_home,
    )
    from planner.plans.options import OWN_PLAN
    from planner.tasks.task_sampler import TaskDrawer
    from planner.verification.plan_verification import verify

    by_fixture: dict[str, list[PictureResult]] = {}
    for result in results:
        by_fixture.setdefault(result.picture.fixture, []).append(result)
    home = visible_home(state, {n: [i for x in members for i in x.picture.things] for n, members in by_fixture.items()})
    order = [spec.name for spec in home.world.scene.fixtures]
    believed = believed_home([merge_listings([result.seen for result in by_fixture[name]]) for name in order])
    names = match_names(believed, order, home)
    drawer = TaskDrawer(rng, phrases="test")
    for task in _tasks(drawer, home):
        assert task.goal is not None
        plan = planner.plan(task.instruction, task.start, OWN_PLAN)
        ok_from_facts = bool(plan.actions) and verify(task.start, task.goal, plan.actions).ok
        from_pictures = planner.plan(task.instruction, believed, OWN_PLAN)
        actions = translate_plan(from_pictures.actions, names) if from_pictures.actions else None
        yield ok_from_facts, actions is not None and verify(task.start, task.goal, actions).ok


def _tasks(drawer: TaskDrawer, home: State) -> Iterator[Task]:
    """Draw tasks whose initial state is the home as rendered."""
    n_found = 0
    for _ in range(MAX_DRAWS):
        task = drawer.draw(home)
        if task is not None and task.goal is not None and task.start.flags == home.flags:
            yield task
            n_found += 1
            if n_found == TASKS_PER_HOME:
                return


def alteration(side: int | None, *, gray: bool) -> Callable[[Pixels], Pixels] | None:
    """Return what makes pictures as coarse as if they had `side` pixels each way, or gray; None: nothing does."""
    from PIL import Image

    def alter(picture: Pixels) -> Pixels:
        image = Image.fromarray(picture).convert("L" if gray else "RGB").convert("RGB")
        size = image.size
        if side is not None:
            image = image.resize((side, side), Image.Resampling.BILINEAR)
        return np.array(image.resize(size, Image.Resampling.BILINEAR), np.uint8)

    return alter if gray or side is not None else None


def evaluate_others(count: int, seed: int, sight: Sight) -> dict[str, object]:
    """Return the rate of pictures of no home that are planned with nevertheless, over all kinds and by kind."""
    from planner.benchmarks.sight.other_pictures import other_pictures

    accepted: dict[str, list[bool]] = {}
    for kind, picture in other_pictures(count, seed):
        (seen,) = sight.see([picture])
        accepted.setdefault(kind, []).append(not seen.doubt)
    return {
        "planned_with": _rate([hit for hits in accepted.values() for hit in hits]),
        "by_kind": {kind: sum(hits) for kind, hits in accepted.items()},
    }


def figures_of(homes: Sequence[HomeResult], sight: Sight, seed: int) -> dict[str, object]:
    """Return the metrics of all homes, with the latency."""
    pictures = [picture for home in homes for picture in home.looks]
    furniture_right = [picture.seen.furniture == picture.picture.listing.furniture for picture in pictures]
    states = [
        picture.seen.text.split("[SEP]")[0] == picture.picture.listing.text.split("[SEP]")[0] for picture in pictures
    ]
    all_right = [picture.seen.text == picture.picture.listing.text for picture in pictures]
    tasks = [task for home in homes for task in home.tasks]
    hits, recognized, actual = (sum(picture.counts[k] for picture in pictures) for k in range(3))
    rng = random.Random(seed)
    return {
        "homes": len(homes), "pictures": len(pictures), "things": actual,
        "precision": rounded(hits / max(1, recognized)), "recall": rounded(hits / max(1, actual)),
        "f1": rounded(_f1(homes)), "f1_ci95": [rounded(v) for v in _interval(homes, rng)],
        "furniture": _rate(furniture_right), "furniture_and_states": _rate(states), "all_right": _rate(all_right),
        "left_out": _rate([bool(picture.doubt) for picture in pictures]),
        "plans": {
            "tasks": len(tasks), "all_facts": _rate([t[0] for t in tasks]),
            "from_pictures": _rate([t[1] for t in tasks]),
            "of_all_facts": _rate([t[1] for t in tasks if t[0]]),
        },
        **latency(sight, pictures[0].picture.rgb),
    }  # fmt: skip


def _f1(homes: Sequence[HomeResult]) -> float:
    hits, recognized, actual = (sum(picture.counts[k] for home in homes for picture in home.looks) for k in range(3))
    return 2 * hits / max(1, recognized + actual)


def _interval(homes: Sequence[HomeResult], rng: random.Random) -> tuple[float, float]:
    draws = [_f1(rng.choices(homes, k=len(homes))) for _ in range(1000)]
    return quantile(draws, 0.025), quantile(draws, 0.975)


def _rate(hits: Sequence[bool]) -> dict[str, object]:
    return Rate(hits=sum(hits), total=len(hits)).as_dict()


def latency(sight: Sight, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> dict[str, object]:
    """Return the median times of the encoder and of decoding [ms]."""
    encoder_ms, seeing_ms = [], []
    for _ in range(15):
        started_at = time.perf_counter()
        sight.encoder.perceive(picture)
        encoder_ms.append(1000 * (time.perf_counter() - started_at))
        sight.see([picture])
        seeing_ms.append(1000 * (time.perf_counter() - started_at) - encoder_ms[-1])
    return {"encoder_ms": round(quantile(encoder_ms, 0.5), 1), "seeing_ms": round(quantile(seeing_ms, 0.5), 1)}


def write_sheet(homes: Sequence[HomeResult], path: Path, rng: random.Random) -> None:
    """Write a sheet of correctly recognized pictures, with the worst ones below."""
    from envs.recording.video import captioned, filmstrip, write_png

    pictures = [picture for home in homes for picture in home.looks]

    def n_errors(picture: PictureResult) -> int:
        hits, recognized, actual = picture.counts
        return recognized + actual - 2 * hits + 3 * (picture.seen.furniture != picture.picture.listing.furniture)

    perfect = sorted((x for x in pictures if n_errors(x) == 0), key=lambda x: -len(x.seen.things))
    best = rng.sample(perfect[: 5 * MAX_SHOWN], min(MAX_SHOWN, len(perfect)))
    worst = sorted(pictures, key=n_errors, reverse=True)[:MAX_SHOWN]
    frames = []
    for picture in [*best, *worst]:
        caption = picture.seen.text.replace("[SEP]", ": ")
        if n_errors(picture):
            caption = f"seen {caption} | there {picture.picture.listing.text.replace('[SEP]', ': ')}"
        large = np.repeat(np.repeat(picture.picture.rgb, 2, axis=0), 2, axis=1)
        frames.append(captioned(large, caption))
    write_png(str(path), filmstrip(frames, 6))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 2 on wrong input."""
    parser = CommandParser(prog=PROG, description="Score sight on homes and camera poses not used in training.")
    add = parser.add_argument
    add("--homes", type=int, default=40, metavar="N", help="number of homes (default: 40)")
    add("--seed", type=int, default=0, help="seed of homes, cameras and tasks (default: 0)")
    add("--model", type=Path, metavar="FOLDER", help="the GPT (default: the released one)")
    add("--file", type=Path, metavar="FILE", help="the vision encoder (default: beside the model)")
    add("--no-plans", action="store_true", help="evaluate recognition only")
    add("--others", type=int, default=20, metavar="N", help="pictures of no home, of each kind (default: 20)")
    add(
        "--side", type=int, metavar="PX", help="make pictures of homes as coarse as if they had so many pixels each way"
    )
    add("--gray", action="store_true", help="take the colors from pictures of homes")
    add("--pictures", type=Path, metavar="PNG", help="write a sheet of pictures")
    add("--json", action="store_true", help="print the results as JSON")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from planner.api import Planner
    from planner.perception.sight import Sight

    if args.homes < 1 or args.seed < 0 or args.others < 1 or (args.side is not None and args.side < 1):
        raise PlannerError("--homes, --others and --side are at least 1, --seed at least 0")
    if args.pictures:
        writable_file(args.pictures)
    one_thread()
    sight = Sight.load(args.model, args.file)
    planner = None if args.no_plans else Planner.load(args.model)
    homes = evaluate_homes(args.homes, args.seed, sight, planner, alteration(args.side, gray=args.gray))
    results = list(tqdm(homes, total=args.homes, disable=None))
    figures = figures_of(results, sight, args.seed) | {"others": evaluate_others(args.others, args.seed, sight)}
    if args.pictures:
        write_sheet(results, args.pictures, random.Random(args.seed))
    print(json.dumps(figures) if args.json else _summary_text(figures, results))
    return 0


def _summary_text(figures: dict[str, object], homes: Sequence[HomeResult]) -> str:
    sure = [picture.sure for home in homes for picture in home.looks]
    lines = [f"{name}: {json.dumps(value)}" for name, value in figures.items()]
    return "\n".join([*lines, f"sure, on average: {mean(sure):.3f}"])


if __name__ == "__main__":
    sys.exit(main())
