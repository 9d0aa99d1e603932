"""The HTML page: one self-contained file with its style, script, figures and data, without network access.

A Content-Security-Policy in the page forbids all connections and all scripts but its own, whatever texts the run
contains.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.evaluation.statistics import Paired, Rate, compare
from planner.io.json_lines import Record
from planner.learning.acceptance import MODE_LABELS
from planner.reporting import figures, gains, proposal_table
from planner.reporting.figures import INTERVALS, number, rate_of
from planner.reporting.filmstrips import Strip
from planner.reporting.run_folder import Run
from planner.reporting.table import Figure, Table, escaped

MAX_BYTES = 5_000_000  # small enough for an e-mail and for a phone
FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page and its statistics.

    Attributes:
        html: The file's text.
        shown: Number of proposals in it.
        total: Number of proposals of the run.
    """

    html: str
    shown: int
    total: int

    @property
    def size(self) -> int:
        """The size [bytes]."""
        return len(self.html.encode())


def build(run: Run, strips: Sequence[Strip], *, max_bytes: int = MAX_BYTES) -> Page:
    """Return the page of a run; the oldest proposals are omitted to keep it within `max_bytes`."""
    rows = list(proposal_table.rows(run.cycles))
    sections = [
        ("success", "Success by cycle", "".join(f.html() for f in figures.success_by_cycle(run)),
         f"Validation homes, by which new weights are accepted; hollow: weights that were refused. {INTERVALS}"),
        ("test", "Test homes", _html((*figures.success_in_test_homes(run), *figures.results_by_split(run))),
         "Measured before and after, never used to choose."),
        ("kinds", "By kind of task", _html(figures.success_by_kind(run)), ""),
        ("gains", "Gained and forgotten", _html((*gains.gains(run), *gains.forgotten(run))), ""),
        ("failures", "What failed", _html(figures.failures(run)), ""),
        ("learnt", "What was learnt", _html((*figures.learning(run), *gains.lessons(run))), ""),
        ("episodes", "Three episodes", "".join(strip.html() for strip in strips),
         "The recorded plan, of verified decoding, in the home that the task was proposed for."),
        ("proposals", "Proposals", "{proposals}", ""),
        ("settings", "Settings", _settings(run).html(), ""),
    ]  # fmt: skip
    shown_sections = [section for section in sections if section[2]]
    nav = "".join(f'<a href="#{id_}">{escaped(title)}</a>' for id_, title, *_ in shown_sections)
    body = "".join(_section(*section) for section in shown_sections)
    name = escaped(run.folder.resolve().name)
    script, style = ((FOLDER / file).read_text(encoding="utf-8") for file in ("page.js", "page.css"))
    before, _, after = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{_policy(script)}"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{name}: self-improvement</title>'
        f"<style>{style}</style></head><body><header><h1>Self-improvement: {name}</h1>{_state(run)}</header>"
        f'<ul class="tiles">{"".join(_tiles(run))}</ul><nav aria-label="Sections">{nav}</nav><main>{body}</main>'
        f"<script>{script}</script></body></html>\n"
    ).partition("{proposals}")
    max_block_bytes = max_bytes - len((before + after).encode("utf-8")) - len(_table("", 0, len(rows)).encode())
    block, shown = proposal_table.block(rows, max_block_bytes)
    return Page(html=before + _table(block, shown, len(rows)) + after, shown=shown, total=len(rows))


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _html(items: Iterable[Figure]) -> str:
    return "".join(figure.html() for figure in items)


def _section(id_: str, title: str, content: str, note: str) -> str:
    note_html = f'<p class="note">{escaped(note)}</p>' if note else ""
    return f'<section id="{id_}"><h2>{escaped(title)}</h2>{note_html}<div class="figures">{content}</div></section>'


def _state(run: Run) -> str:
    """Return the run's status: what exists, and what is missing."""
    if run.results is not None:
        return f"<p>{len(run.finished_cycles)} cycle{'s' * (len(run.finished_cycles) != 1)}, done.</p>"
    lines = "".join(f"<li>{escaped(line)}</li>" for line in run.missing)
    progress = f"Cycles begun: {len(run.cycles)}; whole: {len(run.finished_cycles)}."
    if len(run.finished_cycles) < len(run.cycles):
        progress += " What there is of the others is among the proposals, the episodes and the training losses alone."
    return f'<div class="notice" role="note"><p><b>Not done yet, or stopped.</b> {progress}</p><ul>{lines}</ul></div>'


def _tiles(run: Run) -> Iterable[str]:
    """Yield the tiles with the most important numbers."""
    home_label, initial, final = "test homes", run.before, run.after
    if not final:
        home_label, initial = "validation homes", run.validation
        final = next((c.outcomes for c in reversed(run.finished_cycles) if c.accepted and c.outcomes), ())
    for mode, name in MODE_LABELS if initial else ():
        yield _tile(f"{name}, {home_label}", *_moved(initial, final, mode))
    accepted = [str(c.number) for c in run.finished_cycles if c.accepted]
    detail = f"of cycle {', '.join(accepted)}" if accepted else "the first weights are kept"
    yield _tile("new weights accepted", f"{len(accepted)} of {len(run.finished_cycles)}", detail)
    metrics = [c.metrics or {} for c in run.finished_cycles]
    keys = ("episodes", "reached", "reached_directly", "proposed", "documents", "from_hindsight")
    n_tried, reached, directly, proposed, documents, hindsight = (sum(number(m, key) for m in metrics) for key in keys)
    if n_tried:
        yield _tile(
            "proposed tasks reached", str(Rate(hits=reached, total=n_tried)), f"with verification, of {n_tried}"
        )
        yield _tile(
            "reached directly", str(Rate(hits=directly, total=n_tried)), f"of {n_tried}; {proposed} were proposed"
        )
    yield _tile("documents learnt", str(documents), f"{hindsight} lessons from hindsight")
    seconds = sum(s for m in metrics if isinstance(s := m.get("seconds"), int | float))
    if run.results is not None and isinstance(total_s := run.results.get("seconds"), int | float):
        seconds = max(seconds, total_s)  # for a resumed run, this is the time of the last call only
    yield _tile("time", f"{seconds / 60:.1f} min", f"whole cycles: {len(run.finished_cycles)}")


def _moved(initial: Sequence[Record], final: Sequence[Record], mode: str) -> tuple[str, str]:
    before = rate_of(initial, mode)
    if not final:
        return str(before), f"of {before.total}, the first weights"
    after = rate_of(final, mode)
    if [o["id"] for o in initial] != [o["id"] for o in final]:
        return f"{100 * before.value:.1f} → {100 * after.value:.1f} %", f"now {after}"
    paired: Paired = compare([bool(o[mode]) for o in initial], [bool(o[mode]) for o in final])
    shown = f"{100 * before.value:.1f} → {100 * after.value:.1f} %"
    return shown, f"now {after} of {after.total}; +{paired.wins} −{paired.losses}, p = {paired.p:.3f}"


def _tile(label: str, value: str, detail: str) -> str:
    return f"<li><span>{escaped(label)}</span><b>{escaped(value)}</b><small>{escaped(detail)}</small></li>"


def _settings(run: Run) -> Figure:
    """Return the run's config.json as a table, one row per setting."""
    rows = []
    for key, value in run.config.items():
        nested = value if isinstance(value, dict) else {"": value}
        rows += [(f"{key} {name}".strip(), figures.cell(v)) for name, v in nested.items()]
    table = Table(name="settings", columns=("setting", "value"), rows=rows)
    return Figure(title="config.json", table=table, span="half")


def _table(block: str, shown: int, total: int) -> str:
    """Return the data that the script renders as the table of proposals."""
    omitted_note = (
        f" The page would be too large with all {total}: the latest {shown} are here." if shown < total else ""
    )
    return (
        '<div id="table" class="of-page cards"><noscript><p>The table needs JavaScript; the same rows are in the '
        f'cycles\' proposals.jsonl and episodes.jsonl.</p></noscript><p class="note">{shown} proposals, the latest '
        f'cycle first.{omitted_note}</p></div><script type="application/json" id="proposals-data">{block}</script>'
    )
