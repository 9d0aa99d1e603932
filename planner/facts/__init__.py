"""FACTS: what the prompt says about the home for one goal.

| file | what |
|---|---|
| `retrieval.py` | retrieves the facts that matter for a goal |
| `failure_notes.py` | what went wrong, as notes in plain words |
"""
