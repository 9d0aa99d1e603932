"""Skills that a domain adds, for exports: their preconditions and effects in other languages.

| file | what |
|---|---|
| `states_after.py` | what they set on their arguments, for behavior trees |
| `pddl_facts.py` | what PDDL problems say for them |
| `strips.py` | as STRIPS actions |
| `strips_variants.py` | which of these a subtask is |
| `adl.py` | as ADL actions |
"""
