"""Operations on goals, without a GPT.

| file | what |
|---|---|
| `grounding.py` | chooses the objects, places and tools of a home for a goal |
| `choice.py` | which of several objects people would take |
| `feasibility.py` | whether a goal can be reached in a home |
| `chunking.py` | chooses the next few conditions to plan for |
| `narrowing.py` | plain conditions for one that is not: in a home of which only what is meant is seen |
| `other_conditions.py` | narrows a condition so that others of its phase are not undone |
| `rehearsal.py` | whether the objects of a condition find room, one after another |
| `preparation.py` | the next part of a goal, and what must be out of the way before it |
| `merging.py` | merges conditions about one object |
| `comparison.py` | whether two goals have the same shape or meaning |
"""
