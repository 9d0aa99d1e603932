"""Jansen 2020 (command sequences)."""
