"""The dependency table of the project, held by reading the source, not by running it."""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gpt", "envs", "planner")
ALLOWED = {"gpt": {"gpt"}, "envs": {"envs"}, "planner": {"planner", "gpt", "envs"}}
ENGINE = "envs/engine.py"
PHYSICS = ("pybullet", "pybullet_data", "pybullet_utils", "envs.sim")
MAX_LINES = 400


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


def imports_in(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Yield every module that the source names in an import, wherever the import stands.

    `from a import b` yields both `a` and `a.b`: b may be a module. Imports under TYPE_CHECKING do not count.
    """
    tree = ast.parse(source)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".") if is_package else module.split(".")[:-1]
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))  # unparsing each call would take long
            match node.args:
                case [ast.Constant(value=str(name)), *_] if called.endswith(("import_module", "__import__")):
                    yield name


@functools.cache
def imports_of(module: str) -> set[str]:
    path = SOURCES[module]
    return set(imports_in(path.read_text(encoding="utf-8"), module, path.name == "__init__.py"))


def is_or_is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def reachable_from(start: str) -> set[str]:
    """Return our modules that running `start` can load, packages' own `__init__` included."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        parent = name.rpartition(".")[0]
        if parent:
            waiting.append(parent)
        if name in seen or name not in SOURCES:
            continue
        seen.add(name)
        waiting.extend(imports_of(name) - seen)
    return seen


@functools.cache
def commands() -> list[str]:
    return [
        name
        for name, path in SOURCES.items()
        if name.startswith("planner.")
        and any(
            isinstance(node, ast.FunctionDef) and node.name == "main"
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    ]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b", {"a.b"}),
        ("from a import b", {"a", "a.b"}),
        ("from . import c", {"envs", "envs.c"}),
        ("from .c import d", {"envs.c", "envs.c.d"}),
        ("def f():\n    import a", {"a"}),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", {"b"}),
        ("importlib.import_module('a.b')", {"a.b"}),
    ],
)
def test_the_reader_of_imports_finds_each_kind(source: str, expected: set[str]) -> None:
    assert set(imports_in(source, "envs.sim", is_package=False)) == expected


@pytest.mark.parametrize("module", SOURCES)
def test_packages_import_only_what_the_table_allows(module: str) -> None:
    ours = {name.partition(".")[0] for name in imports_of(module)} & set(PACKAGES)
    assert ours <= ALLOWED[module.partition(".")[0]]


def test_datasets_holds_no_python() -> None:
    assert not list((ROOT / "datasets").rglob("*.py*"))


def test_only_the_engine_wrapper_imports_pybullet() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for module, path in SOURCES.items()
        if any(is_or_is_in(name, ("pybullet", "pybullet_utils")) for name in imports_of(module))
    }
    assert users == {ENGINE}


@pytest.mark.parametrize("module", [name for name in SOURCES if is_or_is_in(name, ("gpt",))])
def test_gpt_needs_no_physics(module: str) -> None:
    assert not [name for name in imports_of(module) if is_or_is_in(name, PHYSICS)]


@pytest.mark.skipif("planner.train" not in SOURCES, reason="no planner.train yet")
def test_training_needs_no_physics() -> None:
    guilty = {
        module: sorted(name for name in imports_of(module) if is_or_is_in(name, PHYSICS))
        for module in reachable_from("planner.train")
    }
    assert not {module: names for module, names in guilty.items() if names}


@pytest.mark.parametrize("module", SOURCES)
def test_a_file_is_short_enough_to_read(module: str) -> None:
    assert len(SOURCES[module].read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_importing_envs_does_not_import_torch() -> None:
    done = run_python("import sys, envs; sys.exit('torch' in sys.modules)")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def helps() -> dict[str, dict[str, object]]:
    """How each command's `-h` ended, what it printed, and what was loaded by then; all by one interpreter."""
    done = run_python(
        "import contextlib, io, json, runpy, sys\n"
        "found = {}\n"
        f"for command in {commands()!r}:\n"
        "    sys.argv, code, shown = [command, '-h'], None, io.StringIO()\n"
        "    try:\n"
        "        with contextlib.redirect_stdout(shown):\n"
        "            runpy.run_module(command, run_name='__main__', alter_sys=True)\n"
        "    except SystemExit as end:\n"
        "        code = end.code\n"
        "    loaded = sorted({'torch', 'pybullet'} & set(sys.modules))\n"
        "    found[command] = {'code': code, 'shown': shown.getvalue(), 'loaded': loaded}\n"
        "print(json.dumps(found))\n"
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("command", commands())
def test_a_commands_help_is_shown_without_torch_or_physics(command: str, helps: dict[str, dict[str, object]]) -> None:
    found = helps[command]
    assert not found["code"] and "usage:" in str(found["shown"])
    assert not found["loaded"], f"by this command, or by one before it in {list(helps)}"
