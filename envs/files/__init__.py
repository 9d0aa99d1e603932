"""Bounded file reading, safe YAML, job pool, rates."""
