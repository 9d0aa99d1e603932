"""Flags, dialogue and display shared by the commands."""
