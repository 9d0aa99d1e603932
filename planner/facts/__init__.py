"""Facts: what the prompt says about the home for one goal.

| file | what |
|---|---|
| `retrieval.py` | retrieves the facts that matter for a goal |
| `skill_facts.py` | what a skill that the domain adds needs and sets |
| `distinctions.py` | the properties that tell the things in a prompt apart |
| `failure_notes.py` | notes in plain words on what went wrong |
"""
