"""Recognition from images, and plans from it: `python -m planner.benchmarks.sight`.

| file | what |
|---|---|
| `__main__.py` | the command |
| `other_pictures.py` | pictures that show no home |
"""
