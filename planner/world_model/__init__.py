"""What the robot knows about the home.

| file | what |
|---|---|
| `open_home.py` | opens a home by file, name or seed |
| `belief.py` | what was seen, told and remembered |
| `memory.py` | belief files, and statements of the user |
| `location_prior.py` | how likely a location is |
| `usual_places.py` | where categories usually are, counted |
"""
