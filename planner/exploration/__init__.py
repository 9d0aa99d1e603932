"""Homes that are known in part: the robot knows the map and what it has seen, and looks for the rest.

    from pathlib import Path
    from planner import Ended, Planner, SymbolicHome, keep, know
    from planner.world_model.open_home import open_home

    planner, home = Planner.load(), SymbolicHome(open_home("family_house"))
    belief = know(home, memory=Path("home.json"), told=["scissors 1 in drawer 2"])
    plan = planner.plan("put the scissors on the desk", belief)
    for event in planner.run(plan, home, belief=belief):
        if isinstance(event, Ended):
            print(event.episode.success, event.episode.search.shortfall)
            keep(Path("home.json"), event.episode.search.belief)

| file | what |
|---|---|
| `envs/symbolic/visibility.py` | what the robot sees from where it is |
| `belief.py` | what it knows, and how what it sees changes that |
| `memory.py` | what it remembers from run to run, and what it is told |
| `wanted.py` | what a goal needs that is not known |
| `usual_places.py`, `looks.py` | where things usually are, and where to look next |
| `expect.py` | an instruction, and the plan as far as one can be known |
| `seek.py` | carrying it out |
"""
