"""The table of all proposals, which the page's script lists, filters and saves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from planner.io.json_lines import Record
from planner.io.terminal import printable
from planner.reporting.run_folder import Cycle, failure_of
from planner.reporting.table import Cell

COLUMNS = (
    "cycle", "id", "instruction", "goal", "parts", "origin", "family", "dropped", "outcome", "failure", "plan"
)  # fmt: skip
MAX_LETTERS = 1500  # of a cell
DIRECTLY, SLOWLY, FAILED, DROPPED, UNCHOSEN, UNTRIED = (
    "reached directly", "reached with verification", "not reached", "not used", "not chosen", "not tried yet"
)  # fmt: skip


def rows(cycles: Sequence[Cycle]) -> Iterator[tuple[Cell, ...]]:
    """Yield one row for each proposal, the latest cycle first; a plan has one subtask per line."""
    for cycle in reversed(cycles):
        episodes = {e["id"]: e for e in cycle.episodes}
        for proposal in cycle.proposals:
            episode = episodes.get(proposal["id"], {})
            plan, parts = episode.get("plan"), proposal.get("parts")
            yield (
                cycle.number,
                _text(proposal["id"]),
                _text(proposal["instruction"]),
                _text(proposal["goal"]),
                parts if isinstance(parts, int) else 1,
                _text(proposal.get("origin")),
                _text(episode.get("family") or proposal.get("family")),
                _text(proposal.get("dropped")),
                _outcome(proposal, episode, finished=cycle.metrics is not None),
                _text(failure_of(episode)),
                _text("\n".join(map(str, plan)) if isinstance(plan, list) else ""),
            )


def _outcome(proposal: Record, episode: Record, *, finished: bool) -> str:
    if proposal.get("dropped"):
        return DROPPED
    if not episode:
        return UNCHOSEN if finished else UNTRIED
    if episode["direct"]:
        return DIRECTLY
    return SLOWLY if episode["kept"] else FAILED


def _text(value: object) -> str:
    text = "" if value is None else printable(str(value))
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1] + "…"


def block(table_rows: Sequence[tuple[Cell, ...]], max_bytes: int) -> tuple[str, int]:
    """Return as many rows as fit into `max_bytes`, as JSON that is safe in a script element, and their number."""
    lines, used = list[str](), 200
    for row in table_rows:
        line = _json(row)
        used += len(line.encode()) + 1
        if used > max_bytes:
            break
        lines.append(line)
    body = ",\n".join(lines)
    return f'{{"columns": {_json(COLUMNS)}, "rows": [\n{body}\n]}}', len(lines)


def _json(value: object) -> str:
    """Return JSON that cannot close or open an HTML element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
