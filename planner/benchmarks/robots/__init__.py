"""Robots that nobody has seen: sampled skills, hands and own skills, on random goals.

`python -m planner.benchmarks.robots` asks three things of every answer: does the plan use a skill that the robot
lacks or hold what its hand cannot, does an accepted plan reach its goal, and is a refusal right.

| file | what |
|---|---|
| `sampled_robots.py` | robots by seed |
| `judged_answers.py` | one answer, judged |
| `__main__.py` | the command |
"""
