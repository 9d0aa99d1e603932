"""Statistics of the days' records: where objects were seen, where the robot looked, which doors stuck, nicknames."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.exploration.learned_prior import OPENED, STUCK
from planner.household.daily_life import tasks_of

if TYPE_CHECKING:
    from planner.io.json_lines import Record


@dataclass(frozen=True, kw_only=True)
class Observations:
    """Counts over the records of days.

    Attributes:
        seen: How often a (category, fixture) pair was seen, once per day for each object.
        looked: On how many days the contents of a fixture were seen.
        opened: How often a fixture opened.
        stuck: How often it did not open.
        words: Plain words for words that were not understood.
    """

    seen: Mapping[tuple[str, str], int]
    looked: Mapping[str, int]
    opened: Mapping[str, int]
    stuck: Mapping[str, int]
    words: Mapping[str, str]


def count_observations(days: Sequence[Record]) -> Observations:
    """Return the counts over the records of days."""
    seen: Counter[tuple[str, str]] = Counter()
    looked: Counter[str] = Counter()
    opening_counts: Counter[tuple[str, str]] = Counter()
    for day in days:
        object_places, looked_at, openings = day["seen"], day["looked"], day["tried"]
        assert isinstance(object_places, dict) and isinstance(looked_at, list) and isinstance(openings, list)
        seen.update((name.rpartition(" ")[0], place) for name, place in object_places.items())
        looked.update(looked_at)
        opening_counts.update((fixture, outcome) for fixture, outcome in openings)
    plain_words: dict[str, str] = {}
    for task in tasks_of(days):
        if task.get("goal") and task.get("plainly"):
            plain_words |= replaced_words(str(task["said"]), str(task["plainly"]))
    return Observations(
        seen=seen,
        looked=looked,
        opened={f: n for (f, outcome), n in opening_counts.items() if outcome == OPENED},
        stuck={f: n for (f, outcome), n in opening_counts.items() if outcome == STUCK},
        words=plain_words,
    )


def replaced_words(instruction: str, plain_instruction: str) -> dict[str, str]:
    """Return the words that the plain instruction replaces: `{"bucket": "mug"}`."""
    before, after = instruction.split(), plain_instruction.split()
    replacements = {}
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "replace":
            replacements[_noun(before[a:b])] = _noun(after[c:d])
    return replacements


def _noun(words: Sequence[str]) -> str:
    return " ".join(word.strip(",.;:!?") for word in words)
