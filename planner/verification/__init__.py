"""Verification: a plan is replayed in the symbolic home before it is shown.

| file | what |
|---|---|
| `plan_verification.py` | replays a plan: where it fails, and whether it reaches its goal |
| `broken_spans.py` | which span of a plan must be rewritten |
"""
