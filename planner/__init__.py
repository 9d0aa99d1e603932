"""From a household instruction to a short plan that was checked before it is shown.

`python -m planner.plan "set the table"` is the shortest way in. Importing this package imports nothing else:
torch and the physics engine load only where they are used.
"""

__version__ = "0.1.0"
