"""The simulated home: a fast symbolic world, a PyBullet world, and the one vocabulary that both are written in.

Importing this package registers two Gymnasium environments, `HomeSymbolic-v0` and `HomePhysics-v0`
(`envs/gym_home.py`), by name only: neither torch nor pybullet is imported.
"""

from gymnasium.envs.registration import register

register(id="HomeSymbolic-v0", entry_point="envs.gym_home:HomeSymbolic")
register(id="HomePhysics-v0", entry_point="envs.gym_home:HomePhysics")
