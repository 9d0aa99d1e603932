"""Latency of planning and its two helpers."""
