"""Skill trials and the symbolic/physical agreement check."""
