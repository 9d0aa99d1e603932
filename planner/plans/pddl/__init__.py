"""Plans and goals in PDDL, in two dialects.

`plan.export("pddl")` writes typed STRIPS, which every parser and planner reads: domain, problem and plan.
`planner.benchmarks.plan_length` gives Fast Downward the home's rules one to one, apart from space, in ADL with axioms
(PDDL 2.2), which few others read.

| file | what |
|---|---|
| `symbols.py` | legal names and comments |
| `operators.py` | STRIPS actions as values; the text of a domain |
| `strips_domain.py` | the home's rules in STRIPS |
| `strips_goal.py` | a goal in STRIPS, and the steps that prove it in a state |
| `strips_judging.py` | the actions that judge a formula |
| `strips_facts.py` | the initial state, and which objects matter |
| `strips_plan.py` | subtasks as steps of a PDDL plan |
| `strips_problem.py` | all of it: domain, problem, plan; reads other planners' plans |
| `adl_domain.py`, `adl_goal.py`, `adl_problem.py` | the same in ADL |
| `fast_downward.py` | solves an ADL problem with Fast Downward (extra `fast-downward`) |
"""
