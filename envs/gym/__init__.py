"""The Gymnasium environments `HomeSymbolic-v0` and `HomePhysics-v0`.

| file | what |
|---|---|
| `home_env.py` | the environments |
| `registration.py` | registers them when Gymnasium is imported, without importing it |
| `spaces.py` | fixed-shape action and observation spaces |
| `observations.py` | camera images, depth, segmentation and joint readings |
| `arguments.py` | checks of arguments, seeds and options |
| `goal_sampler.py` | simple goals for episodes |
| `home_adapter.py` | an environment as a home that plans can be executed in |
"""
