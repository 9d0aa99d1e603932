"""Which objects plans use, with and without common sense of choice: `python -m planner.benchmarks.object_choice`.

| file | what |
|---|---|
| `__main__.py` | plans everyday instructions in homes, and prints the figures |
| `used_objects.py` | what is wrong with the objects that a plan uses |
"""
