"""Tests whether an episode can have a goal at all: a goal that cannot be reached in a home is refused in words.

Only what no plan could change is checked: what the home lacks, what a thing can never be, what does not fit, rules that
forbid the only way, and conditions that exclude each other. A goal that passes may still be out of reach.

| file | what |
|---|---|
| `checks.py` | the whole goal |
| `single.py` | one condition: objects, places, fixtures |
| `skills.py` | what skills of a domain's own need |
| `capacity.py` | how much fits in a place |
| `rules.py` | rules that forbid the only way |
| `demands.py` | how many objects the conditions ask for together |
| `together.py` | conditions that exclude each other |
"""

from envs.symbolic.obstacles.capacity import capacity_obstacle
from envs.symbolic.obstacles.checks import holds_at_start, obstacle
from envs.symbolic.obstacles.single import condition_obstacle, makes, too_few, usable
from envs.symbolic.obstacles.skills import skill_obstacle

__all__ = [
    "capacity_obstacle",
    "condition_obstacle",
    "holds_at_start",
    "makes",
    "obstacle",
    "skill_obstacle",
    "too_few",
    "usable",
]
