"""The documentation pages: links resolve, named files and functions exist, and the README stays short."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_README_BYTES = 9_000
PAGES = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *(page for room in ("docs", "datasets", "gpt", "envs", "planner") for page in (ROOT / room).rglob("*.md")),
    ]
)
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:planner|envs|gpt|tests)/[\w/]+\.py):([\w.]+)`")
FILE = re.compile(r"`((?:planner|envs|gpt|tests|datasets|docs|examples)/[\w/.-]+\.(?:py|md|yaml|json|css|js))`")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    plain = (re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


def defines(path: Path, name: str) -> bool:
    """Return whether a file defines a function, a class, a method or a constant."""
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part:
                body = node.body
                break
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            if any(isinstance(target, ast.Name) and target.id == part for target in targets):
                body = []
                break
        else:
            return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_resolves(page: Path) -> None:
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_and_function_that_a_page_names_exists(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("it tells of files that are gone")
    text = page.read_text(encoding="utf-8")
    missing = [
        f"{path}:{name}"
        for path, name in NAMED.findall(text)
        if not (ROOT / path).is_file() or not defines(ROOT / path, name)
    ]
    missing += [path for path in FILE.findall(text) if not (ROOT / path).exists()]
    assert not missing


def test_the_code_tour_names_a_function_of_every_stage() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {"/".join(path.split("/")[:2]) for path, _ in NAMED.findall(text)}
    assert rooms >= {
        "planner/understanding", "planner/goals", "planner/facts", "planner/decoding", "planner/verification",
        "planner/execution", "planner/learning", "envs/symbolic", "envs/simulation", "envs/skills", "gpt/inference",
    }  # fmt: skip


def test_the_front_page_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= MAX_README_BYTES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    if page.name in ("CHANGELOG.md", "findings.md"):
        pytest.skip("it tells of commands that moved")
    text = page.read_text(encoding="utf-8")
    missing = []
    for name in set(re.findall(r"-m ((?:planner|envs|gpt)(?:\.\w+)+)", text)):
        path = ROOT / name.replace(".", "/")
        if not path.with_suffix(".py").is_file() and not (path / "__main__.py").is_file():
            missing.append(name)
    assert not missing


def test_no_page_names_a_path_of_a_particular_machine() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    text_files = [ROOT / name for name in files if name.endswith((".md", ".py", ".yaml", ".toml"))] or PAGES
    violating = [
        str(path)
        for path in text_files
        if path.is_file() and re.search(r"/(?:home|root|Users)/\w+/", path.read_text(encoding="utf-8"))
    ]
    assert not violating
