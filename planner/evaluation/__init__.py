"""Measuring a planner: trials, summaries, tables, calibration quality."""
