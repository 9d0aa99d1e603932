"""Answers to questions about a home, in words."""
