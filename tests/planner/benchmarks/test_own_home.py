"""The benchmark of one's own home: what it compares, and how it counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.benchmarks.own_home import HomeResult, Measure, last_seen, main, summary
from planner.io.json_lines import Record
from planner.world_model.belief import Belief
from tests.planner.world_model.two_rooms import two_rooms


def outcome(household: str, way: str, opened: int, *, measure: Measure = "search", success: bool = True) -> HomeResult:
    return HomeResult(household=household, measure=measure, task=household, way=way, success=success, opened=opened)


def test_the_table_says_by_which_part_less_was_opened() -> None:
    found = [outcome(h, way, n) for h in ("a", "b") for way, n in (("unadapted", 4), ("adapted", 1))]
    table = summary(found)
    assert "adapted | 1.00 [1.00, 1.00] | 75.0 % [75, 75] | 100.0 % [100, 100]" in table
    assert "2 tasks, 2 households" in table


def test_intervals_are_of_households_drawn_with_all_their_ways() -> None:
    found = [outcome("a", "unadapted", 4), outcome("a", "adapted", 2)]
    found += [outcome("b", "unadapted", 8), outcome("b", "adapted", 8)]
    assert "adapted | 5.00 [2.00, 8.00] | 16.7 % [0, 50]" in summary(found)


def test_understanding_has_a_table_of_its_own() -> None:
    found = [outcome("a", "unadapted", 1), outcome("a", "adapted", 0, measure="understanding", success=False)]
    assert "instructions with nicknames: 1 tasks\nway | success | silent misreads\n" in summary(found)
    assert "\nadapted | 0.0 % [0, 0] | 0.0 % [0, 0]" in summary(found)


def test_what_was_last_seen_is_believed_and_where_was_looked_is_remembered(tmp_path: Path) -> None:
    days: list[Record] = [
        {"seen": {"mug 1": "cabinet 1", "pen 1": "desk 1"}, "looked": ["cabinet 1", "desk 1"]},
        {"seen": {"mug 1": "drawer 1"}, "looked": ["drawer 1"]},
    ]
    belief = last_seen(Belief.of_map(two_rooms(tmp_path).world.scene), days)
    assert {name: known.place for name, known in belief.things.items()} == {"mug 1": "drawer 1", "pen 1": "desk 1"}
    assert belief.remembered == {"cabinet 1", "desk 1", "drawer 1"} and not belief.looked


def test_numbers_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--days", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
