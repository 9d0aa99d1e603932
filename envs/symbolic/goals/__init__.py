"""The goal language: values, parser and canonical wording.

| file | what |
|---|---|
| `values.py` | the grammar, its values, and how they are written |
| `reading.py` | goals, questions and rules, read from text |
| `parser.py`, `thing_parser.py` | how conditions, and the things and places in them, are read |
| `times.py` | times of day, and when a phase is due |
| `hints.py` | what is wrong with a text that cannot be read |
| `suggestions.py`, `rewordings.py` | what a person probably meant by it |
| `sampling.py` | random ones, with every construct |
"""

from envs.symbolic.goals.parser import MAX_NUMBER
from envs.symbolic.goals.reading import parse_goal, parse_query, parse_rule, with_home_rules
from envs.symbolic.goals.thing_parser import MAX_LENGTH, MAX_NESTING, NAME
from envs.symbolic.goals.times import (
    DAY_S,
    DEFAULT_START,
    checked_seconds,
    daily_part,
    due_s,
    duration_words,
    format_time,
    parse_time,
    when_as_dict,
    words_of_when,
)
from envs.symbolic.goals.values import (
    NO_GUARD,
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Guard,
    Holding,
    No,
    Place,
    Query,
    Rule,
    Test,
    Thing,
    When,
    fixture_relation,
    fixtures_named,
    format_condition,
    format_furniture,
    format_goal,
    format_place,
    format_query,
    format_rule,
    format_test,
    format_thing,
    format_when,
)

__all__ = [
    "DAY_S",
    "DEFAULT_START",
    "MAX_LENGTH",
    "MAX_NESTING",
    "MAX_NUMBER",
    "NAME",
    "NO_GUARD",
    "Condition",
    "Count",
    "Every",
    "FixtureIs",
    "Goal",
    "Guard",
    "Holding",
    "No",
    "Place",
    "Query",
    "Rule",
    "Test",
    "Thing",
    "When",
    "checked_seconds",
    "daily_part",
    "due_s",
    "duration_words",
    "fixture_relation",
    "fixtures_named",
    "format_condition",
    "format_furniture",
    "format_goal",
    "format_place",
    "format_query",
    "format_rule",
    "format_test",
    "format_thing",
    "format_time",
    "format_when",
    "parse_goal",
    "parse_query",
    "parse_rule",
    "parse_time",
    "when_as_dict",
    "with_home_rules",
    "words_of_when",
]
