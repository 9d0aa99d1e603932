"""Pieces of speech that are put into sentences, read from `datasets/people/pieces`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

from envs.files import safe_yaml
from planner.errors import PlannerError
from planner.io.paths import datasets_dir
from planner.language.phrase_patterns import expand, parse_pattern
from planner.language.realization import NUMBER_WORDS

LISTS = ("unread adjectives", "unread behind nouns", "unread adverbials", "context before", "context behind")
PAIRS = ("times", "tests", "rules")
MINUTES = (1, 2, 3, 5, 10, 12, 15, 20, 25, 30, 40, 45, 50, 90)
DELAYS = {"s": (5, 10, 15, 20, 30, 40, 45, 60, 90), "min": MINUTES, "h": (1, 2, 3, 4, 5, 6, 8, 10, 12)}


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """The lists of all files: texts, and pairs of what is said and what it is in the goal language."""

    texts: dict[str, tuple[str, ...]]
    pairs: dict[str, tuple[tuple[str, str], ...]]

    def text(self, name: str, rng: random.Random) -> str:
        """Return a text of a list."""
        return said(rng.choice(self.texts[name]), rng)

    def pair(self, name: str, rng: random.Random) -> tuple[str, str]:
        """Return what is said, and what it is in the goal language."""
        say, goal = rng.choice(self.pairs[name])
        if "{n}" in goal:
            unit = goal.rsplit(" ", 1)[-1]
            number = rng.choice(DELAYS.get(unit, MINUTES))
            word = NUMBER_WORDS[number] if number < len(NUMBER_WORDS) and rng.random() < 0.6 else str(number)
            say, goal = say.replace("{n}", word), goal.replace("{n}", str(number))
        if "{clock}" in goal:
            clock, words = time_of_day(rng)
            say, goal = say.replace("{clock}", words), goal.replace("{clock}", clock)
        return said(say, rng), goal


def said(pattern: str, rng: random.Random) -> str:
    """Return one wording of a pattern, in small letters and without double spaces."""
    return " ".join(expand(parse_pattern(pattern), rng, lambda slot: f"{{{slot}}}").lower().split())


@lru_cache(maxsize=1)
def load_pieces() -> Pieces:
    """Read the pieces.

    Raises:
        PlannerError: A file has another list, or another form.
    """
    texts: dict[str, list[str]] = {name: [] for name in LISTS}
    pairs: dict[str, list[tuple[str, str]]] = {name: [] for name in PAIRS}
    for path in sorted((datasets_dir() / "people" / "pieces").glob("*.yaml")):
        content = safe_yaml.load(path.read_text(encoding="utf-8"), bundled=True)
        if not isinstance(content, dict):
            raise PlannerError(f"{path.name}: expected a mapping of lists")
        for name, entries in content.items():
            if name in texts:
                texts[name] += map(str, entries)
            elif name in pairs:
                pairs[name] += [(str(entry["say"]), str(entry["goal"])) for entry in entries]
            else:
                raise PlannerError(f"{path.name}: unknown list {name!r}; there are {', '.join((*LISTS, *PAIRS))}")
    return Pieces(
        texts={name: tuple(dict.fromkeys(entries)) for name, entries in texts.items()},
        pairs={name: tuple(dict.fromkeys(entries)) for name, entries in pairs.items()},
    )


def time_of_day(rng: random.Random) -> tuple[str, str]:
    """Return a time of day as the goal language has it, and as people say it."""
    hour, minute = rng.randrange(5, 24), rng.choice((0, 0, 0, 0, 30, 30, 15, 45, rng.randrange(60)))
    clock = f"{hour:02}:{minute:02}"
    twelve = (hour - 1) % 12 + 1
    part = "am" if hour < 12 else "pm"
    day = (
        "in the morning"
        if hour < 12
        else "in the afternoon"
        if hour < 18
        else "in the evening"
        if hour < 22
        else "at night"
    )
    options = [clock, f"{hour}:{minute:02}", f"{twelve}:{minute:02} {part}", f"{hour}.{minute:02}"]
    if minute == 0:
        name = NUMBER_WORDS[twelve]
        options += [f"{twelve} {part}", f"{twelve}{part}", f"{name} {day}", f"{name} o'clock {day}", f"{twelve} {day}"]
        options += [f"{name} o'clock", name, str(hour)] if hour < 13 else [f"{hour} o'clock"]
        options += ["noon"] * 3 if hour == 12 else []
    elif minute == 30:
        options += [f"half past {NUMBER_WORDS[twelve]} {day}", f"{NUMBER_WORDS[twelve]} thirty {day}"]
    elif minute == 15:
        options += [f"quarter past {NUMBER_WORDS[twelve]} {day}", f"a quarter past {NUMBER_WORDS[twelve]} {day}"]
    elif minute == 45:
        options += (
            [f"(a |)quarter to {NUMBER_WORDS[twelve % 12 + 1]} {day}"]
            if twelve != 12 and hour not in (11, 17, 21)
            else []
        )
    return clock, said(rng.choice(options), rng)
