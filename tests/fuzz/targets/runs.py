"""What runs leave behind and later runs read: results, stages to resume, cycles of learning, folders to report on."""

from __future__ import annotations

import json
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from unittest import mock

from envs.evaluation.job_pool import Records
from planner import improve as improve_command
from planner import report as report_command
from planner.io.json_lines import Record, as_line, read_lines
from planner.learning import cycle as cycles
from planner.learning.episode_jobs import checked_episodes
from planner.learning.failure_analysis import count_failures
from planner.prompts.text_format import encode
from planner.rollouts.resumable_stage import stage
from tests.fuzz.inputs import files, json_files, run_folders, texts
from tests.fuzz.soundness import called, read_json
from tests.fuzz.targets.contract import loaded_planner, only_our_errors, scratch_folder


def records(rng: Random) -> None:
    """Results of an earlier run, of trials or of a cycle: resumed or refused."""
    with scratch_folder() as folder:
        path = folder / "results.jsonl"
        path.write_bytes(files.records(rng))
        with only_our_errors(path):
            assert all(isinstance(record, dict) for record in read_lines(path))
        with only_our_errors(path), Records(path, {"seed": 0}, resume=True) as earlier:
            assert all(isinstance(record, dict) for record in earlier.done.values())


def stages(rng: Random) -> None:
    """The file of a stage that was killed or finished: each id gets one record, old ones stay as they are."""
    ids = [str(n) for n in range(rng.choice((1, 4)))]
    written: list[Record] = [{"id": key, "said": texts.odd(rng)} for key in ids[: rng.randrange(len(ids) + 1)]]
    with scratch_folder() as folder:
        path = folder / rng.choice(("stage.jsonl", "stage.partial.jsonl", "stage.partial.jsonl"))
        is_intact = rng.randrange(3) == 0
        intact = "".join(map(as_line, written)).encode("utf-8", "replace")
        path.write_bytes(intact if is_intact else json_files.lines(written, rng))
        with only_our_errors(folder):
            target = folder / "stage.jsonl"
            result = stage(target, ids, _new_record, "fuzz")
            assert [record["id"] for record in result] == ids
            assert read_lines(target) == result == stage(target, ids, _fail, "fuzz")
            if is_intact and path != target:
                assert {r["id"] for r in result if "new" not in r} == {r["id"] for r in written}


def _new_record(key: str) -> Record:
    return {"id": key, "new": True}


def _fail(key: str) -> Record:
    raise AssertionError(f"{key} was done already")


def learning(rng: Random) -> None:
    """Proposals and episodes of a cycle that is resumed: tasks to choose from and to learn from, or an error."""
    with scratch_folder() as folder:
        content = run_folders.cycle(rng, 1, "put the mug away")
        for name in ("proposals.jsonl", "episodes.jsonl"):
            written = content[name]
            assert isinstance(written, list)
            path = folder / "cycle-1" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(json_files.lines(written, rng))
        with only_our_errors(folder, "episode "):
            proposals_file = folder / "cycle-1" / "proposals.jsonl"
            proposals = cycles._proposals(read_lines(proposals_file), proposals_file)
            episodes_file = folder / "cycle-1" / "episodes.jsonl"
            episodes = checked_episodes(read_lines(episodes_file), episodes_file)
            assert len(cycles._evenly([p for p in proposals if not p.dropped], 2, 0)) <= 2
            count_failures(episodes)
            by_id = {p.id: p for p in proposals if p.goal}
            examples = cycles._training_examples(by_id, [e for e in episodes if e["id"] in by_id], [])
            examples += cycles._earlier_examples(folder / "cycle-2", 2)
            tokenizer = loaded_planner().tokenizer
            for example in examples:
                for document in example.documents:
                    encode(document, tokenizer)


def reports(rng: Random) -> None:
    """A folder of a run: a page in which the run's texts are text, or an error that names the file."""
    with scratch_folder() as folder:
        run_folders.write_run(rng, folder)
        code, output = called(report_command.main, [str(folder), "--no-filmstrips", "--json"])
        if code != 0:
            return
        assert read_json(output)["cycles"] in (0, 1, 2)
        page = (folder / "report.html").read_text(encoding="utf-8")
        tags = _Tags(page).tags
        assert not {"marquee", "blink", "up", "long"} & set(tags), "a text of the run became HTML"
        assert tags.count("script") <= MAX_SCRIPTS and len(tags) < 100_000


MAX_SCRIPTS = 2  # of the page itself


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def resumed(rng: Random) -> None:
    """`planner.improve --resume` in the folder of an earlier run: the same settings, or what differs."""
    with scratch_folder() as folder, mock.patch.object(improve_command, "runs_dir", lambda: folder):
        saved: list[dict[str, object]] = []

        def note(folder: Path, model: Path, *args: object, **settings: object) -> Record:
            saved.append(json.loads((folder / "config.json").read_text(encoding="utf-8")))
            return {}

        begin = partial(called, improve_command.main)
        with mock.patch.object(improve_command, "improve", note):
            begin(["--name", "a", "--json"])
            path = folder / "a" / "config.json"
            path.write_bytes(json_files.raw(json_files.changed(saved[0], rng), rng))
            code, _ = begin(["--name", "a", "--json", *["--resume"] * rng.randrange(2)])
        assert code == 2 or saved[1] == saved[0]
