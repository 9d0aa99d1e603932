"""Plans for every construct of the goal language, by the teacher and by the GPT.

| file | what |
|---|---|
| `__main__.py` | the command |
"""
