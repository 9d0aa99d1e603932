from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from planner.errors import StageError
from planner.evaluation.statistics import wilson
from planner.io.json_lines import Record, write_lines
from planner.report import main
from planner.reporting import proposal_table
from planner.reporting.charts import PLOT_HEIGHT, TOP_MARGIN
from planner.reporting.figures import (
    failures,
    learning,
    results_by_split,
    success_by_cycle,
    success_by_kind,
    success_in_test_homes,
)
from planner.reporting.filmstrips import choose, strips
from planner.reporting.gains import forgotten, gains, lessons
from planner.reporting.page import build
from planner.reporting.run_folder import Run, RunError, read_run
from planner.reporting.table import Figure, Table
from tests.planner.json_answers import checked

NASTY = 'put the <b>"mug"</b> & </script><script>alert(1)</script> on the desk'
HOME = 8103023
GOAL = "mug on dining table"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def outcomes(split: str, alone: str, verified: str) -> list[Record]:
    pairs = zip(alone, verified, strict=True)
    return [
        {"id": f"{split}/{i}", "split": split, "same_goal": True, "alone": a == "1", "verified": v == "1"}
        for i, (a, v) in enumerate(pairs)
    ]


def episode(key: str, *, direct: bool, kept: bool, failure: Record | None = None) -> Record:
    plan = ["turn on warp drive 1"] if key == "3" else []
    return {
        "id": key, "home": HOME, "instruction": f"task {key}", "goal": GOAL, "parts": 1, "conditions": 1,
        "direct": direct, "kept": kept, "rate": float(kept), "plan": plan, "tried": 1, "family": "tidy <up>",
        "failure": failure,
    }  # fmt: skip


def proposal(key: str, **other: object) -> Record:
    return {"id": key, "home": HOME, "instruction": f"task {key}", "goal": GOAL, "dropped": "", "parts": 1} | other


def write_run(folder: Path, *, cycles: int = 2, done: bool = True) -> Path:
    """A run in which cycle 1 was accepted and the others were refused; nasty texts wherever texts are."""
    config = {"model": "m", "seed": 0, "rule": "advantage", "sizes": {"homes": 2}}
    before = [*outcomes("short", "1100", "1110"), *outcomes("<long>", "0000", "1000")]
    after = [*outcomes("short", "1110", "1110"), *outcomes("<long>", "0100", "1100")]
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in ("validation-before.jsonl", "test-before.jsonl"):
        write_lines(folder / name, before)
    for number in range(1, cycles + 1):
        write_cycle(folder / f"cycle-{number}", number, after if number == 1 else before)
    if done:
        write_lines(folder / "test-after-cycle-1.jsonl", after)
        results = {"before": before, "after": after, "splits": {"short": {"p": 0.5}, "<long>": {"p": 1}}, "seconds": 90}
        (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return folder


def write_cycle(folder: Path, number: int, held_out: list[Record]) -> None:
    metrics = {
        "cycle": number, "proposed": 40, "episodes": 3, "reached": 2, "reached_directly": 1, "lessons": 2,
        "documents": 5, "from_hindsight": 1, "loss": 0.5, "accepted": number == 1, "reason": f"because {NASTY}",
        "physics": {"carried_out": 0, "reached": 0}, "seconds": 30.0,
        "failures": {"wrong place": {"count": 1, "examples": [{"id": "2", "instruction": NASTY, "detail": "<i>"}]}},
    }  # fmt: skip
    failure = {"kind": "wrong place", "detail": "<i>"}
    proposed = [
        proposal("0", instruction=NASTY, origin="sampled"),
        *(proposal(str(k), origin="joined") for k in (1, 2)),
        *(proposal(str(k), dropped="not feasible") for k in range(3, 40)),
    ]
    write_lines(folder / "proposals.jsonl", proposed)
    tried = [("0", True, True, None), ("1", False, True, None), ("2", False, False, failure)]
    write_lines(folder / "episodes.jsonl", [episode(k, direct=d, kept=s, failure=f) for k, d, s, f in tried])
    write_lines(folder / "held_out.jsonl", held_out)
    write_lines(folder / "training" / "metrics.jsonl", [{"step": s, "loss": 1 / s} for s in (1, 2, 4)])
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return read_run(write_run(tmp_path / "run"))


def all_figures(run: Run) -> list[Figure]:
    makers = (success_by_cycle, success_in_test_homes, results_by_split, success_by_kind, failures, learning)
    return [figure for make in makers for figure in make(run)]


class Reader(HTMLParser):
    """Collects the tags, attributes and links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.files: dict[str, str] = {}
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = {name: value or "" for name, value in attrs}
        self.attributes += found.items()
        if "download" in found:
            self.files[found["download"]] = decoded(found["href"])

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def decoded(uri: str) -> str:
    kind, _, data = uri.partition(",")
    assert kind.endswith(";base64")
    return base64.b64decode(unquote(data)).decode("utf-8")


def marks(svg: str) -> list[str]:
    """The words of everything that is drawn of a row."""
    return re.findall(r'<g class="mark"><title>(.*?)</title>', svg)


# Tables and figures


def test_a_table_comes_back_from_its_files_as_it_was() -> None:
    table = Table(name="t", columns=("a", "b,c"), rows=[('say "hi", <you>\n', 0.25), (None, True), ("ä", 3)])
    assert list(csv.reader(io.StringIO(table.csv()))) == [
        ["a", "b,c"], ['say "hi", <you>\n', "0.25"], ["", "true"], ["ä", "3"]
    ]  # fmt: skip
    assert json.loads(table.json())[1] == {"a": None, "b,c": True}
    files = Reader(table.links()).files
    assert files == {"t.csv": table.csv(), "t.json": table.json()}


def test_every_chart_draws_each_row_of_its_data_and_nothing_else(run: Run) -> None:
    charts = [figure for figure in all_figures(run) if figure.svg]
    assert len(charts) >= 8
    for figure in charts:
        columns = figure.table.columns
        records = [dict(zip(columns, row, strict=True)) for row in figure.table.rows]
        drawn = marks(figure.svg)
        if figure.table.name == "training-loss":
            points = re.findall(r'<polyline class="line s\d" points="(.*?)"', figure.svg)
            assert sum(len(line.split()) for line in points) == len(records)
            continue
        assert len(drawn) == len(records), figure.title
        for words, record in zip(drawn, records, strict=True):
            shown = f"({record['hits']} of {record['tasks']})" if "hits" in record else f": {record['count']}"
            assert shown in words, figure.title


def test_bars_and_dots_are_as_long_and_as_high_as_their_rates(run: Run) -> None:
    figure = next(success_in_test_homes(run))
    rates = [row[figure.table.columns.index("rate")] for row in figure.table.rows]
    widths = [float(w) for w in re.findall(r'<rect class="bar [^>]*? width="([\d.]+)"', figure.svg)]
    full = max(w / r for w, r in zip(widths, rates, strict=True) if isinstance(r, float) and r)
    for width, rate in zip(widths, rates, strict=True):
        assert isinstance(rate, float) and width == pytest.approx(full * rate, abs=0.1)
    first = next(success_by_cycle(run))
    circles = re.findall(r'<circle [^>]*cy="([\d.]+)"', first.svg)  # of the direct pass
    heights = [TOP_MARGIN + PLOT_HEIGHT - float(y) for y in circles]
    direct = [row[first.table.columns.index("rate")] for row in first.table.rows if row[1] == "direct pass"]
    assert len(set(direct)) > 1
    assert [height / PLOT_HEIGHT for height in heights] == pytest.approx(direct, abs=0.001)


def test_intervals_are_wilsons(run: Run) -> None:
    checked = 0
    for figure in all_figures(run):
        columns = figure.table.columns
        for row in figure.table.rows if "low" in columns else ():
            record = dict(zip(columns, row, strict=True))
            low, high = wilson(int(str(record["hits"])), int(str(record["tasks"])))
            assert (record["low"], record["high"]) == (round(low, 4), round(high, 4))
            checked += 1
    assert checked > 20


def test_refused_weights_are_hollow_and_off_the_line(run: Run) -> None:
    for figure in success_by_cycle(run):
        weights = {row[0]: row[2] for row in figure.table.rows}
        assert weights == {"before": "first", "1": "accepted", "2": "refused"}
        assert figure.svg.count("hollow") == 2  # of two ways
        lines = re.findall(r'<polyline class="line s\d" points="(.*?)"', figure.svg)
        assert [len(line.split()) for line in lines] == [2, 2]


def test_charts_have_a_name_for_those_who_do_not_see_them(run: Run) -> None:
    for figure in all_figures(run):
        if figure.svg:
            assert re.match(r'<svg [^>]*role="img" aria-label="[^"]+"><title>[^<]+</title>', figure.svg)


# The page


def test_nothing_that_a_file_says_becomes_markup(run: Run) -> None:
    page = build(run, strips(run.cycles, pictures=False)).html
    read = Reader(page)
    assert "b" in read.tags and "<b>&quot;" not in page
    assert not re.search(r'<b>"mug|<i>|<long>|tidy <up>', page)
    assert page.count("</script>") == read.tags.count("script") == 2
    assert "put the <b>" in "".join(read.text)  # but it is there to be read
    block = page.split('id="proposals-data">')[1].split("</script>")[0]
    assert "<" not in block  # "<!--" and "<script" would change how a script element ends
    rows = json.loads(block)["rows"]
    assert any(NASTY in row for row in rows)


def test_the_page_asks_no_network_for_anything(run: Run) -> None:
    page = build(run, strips(run.cycles, pictures=False)).html
    assert "http:" not in page and "https:" not in page and "url(" not in page and "@import" not in page
    for name, value in Reader(page).attributes:
        if name in ("src", "href"):
            assert value.startswith(("data:", "#")), value
    assert "default-src 'none'" in page


def test_every_figure_can_be_downloaded(run: Run) -> None:
    files = Reader(build(run, []).html).files
    for figure in all_figures(run):
        assert files[f"{figure.table.name}.csv"] == figure.table.csv()
        assert files[f"{figure.table.name}.json"] == figure.table.json()


def test_what_a_run_records_beyond_the_usual_is_shown(run: Run) -> None:
    tables = {figure.table.name: figure.table for figure in all_figures(run)}
    assert ("wrong place", 1, 1) in tables["failures"].rows
    assert tables["failure-examples"].rows[0] == (2, "wrong place", "2", NASTY, "<i>")
    assert {"proposed-by-family", "proposed-by-origin", "splits"} <= tables.keys()
    assert {"rule": "advantage"}.items() <= {str(k): v for k, v in _settings(run).items()}.items()


def _settings(run: Run) -> dict[str, str]:
    text = Reader(build(run, []).html).files["settings.csv"]
    return {row[0]: row[1] for row in csv.reader(io.StringIO(text))}


def test_a_run_without_the_newer_records_has_a_page_too(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "old", cycles=1)
    for name in ("episodes.jsonl", "proposals.jsonl"):
        path = folder / "cycle-1" / name
        kept = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        write_lines(path, [{k: v for k, v in r.items() if k not in ("family", "failure", "origin")} for r in kept])
    path = folder / "cycle-1" / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    del metrics["failures"]
    path.write_text(json.dumps(metrics), encoding="utf-8")
    tables = {figure.table.name: figure.table for figure in all_figures(read_run(folder))}
    assert tables["failures"].rows == [("no plan", 1, 1)]
    assert "proposed-by-family" not in tables and "proposed-by-origin" not in tables


def test_proposals_are_listed_with_what_became_of_them(run: Run) -> None:
    rows = [dict(zip(proposal_table.COLUMNS, row, strict=True)) for row in proposal_table.rows(run.cycles)]
    assert [row["cycle"] for row in rows] == [2] * 40 + [1] * 40
    assert [row["outcome"] for row in rows[:4]] == [
        proposal_table.DIRECTLY, proposal_table.SLOWLY, proposal_table.FAILED, proposal_table.DROPPED
    ]  # fmt: skip
    assert rows[2]["failure"] == "wrong place: <i>" and rows[0]["origin"] == "sampled"


def test_a_page_is_no_larger_than_it_may_be_and_says_what_it_leaves_out(run: Run) -> None:
    whole = build(run, [])
    less = build(run, [], max_bytes=whole.size - 3000)
    assert whole.shown == whole.total == 80
    assert 0 < less.shown < 80 and less.size <= whole.size - 3000
    assert f"the latest {less.shown} are here" in less.html


# Runs that are not done


def test_a_run_under_way_has_a_page_that_says_what_is_lacking(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", cycles=2, done=False)
    second = folder / "cycle-2"
    (second / "metrics.json").unlink()
    (second / "held_out.jsonl").unlink()
    line = json.dumps(episode("0", direct=True, kept=True))
    (second / "episodes.partial.jsonl").write_text(line + "\n" + line[:20], encoding="utf-8")
    (second / "episodes.jsonl").unlink()
    run = read_run(folder)
    assert [c.number for c in run.finished_cycles] == [1]
    assert any("cycle 2 is under way (proposals: 40, episodes: 1; lacking: " in line for line in run.missing)
    page = build(run, strips(run.cycles, pictures=False))
    assert "Not done yet" in page.html and "held_out.jsonl" in page.html
    outcomes_of = [row[proposal_table.COLUMNS.index("outcome")] for row in proposal_table.rows(run.cycles)]
    assert outcomes_of[:3] == [proposal_table.DIRECTLY, proposal_table.UNTRIED, proposal_table.UNTRIED]


def test_a_run_that_has_only_begun_has_a_page(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", cycles=0, done=False)
    (folder / "test-before.jsonl").unlink()
    assert "validation homes" in build(read_run(folder), []).html


def test_where_nothing_was_done_there_is_nothing_to_report(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match="nothing was done in this run yet"):
        read_run(tmp_path)


# Gains


def table_of(run: Run, name: str) -> list[Record]:
    found = next(f.table for f in (*gains(run), *forgotten(run), *lessons(run)) if f.table.name == name)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_each_cycle_is_compared_with_the_first_weights_task_by_task(run: Run) -> None:
    rows = table_of(run, "gain-by-kind")
    assert len(rows) == 2 * 2 * 2  # cycles, kinds, ways
    first = next(r for r in rows if (r["cycle"], r["kind"], r["way"]) == (1, "short", "direct pass"))
    assert (first["weights"], first["tasks"], first["gained"], first["lost"], first["gain"]) == (
        "accepted",
        4,
        1,
        0,
        25.0,
    )
    low, high = first["low"], first["high"]
    assert isinstance(low, float) and isinstance(high, float) and low < 25.0 < high
    assert all(r["gained"] == r["lost"] == 0 for r in rows if r["cycle"] == 2)  # its weights are as before


def test_what_was_reached_and_is_not_any_more_is_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    assert table_of(read_run(folder), "forgotten") == [{"cycle": "-", "kind": "nothing", "task": "-"}]
    lost = [*outcomes("short", "1100", "0110"), *outcomes("<long>", "0000", "0000")]
    write_lines(folder / "cycle-2" / "held_out.jsonl", lost)
    names = [(r["cycle"], r["task"]) for r in table_of(read_run(folder), "forgotten")]
    assert names == [(2, "<long>/0"), (2, "short/0")]


def test_what_people_said_and_corrected_is_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    assert not [f for f in lessons(read_run(folder)) if f.table.name in ("said", "corrections")]
    said = [proposal("said/0", origin="said"), proposal("said/1", origin="said", dropped="read differently")]
    write_lines(folder / "cycle-1" / "said.jsonl", said)
    lesson = {"home": "flat", "said": NASTY, "corrections": ["no", "the bowl"], "understood": [GOAL], "goal": GOAL}
    write_lines(tmp_path / "lessons.jsonl", [lesson])
    run = read_run(folder)
    assert [r["what became of it"] for r in table_of(run, "said")] == ["learned from", "read differently"]
    assert table_of(run, "corrections")[0]["corrections"] == "no / the bowl"
    assert NASTY not in build(run, []).html


# Filmstrips


def test_groups_of_another_type_are_left_out(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    odd = [episode("0", direct=True, kept=True) | {"family": ["a"], "conditions": {"a": 1}}]
    write_lines(folder / "cycle-1" / "episodes.jsonl", odd)
    assert all(figure.table.rows for figure in all_figures(read_run(folder)))


@pytest.mark.parametrize("change", [{"split": 3}, {"split": ["short"]}, {"verified": None}, {"id": 1}])
def test_an_outcome_of_another_type_is_named(tmp_path: Path, change: Record) -> None:
    folder = write_run(tmp_path / "run")
    write_lines(
        folder / "validation-before.jsonl", [*outcomes("short", "1", "1"), outcomes("short", "1", "1")[0] | change]
    )
    with pytest.raises(StageError, match=r"validation-before\.jsonl, line 2: "):
        read_run(folder)


def test_an_episode_of_each_kind_is_shown_from_the_latest_cycle_that_has_one(run: Run) -> None:
    assert [(cycle, e["id"]) for _, cycle, e in choose(run.cycles)] == [(2, "0"), (2, "1"), (2, "2")]
    assert [title for title, *_ in choose(run.cycles[:0])] == []


def test_cards_say_what_each_subtask_changed_and_where_it_ended(run: Run) -> None:
    record = run.cycles[0].episodes[0] | {"goal": "fridge open", "plan": ["open fridge 1", "open fridge 1"]}
    run.cycles[0].episodes[:] = [record]  # type: ignore[index]
    strip = strips(run.cycles[:1], pictures=False)[0]
    assert [still.title for still in strip.stills] == ["Start", "1. open fridge 1", "2. open fridge 1"]
    assert strip.stills[1].words == "fridge 1 open" and strip.stills[2].failed
    assert strip.note == "Subtask 2 of 2 cannot be done."
    assert strip.html().count("<img") == 0


def test_what_a_plan_does_not_reach_is_told(run: Run) -> None:
    record = run.cycles[0].episodes[2] | {"goal": "fridge open ; every window closed", "plan": ["open fridge 1"]}
    run.cycles[0].episodes[:] = [record]  # type: ignore[index]
    strip = strips(run.cycles[:1], pictures=False)[0]
    assert strip.note == "wrong place: <i>. Not true at the end: every window closed."


def test_an_episode_whose_plan_cannot_be_read_is_told_and_not_shown(run: Run) -> None:
    record = run.cycles[0].episodes[0] | {"plan": ["turn on warp drive 1"]}
    run.cycles[0].episodes[:] = [record]  # type: ignore[index]
    strip = strips(run.cycles[:1], pictures=False)[0]
    assert not strip.stills and strip.note.startswith("Not shown: ")


def test_stills_of_the_physical_home_are_in_the_page(run: Run) -> None:
    pytest.importorskip("pybullet")
    record = run.cycles[0].episodes[0] | {"goal": "fridge open", "plan": ["open fridge 1"]}
    run.cycles[0].episodes[:] = [record]  # type: ignore[index]
    strip = strips(run.cycles[:1], pictures=True)[0]
    assert [still.title for still in strip.stills] == ["Start", "1. open fridge 1"]
    for still in strip.stills:
        assert base64.b64decode(still.image.partition(",")[2])[8:12] == b"WEBP"


def test_without_physics_there_are_cards(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pybullet", None)
    record = run.cycles[0].episodes[0] | {"goal": "fridge open", "plan": ["open fridge 1"]}
    run.cycles[0].episodes[:] = [record]  # type: ignore[index]
    strip = strips(run.cycles[:1], pictures=True)[0]
    assert [still.words for still in strip.stills] == ["", "fridge 1 open"]
    assert not strip.stills[0].image and strip.note.startswith("Not drawn: ")


# The command


def test_the_command_writes_the_page_into_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "mine")
    assert main(["mine", "--no-filmstrips", "--json"]) == 0
    written = checked("planner.report", capsys.readouterr().out)
    path = Path(written["report"])
    assert path == Path("runs/mine/report.html") and path.stat().st_size == written["bytes"]
    assert main([str(tmp_path / "runs" / "mine"), "--no-filmstrips", "--out", "other/page.html"]) == 0
    assert (tmp_path / "other" / "page.html").is_file()


@pytest.mark.parametrize("name", ["mime", "empty", "damaged"])
def test_wrong_input_is_exit_code_2_and_one_message(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "mine")
    (tmp_path / "runs" / "empty").mkdir()
    (write_run(tmp_path / "runs" / "damaged") / "test-before.jsonl").write_text("{]\n")
    assert main([name, "--no-filmstrips"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and not captured.out
    if name == "mime":
        assert "did you mean 'mine'?" in captured.err


# In a browser


def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser to open the page in (looked for {', '.join(BROWSERS)})")
    return found


def opened(page: str, folder: Path) -> str:
    """The document as a browser has it once its scripts have run; no console message may have come."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [
        browser(), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


PROBE = """
const seen = {};
const rows = () => document.querySelectorAll("#table tbody tr").length;
seen.rows = rows();
const search = document.querySelector("#table input");
const type = (text) => { search.value = text; search.dispatchEvent(new Event("input")); };
type("alert(1)"); seen.searched = rows();
seen.first = document.querySelector("#table tbody td:nth-child(3)").textContent;
type("no such words"); seen.none = rows();
type("");
const outcome = document.getElementById("by-outcome");
outcome.value = "not reached"; outcome.dispatchEvent(new Event("change")); seen.chosen = rows();
outcome.value = ""; outcome.dispatchEvent(new Event("change"));
for (const button of document.querySelectorAll(".pager button")) if (button.textContent === "Next") button.click();
seen.status = document.getElementById("shown").textContent;
const charts = [...document.querySelectorAll("svg[role=img]")];
seen.charts = charts.filter((chart) => chart.getBoundingClientRect().width > 100).length;
const saved = [];
URL.createObjectURL = (blob) => { saved.push(blob); return "data:,"; };
for (const button of document.querySelectorAll("#table .links button")) button.click();
Promise.all(saved.map((blob) => blob.text())).then((texts) => {
  seen.csv = texts[0];
  const link = document.querySelector('a[download="test-homes.csv"]');
  seen.link = atob(link.href.split("base64,")[1]);
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = btoa(JSON.stringify(seen));
  document.body.append(out);
});
"""


def test_a_browser_runs_the_page_as_it_is_written(run: Run, tmp_path: Path) -> None:
    shown = opened(build(run, strips(run.cycles, pictures=False)).html, tmp_path)
    assert "80 of 80 proposals, page 1 of 4" in shown  # so its policy lets its own script run


def test_in_a_browser_the_table_is_filtered_and_data_can_be_had(run: Run, tmp_path: Path) -> None:
    page = build(run, strips(run.cycles, pictures=False)).html
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)  # it would forbid the probe
    shown = opened(page.replace("</body>", f"<script>{PROBE}</script></body>"), tmp_path)
    found = re.search(r'<pre id="seen">(.*?)</pre>', shown)
    assert found is not None
    seen = json.loads(base64.b64decode(found[1]))
    assert (seen["rows"], seen["searched"], seen["none"], seen["chosen"]) == (25, 2, 0, 2)
    assert seen["first"] == NASTY
    assert seen["status"] == "80 of 80 proposals, page 2 of 4"
    charts = [figure for figure in all_figures(run) if figure.svg]
    assert seen["charts"] == len(charts)
    figure = next(success_in_test_homes(run))
    assert seen["link"] == figure.table.csv()
    rows = list(csv.reader(io.StringIO(seen["csv"])))
    assert rows[0] == list(proposal_table.COLUMNS) and len(rows) == 81 and rows[1][2] == NASTY
