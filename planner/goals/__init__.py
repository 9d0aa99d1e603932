"""GOAL: grounding in a home, chunking, feasibility, comparison, merging."""
