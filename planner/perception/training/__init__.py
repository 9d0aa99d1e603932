"""Training of the two senses (`python -m planner.perception.training`)."""
