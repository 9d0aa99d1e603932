"""The public names of `gpt` and `envs`: loaded lazily, listed, and shown in a docstring example that runs."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import envs
import gpt

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (gpt, envs)
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


def run_python(code: str, folder: Path) -> str:
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return process.stdout


def example_of(package: ModuleType) -> str:
    """Return the indented lines of a package's docstring."""
    assert package.__doc__
    return "\n".join(line[4:] for line in package.__doc__.splitlines() if line.startswith("    ") or not line.strip())


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_an_exported_name_is_the_object_of_its_module(package: ModuleType, name: str) -> None:
    if name == "PhysicalHome":
        pytest.importorskip("pybullet")
    exported = getattr(package, name)
    assert exported.__name__ == name
    assert exported.__module__ == package._MODULE[name]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_a_name_is_listed(package: ModuleType, name: str) -> None:
    assert name in dir(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_raises_an_error_that_lists_the_known_ones(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'nothing'") as caught:
        package.nothing  # noqa: B018
    assert str(caught.value).endswith(f"it has {', '.join(package.__all__)}")


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_same_names(package: ModuleType) -> None:
    assert package.__file__
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (only,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = [alias.name for node in only.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(package.__all__) == sorted(package._MODULE)


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_imports_no_library(package: ModuleType, tmp_path: Path) -> None:
    loaded = run_python(f"import sys, {package.__name__}; print(*sys.modules)", tmp_path).split()
    assert not {"torch", "pybullet", "gymnasium", "numpy", "yaml"} & set(loaded)


def test_the_tokenizer_and_the_config_need_no_torch(tmp_path: Path) -> None:
    loaded = run_python("import sys; from gpt import GPTConfig, Tokenizer; print(*sys.modules)", tmp_path).split()
    assert "torch" not in loaded


def test_the_symbolic_home_needs_neither_physics_nor_gymnasium(tmp_path: Path) -> None:
    code = "import sys; from envs import SymbolicHome, load_home, parse_goal, sample_scene; print(*sys.modules)"
    assert not {"torch", "pybullet", "gymnasium"} & set(run_python(code, tmp_path).split())


def test_the_environments_are_still_registered() -> None:
    registration = importlib.import_module("gymnasium.envs.registration")
    assert {"HomeSymbolic-v0", "HomePhysics-v0"} <= set(registration.registry)


def test_the_gpt_package_example_trains_and_generates(tmp_path: Path) -> None:
    assert run_python(example_of(gpt), tmp_path).strip()
    assert (tmp_path / "runs" / "tiny" / "checkpoint.safetensors").exists()


def test_the_envs_package_example_executes_an_action(tmp_path: Path) -> None:
    pytest.importorskip("pybullet")
    assert run_python(example_of(envs), tmp_path).split() == ["done", "False"]
