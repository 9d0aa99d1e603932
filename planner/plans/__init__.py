"""PLAN: the values (Options, Understanding, Plan)."""
