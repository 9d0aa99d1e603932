"""Skills that a domain adds, for exports: their preconditions and effects in other languages.

| file | what |
|---|---|
| `states_after.py` | what they set on their arguments, for behavior trees |
| `strips.py` | as STRIPS actions, and which of them a subtask is |
| `adl.py` | as ADL actions |
"""
