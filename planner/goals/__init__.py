"""Operations on goals, without a GPT.

| file | what |
|---|---|
| `grounding.py` | chooses the objects, places and tools of a home for a goal |
| `choice.py` | which of several objects people would take |
| `feasibility.py` | whether a goal can be reached in a home |
| `chunking.py` | chooses the next few conditions to plan for |
| `merging.py` | merges conditions about one object |
| `comparison.py` | whether two goals have the same shape or meaning |
"""
