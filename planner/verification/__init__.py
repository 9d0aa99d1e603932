"""Verification: a plan is replayed in the symbolic home before it is shown.

| file | what |
|---|---|
| `plan_verification.py` | replays a plan: where it fails, and whether it reaches its goal |
| `plan_progress.py` | how far a plan gets, and where it stops making progress |
| `broken_spans.py` | which span of a plan must be rewritten |
"""
