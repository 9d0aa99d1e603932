"""Several workers make what one makes; who dies costs what it had, and nobody is left working."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from envs.symbolic.actions import State
from planner.api import Planner
from planner.errors import EpisodeError, WorkersError
from planner.improve import main
from planner.io.json_lines import Record, read_lines
from planner.rollouts import open_workers
from planner.rollouts.model_jobs import model_files, planner_of, with_local_model
from planner.rollouts.processes import ProcessPool
from planner.rollouts.progress_log import Reporter
from planner.rollouts.resumable_stage import stage
from planner.rollouts.worker_pool import Lost, Workers
from tests.planner.rollouts.rollout_jobs import Job, Losable, Plan, Unsendable, begun, run_with_a_kill, workers_of

ROOT = Path(__file__).resolve().parents[3]
IDS = [str(number) for number in range(12)]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def two() -> Iterator[Workers]:
    """Two processes, which the tests share as the stages of a run do."""
    with ProcessPool(2) as workers:
        yield workers


def alive(pid: int) -> bool:
    """Whether a process is there, and not only its entry."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def await_that(is_so: Callable[[], bool], seconds: float = 600.0) -> None:  # it takes a second or two
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.01)


linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


# Who makes what


@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_workers_writes_the_same_bytes(count: int, notes: Path, tmp_path: Path) -> None:
    written = tmp_path / "records.jsonl"
    with open_workers(count) as workers:
        stage(written, IDS, Job(notes=notes, wait_s=0.002), "test", workers=workers)
    stage(tmp_path / "alone.jsonl", IDS, Job(notes=notes), "test")
    assert written.read_bytes() == (tmp_path / "alone.jsonl").read_bytes()
    assert begun(notes) == dict.fromkeys(IDS, 2)  # once with these workers, once alone


def test_two_workers_share_the_work(two: Workers, notes: Path) -> None:
    assert len(dict(two.run(Job(notes=notes, meeting=2), IDS))) == len(IDS)
    assert len(workers_of(notes)) == 2 and os.getpid() not in workers_of(notes)


def test_one_worker_is_this_process(notes: Path) -> None:
    with open_workers(1) as workers:
        assert [key for key, _ in workers.run(Job(notes=notes), IDS)] == IDS
    assert workers_of(notes) == {os.getpid()}


def test_workers_stay_from_one_job_to_the_next(two: Workers, tmp_path: Path) -> None:
    seen = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        list(two.run(Job(notes=tmp_path / name, meeting=2), IDS))
        seen.append(workers_of(tmp_path / name))
    assert seen[0] == seen[1]


def test_an_item_that_nobody_waits_for_is_left(two: Workers, notes: Path) -> None:
    for key, _ in two.run(Job(notes=notes, hanging=("1",)), IDS[:2]):
        assert key == "0"
        break
    assert dict(two.run(Job(notes=notes), ["7"])) == {"7": {"id": "7", "square": 49, "success": False}}


# Who dies


def test_a_killed_worker_costs_one_more_try_of_its_own_item(two: Workers, notes: Path) -> None:
    made = dict(two.run(Job(notes=notes, deadly=(("4", 1),), wait_s=0.01), IDS))
    assert made == {key: {"id": key, "square": int(key) ** 2, "success": int(key) % 2 == 0} for key in IDS}
    assert begun(notes) == {key: 2 if key == "4" else 1 for key in IDS}


def test_an_item_that_kills_its_second_worker_too_is_lost_alone(two: Workers, notes: Path, tmp_path: Path) -> None:
    job = Job(notes=notes, deadly=(("4", 9),))
    records = stage(tmp_path / "x.jsonl", IDS, job, "test", workers=two)
    assert [record["id"] for record in records] == IDS
    assert records[4] == {"id": "4", "lost": "the worker died twice (signal 9)"}
    assert not any("lost" in record for record in records if record["id"] != "4")
    assert begun(notes) == {key: 2 if key == "4" else 1 for key in IDS}


def test_a_worker_killed_from_outside_is_replaced(two: Workers, notes: Path) -> None:
    made = run_with_a_kill(two, Job(notes=notes, wait_s=0.05), IDS)
    assert sorted(made, key=int) == IDS
    assert sum(begun(notes).values()) <= len(IDS) + 1


def test_an_item_that_takes_too_long_is_lost(notes: Path) -> None:
    made: dict[str, Record | Lost] = {}

    def clock() -> float:  # an hour passes each time that nothing is left but the item that hangs
        return 3600.0 * begun(notes)["1"] if made.keys() >= {"0", "2", "3"} else 0.0

    with ProcessPool(2, limit_s=0.2, clock=clock) as workers:
        for key, record in workers.run(Job(notes=notes, hanging=("1",)), IDS[:4]):
            made[key] = record
    assert made["1"] == Lost(reason="the worker died twice (stopped after 0.2 s)")
    assert begun(notes) == {"0": 1, "1": 2, "2": 1, "3": 1}


def test_what_is_lost_is_a_failure_where_the_job_says_so(two: Workers, notes: Path, tmp_path: Path) -> None:
    job = Losable(notes=notes, deadly=(("1", 9),))
    records = stage(tmp_path / "x.jsonl", ["1"], job, "test", workers=two)
    assert records == [{"id": "1", "success": False, "lost": "the worker died twice (signal 9)"}]
    assert stage(tmp_path / "x.jsonl", ["1"], job, "test", workers=two) == records and begun(notes) == {"1": 2}


def test_workers_that_cannot_start_are_an_error(monkeypatch: pytest.MonkeyPatch, notes: Path) -> None:
    monkeypatch.setattr("planner.rollouts.processes.serve", os._exit)  # of a pipe: it ends before it is ready
    with ProcessPool(1) as workers, pytest.raises(WorkersError, match="die before they are ready"):
        list(workers.run(Job(notes=notes), IDS))


# What goes wrong in a job


@pytest.mark.parametrize("count", [1, 2])
def test_an_exception_names_its_item(count: int, notes: Path) -> None:
    with open_workers(count) as workers, pytest.raises(RuntimeError, match=r"^5: ValueError: no such square") as caught:
        list(workers.run(Job(notes=notes, wrong=("5",)), IDS))
    assert not isinstance(caught.value, EpisodeError)
    assert begun(notes)["5"] == 1


@pytest.mark.parametrize("count", [1, 2])
def test_what_a_person_can_mend_is_one_message(count: int, notes: Path) -> None:
    with open_workers(count) as workers, pytest.raises(EpisodeError, match=r"^5: the square is to be sharpened$"):
        list(workers.run(Job(notes=notes, mendable=("5",)), IDS))


def test_a_result_that_cannot_be_sent_is_an_error_of_its_item(two: Workers) -> None:
    with pytest.raises(RuntimeError, match=r"^3: .*pickle"):
        list(two.run(Unsendable(), ["3"]))


@pytest.mark.parametrize(("count", "limit_s"), [(0, None), (2, 0.0)])
def test_no_workers_and_no_time_are_errors(count: int, limit_s: float | None) -> None:
    with pytest.raises(WorkersError, match="at least one worker"):
        ProcessPool(count, limit_s=limit_s)


# Nobody is left


@linux_only
def test_leaving_the_context_leaves_no_worker(notes: Path) -> None:
    with ProcessPool(2) as workers:
        run = workers.run(Job(notes=notes, hanging=("1",)), IDS[:2])
        assert next(run)[0] == "0"
        await_that(lambda: "1" in begun(notes))
    assert not any(alive(pid) for pid in workers_of(notes))


@linux_only
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_one_who_started_it(sent: signal.Signals, notes: Path) -> None:
    """Ctrl-C and a kill, in the middle of episodes that would never end."""
    code = f"""
import signal
from pathlib import Path
from planner.rollouts import open_workers
from tests.planner.rollouts.rollout_jobs import Job

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background may ignore it
with open_workers(2) as workers:
    list(workers.run(Job(notes=Path({str(notes)!r}), hanging=("0", "1")), ["0", "1"]))
"""
    command = [sys.executable, "-c", code]
    # A group of its own, all of which is interrupted, as a terminal does it.
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        await_that(lambda: len(begun(notes)) == 2)
        (os.killpg if sent == signal.SIGINT else os.kill)(run.pid, sent)
        try:
            _, said = run.communicate(timeout=600)
        finally:
            run.kill()
    assert ("KeyboardInterrupt" in said) == (sent == signal.SIGINT) and said.count("Traceback") <= 1
    await_that(lambda: not any(alive(pid) for pid in workers_of(notes)))


@linux_only
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(notes: Path, tmp_path: Path) -> None:
    ids, deadly = [str(number) for number in range(40)], ("7", "22")
    path = tmp_path / "x.jsonl"
    code = f"""
from pathlib import Path
from planner.improve import main
from planner.rollouts.progress_log import Reporter
from planner.rollouts import open_workers
from planner.rollouts.resumable_stage import stage
from tests.planner.rollouts.rollout_jobs import Job

with open_workers(2) as workers:
    job = Job(notes=Path({str(notes)!r}), fatal={deadly})
    reporter = Reporter(path=Path({str(tmp_path / "progress.jsonl")!r}))
    stage(Path({str(path)!r}), {ids}, job, "test", workers=workers, reporter=reporter)
"""
    kills = 0
    while not path.exists():
        with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as run:
            assert run.wait() in (0, -signal.SIGKILL)
        kills += run.returncode == -signal.SIGKILL
        await_that(lambda: not any(alive(pid) for pid in workers_of(notes)))
    assert kills == len(deadly)
    stage(tmp_path / "alone.jsonl", ids, Job(notes=tmp_path), "test")
    assert path.read_bytes() == (tmp_path / "alone.jsonl").read_bytes()
    assert sum(begun(notes).values()) <= len(ids) + 4 * kills  # two in flight, and two whose records were on their way
    lines = read_lines(tmp_path / "progress.jsonl", ("done", "of"))
    assert lines[-1]["done"] == lines[-1]["of"] == 40


# Progress


def test_progress_is_told_in_json_lines_with_rising_counts(two: Workers, notes: Path, tmp_path: Path) -> None:
    told: list[dict[str, object]] = []
    times = iter(np.arange(0.0, 100.0, 0.3))
    reporter = Reporter(path=tmp_path / "run" / "progress.jsonl", tell=told.append, clock=lambda: float(next(times)))
    stage(tmp_path / "x.jsonl", IDS, Job(notes=notes), "squares", workers=two, reporter=reporter.of_cycle(3))
    lines = [json.loads(line) for line in (tmp_path / "run" / "progress.jsonl").read_text().splitlines()]
    assert lines == told and 2 < len(lines) < len(IDS)  # at most once a second, and at the end
    done = [line["done"] for line in lines]
    assert done == sorted(set(done)) and done[-1] == len(IDS)
    assert all({"time", "per_s", "eta_s"} <= line.keys() for line in lines)
    assert {(line["cycle"], line["stage"], line["of"]) for line in lines} == {(3, "squares", len(IDS))}
    assert lines[-1]["success"] == 0.5 and lines[-1]["eta_s"] == 0.0


def test_records_of_an_earlier_run_are_done_but_do_not_count_for_the_rate() -> None:
    told: list[dict[str, object]] = []
    times = iter([0.0, 0.5, 2.0, 2.0])  # its beginning, two records, a line
    found: dict[str, Record] = {str(n): {"id": str(n), "kept": True} for n in range(6)}
    with Reporter(tell=told.append, clock=lambda: next(times)).stage("x", 10, found) as progress:
        progress.advance({"id": "6", "kept": False})
        progress.advance({"id": "7", "lost": "gone"})
    assert [line["done"] for line in told] == [8]  # the end was told already
    assert (told[0]["per_s"], told[0]["eta_s"], told[0]["success"]) == (1.0, 2.0, round(6 / 7, 4))


# Models


def test_a_gpt_plans_the_same_in_any_process(two: Workers, model_folder: Path, flat: State, tmp_path: Path) -> None:
    goals = ["mug on dining table", "plate on dining table", "desk lamp on", "mug on countertop"]
    job = Plan(model=model_folder, start=flat)
    here, there = (
        stage(tmp_path / f"{name}.jsonl", goals, job, name, workers=workers)
        for name, workers in (("here", None), ("there", two))
    )
    assert here == there and here[0]["plan"]


def test_a_planner_is_loaded_once_until_its_weights_change(model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    settled_files(folder, model_files(model_folder))
    first = planner_of(folder)
    assert planner_of(folder) is first
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert planner_of(folder) is not first


def settled_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


def test_weights_that_a_machine_does_not_have_are_put_there(model_folder: Path, flat: State, tmp_path: Path) -> None:
    files = model_files(model_folder)
    job = Plan(model=tmp_path / "elsewhere", start=flat)
    there = with_local_model(job, files, tmp_path / "shelf")
    assert there.model.parent == tmp_path / "shelf" and model_files(there.model) == files
    assert Planner.load(there.model)
    assert with_local_model(job, files, tmp_path / "shelf") == there  # the next worker of that machine finds them
    assert len(list((tmp_path / "shelf").iterdir())) == 1


def test_other_weights_in_a_folder_of_that_name_are_not_taken(model_folder: Path, flat: State, tmp_path: Path) -> None:
    files = model_files(model_folder)
    settled_files(tmp_path / "model", files | {"config.json": b"{}"})
    job = Plan(model=tmp_path / "model", start=flat)
    assert model_files(with_local_model(job, files, tmp_path / "shelf").model) == files
    (tmp_path / "model" / "config.json").write_bytes(files["config.json"])
    assert with_local_model(job, files, tmp_path / "shelf") is job


# The flags


def test_without_ray_the_message_says_how_to_get_it(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["--model", str(model_folder), "--ray", "auto"]) == 2
    said = capsys.readouterr().err
    assert "pip install 'gpt-home-planner[cluster]'" in said and said.count("\n") == 1


def test_the_command_takes_no_fewer_than_one_worker(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workers", "0"]) == 2
    assert "--workers must be at least 1" in capsys.readouterr().err
