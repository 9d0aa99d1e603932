"""EXECUTION: the closed loop with re-planning, and its events."""
