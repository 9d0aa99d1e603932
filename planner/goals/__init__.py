"""GOAL: operations on goals, without a GPT.

| file | what |
|---|---|
| `grounding.py` | the objects, places and tools of a home that a goal is about |
| `feasibility.py` | whether a goal can be reached in a home |
| `chunking.py` | the next few conditions to plan for |
| `merging.py` | several conditions about one object as one |
| `comparison.py` | whether two goals have the same shape or meaning |
"""
