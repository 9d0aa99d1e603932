"""Agendas: files that were damaged, cut off or written for a home that has changed, and plans at odd times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import State, World, applicable, successor
from envs.symbolic.goals import parse_goal
from planner import run as run_command
from planner.execution.events import Begun, Waiting
from planner.scheduling import Agenda, Entry, EntryEnded, EntryTurn, run_agenda
from planner.scheduling.agenda import MAX_ENTRIES
from tests.fuzz.inputs import json_files, texts
from tests.fuzz.soundness import called, check_message, check_shown, read_json
from tests.fuzz.targets.contract import SMALL_HOMES, only_our_errors, opened, released_weights_loaded, scratch_folder
from tests.planner.timed_runs import TeacherPlanner

TIMES = (
    "after 0 s", "after 0.001 s", "after 5 min", "after 24 h", "after 168 h", "at 00:00", "at 07:00", "at 7:00",
    "at 23:59", "every day at 00:00", "every day at 07:00", "every day at 23:59",
)  # fmt: skip
GOALS = (
    "window closed", "window open", "no lamp on", "every lamp on", "mug on desk", "mug in sink", "holding book",
    "if window open : window closed", "10 towel in bathtub", "freezer open", "2 more book on desk",
    "every book on desk", "half of book on bed", "no mug on desk while never window open",
)  # fmt: skip
STARTS = ("00:00", "00:01", "06:59", "07:00", "12:00", "23:59")
LINES = 5  # an input may have many entries, of which each costs a plan


def agendas(rng: Random) -> None:
    """A file of --agenda: what is due is done or has a reason, in the order of time; or a message names the file."""
    name = rng.choice(SMALL_HOMES)
    truth = opened(name)
    with scratch_folder() as folder:
        path = folder / "agenda.jsonl"
        for goal in _goals(rng, truth):
            with only_our_errors():
                Agenda(truth, path).add_goal(goal)
        if path.exists() and rng.randrange(3) == 0:
            _rewrite(path, rng)
        now = _changed_home(rng, truth) if rng.randrange(3) == 0 else truth
        if rng.randrange(12) == 0:
            _call(rng, name, path)
        with only_our_errors(path):
            agenda = Agenda(now, path)
            assert list(Agenda(now, str(path))) == list(agenda)
            assert len(agenda) <= MAX_ENTRIES
            check_shown("\n".join(str(entry.as_dict()) for entry in agenda))
            if len(agenda) <= LINES:
                _run(rng, agenda, now)


def _goals(rng: Random, state: State) -> Iterator[str]:
    for _ in range(rng.choice((0, 1, 2, 4))):
        phases = [_phase(rng, state) for _ in range(rng.choice((1, 1, 2, 3)))]
        yield " then ".join((f"{rng.choice(TIMES)} : {phases[0]}", *phases[1:]))


def _phase(rng: Random, state: State) -> str:
    goal = (lambda: rng.choice(GOALS), lambda: texts.task_goal(rng, state), lambda: texts.goal(rng, state))
    text = rng.choice((goal[0], *goal))()
    return f"{rng.choice(TIMES)} : {text}" if rng.randrange(3) == 0 else text


def _rewrite(path: Path, rng: Random) -> None:
    """Change, cut off or repeat lines, as other programs, editors and crashes do."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if rng.randrange(8) == 0:  # too many entries, or too many bytes
        record = read_json(lines[-1])
        many = range(2, rng.choice((MAX_ENTRIES, MAX_ENTRIES + 9)))
        head = {**read_json(lines[0]), "next": rng.choice((5, MAX_ENTRIES + 9, 10**30))}
        changed = [head, *({**record, "number": number, "problem": "no mug"} for number in many)]
        path.write_bytes(json_files.lines(changed, rng))
    else:
        path.write_bytes(json_files.lines([read_json(line) for line in lines], rng))


def _changed_home(rng: Random, state: State) -> State:
    """Return the home of that name as somebody has edited it: some things are gone, others stand elsewhere."""
    scene = state.world.scene
    used = {thing.place for thing in scene.objects}
    objects = tuple(thing for thing in scene.objects if thing.name in used or rng.randrange(3))
    used = {thing.place for thing in objects}
    kept = (*("person", "ceiling light"), *used)
    fixtures = tuple(f for f in scene.fixtures if f.category in kept or f.name in kept or rng.randrange(3))
    name = rng.choice((scene.name, scene.name, scene.name, "another home"))
    return World(replace(scene, name=name, objects=objects, fixtures=fixtures)).initial()


def _call(rng: Random, home: str, path: Path) -> None:
    flags = rng.choice(
        (["--list"], ["--cancel", str(rng.randrange(4))], ["--days", "2"], ["--start-time", rng.choice(STARTS)])
    )
    as_json = rng.randrange(2) == 0
    argv = ["--home", home, "--agenda", str(path), "--backend", "symbolic", *flags, *["--json"] * as_json]
    with released_weights_loaded(), _few_entries(path):
        code, output = called(run_command.main, argv)
    if as_json and code != 2:
        read_json(output)


@contextmanager
def _few_entries(path: Path) -> Iterator[None]:
    """Cut a long file, because a command does all of it."""
    if path.exists() and path.stat().st_size > 2_000:
        path.write_bytes(b"\n".join(path.read_bytes().splitlines()[: LINES + 1]))
    yield


def _run(rng: Random, agenda: Agenda, state: State) -> None:
    """Do what is on an agenda, while others change agenda and home."""
    home = SymbolicHome(state, start_time=rng.choice(STARTS))
    begun = {entry.number: entry for entry in agenda if entry.is_waiting}
    ended, cancelled = list[int](), set[int]()
    days, at, time_s = rng.choice((1, 1, 2, 3)), 0, home.time_s
    for event in run_agenda(agenda, home, TeacherPlanner(), days=days):  # type: ignore[arg-type]
        assert home.time_s >= time_s
        time_s = home.time_s
        match event:
            case EntryTurn():
                at = event.entry.number
                assert at not in cancelled, "a cancelled entry goes on"
            case Waiting():
                assert event.seconds >= 0
                check_shown(f"{event.until} {event.goal}")
                parse_goal(event.goal, scene=state.world.scene)
            case Begun():
                assert at in begun
            case EntryEnded():
                assert event.entry.number == at
                check_message(event.problem or "done")
                check_shown(event.problem)
                ended.append(at)
        if rng.randrange(6) == 0:
            _interfere(rng, agenda, home, begun, cancelled)
    left = list(agenda)
    assert all(entry.problem or entry.is_daily for entry in left)
    assert set(begun) - cancelled <= set(ended)
    assert {entry.number for entry in left} <= set(begun) | {entry.number for entry in left if not entry.is_waiting}
    for number, entry in begun.items():
        assert ended.count(number) <= (days if entry.is_daily else 1)


def _interfere(rng: Random, agenda: Agenda, home: SymbolicHome, begun: dict[int, Entry], cancelled: set[int]) -> None:
    match rng.randrange(4):
        case 0 if len(agenda):
            number = rng.choice([entry.number for entry in agenda])
            agenda.cancel(number)
            cancelled.add(number)
        case 1 if len(begun) < LINES:
            with only_our_errors():
                entry = agenda.add_goal(f"{rng.choice(TIMES)} : {rng.choice(GOALS)}")
                begun[entry.number] = entry
        case 2 if possible := applicable(home.state()):
            home.change(successor(home.state(), rng.choice(possible)))
