"""The page about a run of `planner.improve`: its folder read, figures made of it, and one file of HTML written."""
