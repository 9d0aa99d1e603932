"""Homes whose kinds are called by words that no model has seen, so that a GPT learns to copy nouns.

| file | what |
|---|---|
| `nouns.py` | draws such names: rare nouns of `datasets/nouns/`, compounds, made-up words; disjoint by split |
| `renamed_homes.py` | renames kinds of a home, consistently |
| `own_skills.py` | gives a home a skill with a made-up name |
"""
