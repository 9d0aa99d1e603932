"""INSTRUCTION -> GOAL: reading, clause splitting, goal search, calibration, disambiguation."""
