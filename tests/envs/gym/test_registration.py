"""The environments are registered in either import order, and planning does not import Gymnasium."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "imports",
    ["import envs, gymnasium", "import gymnasium, envs", "from planner import Planner; import gymnasium",
     "import envs.gym.home_env, gymnasium"],
)  # fmt: skip
def test_the_environments_are_registered_in_either_import_order(imports):
    code = f"{imports}; print(gymnasium.make('HomeSymbolic-v0').spec.id, gymnasium.spec('HomePhysics-v0').id)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (process.stdout.split(), process.returncode) == (["HomeSymbolic-v0", "HomePhysics-v0"], 0), process.stderr


def test_the_symbolic_home_works_without_gymnasium():
    code = "import sys, envs, envs.symbolic.actions, planner.pipeline; print('gymnasium' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert process.stdout.split() == ["False"], process.stderr
