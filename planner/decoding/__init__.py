"""From a goal and facts to a plan, written by the GPT; only applicable subtasks can be decoded.

| file | what |
|---|---|
| `goal_planner.py` | plans a goal in chunks of a few conditions |
| `draft_choice.py` | replays a plan, cuts it where it stops making progress, and compares it with others |
| `plan_writer.py` | writes the subtasks of a chunk |
| `ruled_out.py` | appliances that rules leave no use of, and goals that they rule out |
| `candidate_actions.py` | the actions that the GPT may choose in a state |
| `constrained_decoding.py` | restricts tokens to those of allowed texts |
| `plan_repair.py` | rewrites the broken span of a plan |
"""
