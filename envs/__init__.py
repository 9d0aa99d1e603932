"""The simulated home: a fast symbolic world, a PyBullet world, and the one vocabulary that both are written in.

Importing this package registers two Gymnasium environments, `HomeSymbolic-v0` and `HomePhysics-v0`
(`envs/gym/home_env.py`), by name only: neither torch nor pybullet is imported, and Gymnasium only where somebody else does.
"""

from envs.gym.registration import register_once_imported

register_once_imported()
