"""The installed wheel works outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ("model.safetensors", "config.json", "tokenizer.json")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command as a user would, without this checkout on the path, and return its output."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert process.returncode == 0, f"{command}\n{process.stdout}\n{process.stderr}"
    return process.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the sdist, as a package index would have it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with our wheel and, after it, the third-party packages of this environment."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(environment, symlinks=True, with_pip=False)
    python = environment / "bin" / "python"
    pip_of_environment = (sys.executable, "-m", "pip", "--python", python)
    run(*pip_of_environment, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=environment)
    # Python does not read the .pth files of a folder named in a .pth file, so the editable checkout stays out.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)}))
    others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "third_party.pth").write_text("\n".join(sorted(others)) + "\n", encoding="utf-8")
    return python


def test_the_wheel_holds_all_of_datasets(wheel: Path) -> None:
    shipped = {
        name.removeprefix("planner/_datasets/")
        for name in zipfile.ZipFile(wheel).namelist()
        if name.startswith("planner/_datasets/")
    }
    folder = ROOT / "datasets"
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".tmp")
    expected = {path.relative_to(folder).as_posix() for path in files}
    assert shipped
    assert shipped == expected


def test_the_wheel_holds_the_weights_the_domain_and_the_type_markers(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"planner/released/home/{name}" for name in WEIGHTS}
    expected |= {"envs/domain.yaml", "gpt/py.typed", "envs/py.typed", "planner/py.typed"}
    assert expected <= names


def test_the_wheel_has_only_three_top_level_packages(wheel: Path) -> None:
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"gpt", "envs", "planner"}


def test_a_bundled_home_is_found_by_its_name_without_the_planner(installed_python: Path, tmp_path: Path) -> None:
    code = (
        "import sys, envs, gymnasium\n"
        "env = gymnasium.make('HomeSymbolic-v0', home='studio', goal='apple on desk')\n"
        "env.reset(seed=0)\n"
        "print(envs.load_home(env).name, 'planner' in sys.modules)"
    )
    assert run(installed_python, "-c", code, cwd=tmp_path).split() == ["studio", "False"]


def test_a_plan_is_made_from_the_installed_wheel(installed_python: Path, tmp_path: Path) -> None:
    where = run(installed_python, "-c", "import planner; print(planner.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed_python.parents[1])
    printed = run(installed_python, "-m", "planner.plan", "put a mug on the table", "--json", cwd=tmp_path)
    assert json.loads(printed)["status"] == "verified"
