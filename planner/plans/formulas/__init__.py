"""Conditions of the goal language as formulas over the objects of one home, for languages that know no descriptions.

| file | what |
|---|---|
| `formula.py` | formulas as values: literals, and "at least so many of these" |
| `grounding.py` | a condition or test as a formula, given the state at the start |
| `rules.py` | a whole goal: phases, tests, rules, means |

What a formula says in a state is what `envs/symbolic/scoring.py` says of the condition that it stands for.
"""
