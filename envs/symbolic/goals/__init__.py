"""The goal language: values, parser and canonical wording.

| file | what |
|---|---|
| `values.py` | the grammar, its values, and how they are written |
| `parser.py` | how they are read |
| `hints.py` | what a person probably meant, where they cannot be read |
| `sampling.py` | random ones, with every construct |
"""

from envs.symbolic.goals.parser import (
    FIXTURE_ONLY_STATES,
    MAX_LENGTH,
    MAX_NESTING,
    MAX_NUMBER,
    NAME,
    parse_goal,
    parse_query,
    parse_rule,
    with_home_rules,
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
    "FIXTURE_ONLY_STATES",
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
    "format_when",
    "parse_goal",
    "parse_query",
    "parse_rule",
    "with_home_rules",
]
