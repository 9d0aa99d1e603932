"""Bounded file reading and safe YAML."""
