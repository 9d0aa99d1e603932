"""Paths, JSON lines, statistics, terminal text, the command runner."""
