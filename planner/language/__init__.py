"""Phrase patterns, realization, normalization, goals in plain words."""
