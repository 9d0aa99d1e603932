"""Folders that runs of `planner.improve` and of the trainer leave behind, intact or with damage."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

from envs.symbolic.actions import format_action
from envs.symbolic.goals import parse_goal
from planner.corpus.teacher_chunks import taught_actions
from planner.io.json_lines import Record
from planner.learning.proposing.proposals import initial_state_of
from tests.fuzz.inputs import json_files, texts

HOME = 8_103_023
GOAL = "mug on dining table"


def write_run(rng: Random, folder: Path) -> None:
    """Write a run with up to two cycles, some of whose files are damaged, missing or unfinished."""
    said = rng.choice(("put the mug away", "<marquee>&</b> </script><script>x", texts.odd(rng)))
    before = outcomes(rng)
    files: dict[str, object] = {
        "config.json": {"model": "m", "seed": 0, "rule": "advantage", "lean": True, "sizes": {"homes": 2}},
        "validation-before.jsonl": before,
        "test-before.jsonl": before,
        "test-after-cycle-1.jsonl": outcomes(rng),
        "results.json": {
            "before": before,
            "after": before,
            "splits": {"short": {"p": 0.5}},
            "seconds": 9,
            "cycles": [],
        },
    }
    for number in range(1, rng.randrange(1, 4)):
        files |= {f"cycle-{number}/{name}": content for name, content in cycle(rng, number, said).items()}
    for name in rng.sample(sorted(files), rng.choice((0, 0, 1, 3))):
        del files[name]
    unfinished = rng.randrange(4) == 0
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if unfinished and name.endswith("episodes.jsonl"):
            path = path.with_suffix(".partial.jsonl")
        path.write_bytes(_raw(rng, content))


def _raw(rng: Random, content: object) -> bytes:
    is_intact = rng.randrange(6) != 0
    if isinstance(content, list):
        return "".join(json.dumps(r) + "\n" for r in content).encode() if is_intact else json_files.lines(content, rng)
    return json.dumps(content).encode() if is_intact else json_files.raw(json_files.changed(content, rng), rng)


def outcomes(rng: Random) -> list[Record]:
    """Return outcomes on held-out tasks."""
    splits = ("short", "<long>", texts.odd(rng)) if rng.randrange(8) == 0 else ("short", "<long>")
    return [
        {"id": f"{split}/{n}", "split": split, "same_goal": True, "alone": n % 2 == 0, "verified": n > 0}
        for split in splits
        for n in range(3)
    ]


def cycle(rng: Random, number: int, said: str) -> dict[str, object]:
    """Return the content of a cycle's files by name."""
    failure = {"kind": "wrong place", "detail": "<blink>"}
    proposals = [proposal(str(n), instruction=said) for n in range(3)]
    return {
        "config.json": {"model": "m", "number": number, "seed": 0, "sizes": {}},
        "proposals.jsonl": proposals,
        "episodes.jsonl": [episode(str(n), failure if n == 2 else None) for n in range(3)],
        "held_out.jsonl": outcomes(rng),
        "training/metrics.jsonl": [{"step": s, "loss": 1 / s} for s in (1, 2, 4)],
        "metrics.json": {
            "cycle": number, "proposed": 3, "episodes": 3, "reached": 2, "reached_directly": 1, "lessons": 2,
            "documents": 5, "from_hindsight": 1, "loss": 0.5, "accepted": number == 1, "reason": said, "seconds": 3.0,
            "physics": {"carried_out": 0, "reached": 0}, "dropped": {"not feasible": 2},
            "failures": {"wrong place": {"count": 1, "examples": [{"id": "2", "instruction": said, "detail": said}]}},
        },
    }  # fmt: skip


def proposal(key: str, **other: object) -> Record:
    """Return a proposed task."""
    return {"id": key, "home": HOME, "instruction": f"task {key}", "goal": GOAL, "dropped": "", "parts": 1,
            "origin": "sampled", "furnished_for": ""} | other  # fmt: skip


def episode(key: str, failure: Record | None = None) -> Record:
    """Return an episode's record; one without a failure has a plan that reaches the goal."""
    attempt: Record = {"wrote": [["[SEP]", "pick up mug 1"], ["[EOS]", ""]], "success": False, "steps": 1}
    return {
        "id": key, "home": HOME, "instruction": f"task {key}", "goal": GOAL, "parts": 1, "conditions": 1,
        "direct": key == "0", "kept": failure is None, "rate": 1.0, "plan": list(_plan()) if failure is None else [],
        "tried": 1, "family": "tidy <up>", "failure": failure, "furnished_for": "", "origin": "sampled",
        "attempts": [attempt],
    }  # fmt: skip


@cache
def _plan() -> tuple[str, ...]:
    """Return a plan that reaches the goal in the home of the proposals."""
    goal = parse_goal(GOAL)
    state = initial_state_of(HOME, goal)
    actions = taught_actions(state, goal)
    return tuple(format_action(state.world, action) for action in actions)
