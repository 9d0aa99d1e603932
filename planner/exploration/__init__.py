"""Homes that are only partly known: the robot knows the map and what it has seen, and searches for the rest.

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
| `belief_planning.py` | plans on the belief: on what the robot knows of the home |
| `belief_answers.py` | answers questions from the belief, with when it was seen |
| `information_needs.py` | unknown objects and states that a goal depends on |
| `search_order.py` | decides where to look next |
| `search_limits.py` | where rules forbid to look, and which |
| `search_executor.py` | executes a plan while searching |
| `learned_prior.py` | where objects are and which doors open, as a GPT has learned for one home |
"""
