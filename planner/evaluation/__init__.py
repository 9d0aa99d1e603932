"""Measures a planner on held-out trials.

| file | what |
|---|---|
| `measurement.py` | predictions and their scores |
| `parallel.py` | the same with several processes |
| `summary.py` | rates by split and family |
| `statistics.py` | intervals, paired comparisons and spread over seeds |
| `tables.py` | scores as tables and as data |
| `results.py` | the results of one or several models |
| `calibration_runs.py` | what a calibration is fitted to |
| `reliability.py` | calibration error, coverage, and the cost of asking |
"""
