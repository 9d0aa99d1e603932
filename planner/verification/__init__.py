"""PROOF: a plan is replayed in the symbolic home before it is shown.

| file | what |
|---|---|
| `plan_verification.py` | where a plan fails, and whether it reaches its goal |
| `broken_spans.py` | which span of a plan must be rewritten |
"""
