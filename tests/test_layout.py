"""Which packages may import which, folder sizes, and dependencies that planning avoids; checked on the source code.

The table of allowed imports is `tests/rooms.yaml`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gpt", "envs", "planner")
ROOMS: dict[str, list[str]] = yaml.safe_load((ROOT / "tests" / "rooms.yaml").read_text(encoding="utf-8"))
MAX_FILES = 12  # in a folder, without its __init__.py
MAX_DEPTH = 3  # folders from the repository's root
MAX_LINES = 350  # a longer file gives a warning: move parts to the package they belong to before splitting it
ENGINE = "envs/physics/engine.py"
PHYSICS_MODULES = ("pybullet", "pybullet_data", "pybullet_utils", "envs.physics", "envs.simulation.physical_home")
ROOMS_WITHOUT_TORCH = ("gpt/inference", "gpt/tokenization")


class Import(NamedTuple):
    """One import of a file.

    Attributes:
        module: The imported module.
        typing_only: Whether the import is under TYPE_CHECKING.
        line: Line number of the import.
    """

    module: str
    typing_only: bool
    line: int


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in SOURCES.items()}


def imports_in(tree: ast.Module, module: str, is_package: bool) -> Iterator[Import]:
    """Yield every module that a file imports, at any place in the file.

    `from a import b` yields both `a` and `a.b`: b may be a module.
    """
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".") if is_package else module.split(".")[:-1]
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            match node.args:
                case [ast.Constant(value=str(name)), *_]:
                    names = [name]
        for name in names:
            yield Import(name, id(node) in typing_only, getattr(node, "lineno", 0))


IMPORTS = {
    module: list(imports_in(tree, module, SOURCES[module].name == "__init__.py")) for module, tree in TREES.items()
}


def imports_of(module: str) -> set[str]:
    """Return what a module imports at run time."""
    return {each.module for each in IMPORTS[module] if not each.typing_only}


def our_imports(module: str) -> list[Import]:
    """Return the imports of our own files, also for types; a package counts only if no file of it is named."""
    ours = [each for each in IMPORTS[module] if each.module in SOURCES and each.module != module]
    files = {each.module for each in ours}
    return [each for each in ours if not any(name.startswith(f"{each.module}.") for name in files)]


def room_of(module: str) -> str:
    """Return the room of a module: `planner.plans.export.phases` is in `planner/plans`."""
    return "/".join(module.split(".")[:2])


def is_or_is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def reachable_from(start: str) -> set[str]:
    """Return our modules that running `start` can load, including the `__init__` of their packages."""
    visited: set[str] = set()
    queue = [start]
    while queue:
        name = queue.pop()
        parent = name.rpartition(".")[0]
        if parent:
            queue.append(parent)
        if name in visited or name not in SOURCES:
            continue
        visited.add(name)
        queue.extend(imports_of(name) - visited)
    return visited


def commands() -> list[str]:
    return [
        name
        for name, tree in TREES.items()
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
        and name.startswith("planner.")
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
def test_the_import_parser_finds_every_form_of_import(source: str, expected: set[str]) -> None:
    read = imports_in(ast.parse(source), "envs.sim", is_package=False)
    assert {each.module for each in read if not each.typing_only} == expected


def test_every_room_has_a_line_in_the_table() -> None:
    rooms = {room_of(module) for module in SOURCES if "." in module}
    assert rooms == ROOMS.keys()


def test_the_table_names_only_rooms_listed_above_the_importing_one() -> None:
    above: set[str] = set()
    for room, allowed in ROOMS.items():
        assert set(allowed) <= above, f"{room} may import {sorted(set(allowed) - above)}, which do not stand above it"
        above.add(room)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    forbidden = [
        f"{SOURCES[module].relative_to(ROOT)}:{each.line} imports {each.module}"
        for module in SOURCES
        if room_of(module) == room
        for each in our_imports(module)
        if room_of(each.module) != room and room_of(each.module) not in ROOMS[room]
    ]
    assert not forbidden, f"{room} may import {', '.join(ROOMS[room]) or 'nothing'}; but " + "; ".join(forbidden)


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_allows_no_unused_dependency(room: str) -> None:
    needed = {room_of(each.module) for module in SOURCES if room_of(module) == room for each in our_imports(module)}
    assert set(ROOMS[room]) <= needed


def test_imports_have_no_cycles_even_for_types() -> None:
    files = {module: {each.module for each in our_imports(module)} for module in SOURCES if module not in PACKAGES}
    try:
        tuple(TopologicalSorter(files).static_order())
    except CycleError as error:
        pytest.fail("a circle of imports: " + " -> ".join(error.args[1]))


def test_a_folder_holds_few_files() -> None:
    files = defaultdict(list)
    for path in SOURCES.values():
        if path.name != "__init__.py":
            files[path.parent.relative_to(ROOT).as_posix()].append(path.name)
    too_full = {folder: len(names) for folder, names in files.items() if len(names) > MAX_FILES}
    assert not too_full, f"at most {MAX_FILES} files a folder: find the room that some of them belong to"
    too_deep = [folder for folder in files if len(Path(folder).parts) > MAX_DEPTH]
    assert not too_deep


def test_every_folder_says_what_it_is_for() -> None:
    folders = {path.parent for path in SOURCES.values()}
    undocumented = [
        folder.relative_to(ROOT).as_posix()
        for folder in folders
        if not (tree := TREES.get(module_name(folder / "__init__.py"))) or not ast.get_docstring(tree)
    ]
    assert not undocumented


def test_long_files_are_named() -> None:
    for module, path in SOURCES.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MAX_LINES:
            with warnings.catch_warnings():
                warnings.simplefilter("default")
                warnings.warn(f"{module} has {lines} lines, more than {MAX_LINES}", stacklevel=1)


def test_datasets_holds_no_python() -> None:
    assert not list((ROOT / "datasets").rglob("*.py*"))


def test_only_the_engine_wrapper_imports_pybullet() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for module, path in SOURCES.items()
        if any(is_or_is_in(name, ("pybullet", "pybullet_utils")) for name in imports_of(module))
    }
    assert users == {ENGINE}


def test_decoding_without_torch_never_imports_it() -> None:
    users = {
        module
        for module in SOURCES
        if room_of(module) in ROOMS_WITHOUT_TORCH and any(is_or_is_in(name, ("torch",)) for name in imports_of(module))
    }
    assert not users


def test_gpt_needs_no_physics() -> None:
    violating = {
        module: physics
        for module in SOURCES
        if is_or_is_in(module, ("gpt",))
        and (physics := [name for name in imports_of(module) if is_or_is_in(name, PHYSICS_MODULES)])
    }
    assert not violating


def test_training_needs_no_physics() -> None:
    violating = {
        module: sorted(name for name in imports_of(module) if is_or_is_in(name, PHYSICS_MODULES))
        for module in reachable_from("planner.train")
    }
    assert not {module: names for module, names in violating.items() if names}


def test_the_pipeline_is_one_short_file() -> None:
    assert len(SOURCES["planner.pipeline"].read_text(encoding="utf-8").splitlines()) < 200


def test_self_improvement_never_asks_the_teacher() -> None:
    users = {
        module
        for module in SOURCES
        if room_of(module) == "planner/learning"
        and any(is_or_is_in(each.module, ("planner.corpus.teacher",)) for each in IMPORTS[module])
    }
    assert not users


def test_importing_the_packages_imports_neither_torch_nor_physics() -> None:
    process = run_python("import sys, envs, gpt, planner; sys.exit(bool({'torch', 'pybullet'} & set(sys.modules)))")
    assert process.returncode == 0, process.stderr


HELP = """
import contextlib, io, runpy, sys
for command in {commands!r}:
    sys.argv = [command, "-h"]
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        try:
            runpy.run_module(command, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            assert not end.code, (command, end.code)
    assert "usage:" in page.getvalue(), command
    loaded = {{"torch", "pybullet"}} & set(sys.modules)
    assert not loaded, (command, loaded)
"""


def test_a_commands_help_is_shown_without_torch_or_physics() -> None:
    # One process is enough: no command may import either library, so none can hide another's import.
    process = run_python(HELP.format(commands=commands()))
    assert process.returncode == 0, process.stderr
