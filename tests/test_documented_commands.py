"""The README's example and the commands of the pages: the cheap ones are executed, all of them are parsed."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import FENCE, PAGES, ROOT

CHEAP = ("planner.plan", "planner.run", "planner.home")  # without physics: a second or two each
RECORDS = ("CHANGELOG.md", "findings.md", "results.md")  # tell of commands as they were then
Command = tuple[str, tuple[str, ...], str]  # module, arguments, the file that its output goes to


class ParsedError(Exception):
    """The arguments were parsed, and nothing else is to be done."""


def commands_of(page: Path) -> list[Command]:
    """Return the `python -m` commands of a page's blocks, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join([*FENCE.findall(text), *re.findall(r"^ {4}\S.*$", FENCE.sub("", text), re.M)])
    commands = []
    for line in blocks.replace("\\\n", " ").splitlines():
        match = re.match(r"\s*(?:\$ )?python -m ((?:planner|envs|gpt)[\w.]*)(.*)", line)
        if match:
            words = shlex.split(match[2], comments=True)
            target = words[words.index(">") + 1] if ">" in words else ""
            words = words[: words.index(">")] if ">" in words else words
            commands.append((match[1], tuple(words), target))
    return commands


COMMANDS = {page: commands_of(page) for page in PAGES if page.name not in RECORDS}
ALL = [(page, command) for page, commands in COMMANDS.items() for command in commands]
README = ROOT / "README.md"


def run(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder that is not the checkout, with the checkout's packages."""
    return subprocess.run(
        [sys.executable, *argv], cwd=folder, capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the user's own home, as the pages say how to make one, and a copy of the workshop."""
    path = tmp_path_factory.mktemp("user")
    sampled = run(["-m", "planner.home", "sample", "--seed", "7"], path)
    assert sampled.returncode == 0, sampled.stderr
    (path / "my_home.yaml").write_text(sampled.stdout, encoding="utf-8")
    shutil.copy(ROOT / "datasets" / "domains" / "workshop.yaml", path)
    return path


def test_the_library_example_of_the_front_page_runs_and_prints_a_verified_plan(folder: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    process = run(["-c", block], folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith("verified cold apple on desk (") and "<BehaviorTree" in process.stdout


def test_the_front_page_shows_its_six_commands() -> None:
    assert [module for module, _, _ in COMMANDS[README]][-6:] == [
        "planner.plan", "planner.run", "planner.evaluate", "planner.improve", "planner.home", "planner.train",
    ]  # fmt: skip


@pytest.mark.parametrize(("page", "command"), ALL, ids=lambda part: part.name if isinstance(part, Path) else part[0])
def test_the_arguments_of_a_documented_command_are_accepted(
    page: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, words, _ = command
    parse = argparse.ArgumentParser.parse_args

    def parse_only(self: argparse.ArgumentParser, args: list[str] | None = None, namespace: object = None) -> None:
        parse(self, args)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    path = ROOT / module.replace(".", "/")
    name = module if path.with_suffix(".py").is_file() else f"{module}.__main__"
    with pytest.raises(ParsedError):
        importlib.import_module(name).main(list(words))


NOT_CHEAP = {"--execute", "--model", "--image", "--adapter"}
CHEAP_COMMANDS = dict.fromkeys(
    command for _, command in ALL if command[0] in CHEAP and NOT_CHEAP.isdisjoint(command[1])
)


def file_made_by(command: Command) -> str:
    """Return the file that a command makes: where its output goes, or the agenda that its goal goes on."""
    _, words, target = command
    return words[words.index("--agenda") + 1] if {"--agenda", "--goal"} <= set(words) else target


def execute(command: Command, folder: Path) -> None:
    """Execute a cheap command, after those that make the files that it reads: another worker may have had these."""
    module, words, target = command
    for earlier in CHEAP_COMMANDS:
        if earlier == command:
            break
        if (name := file_made_by(earlier)) in words and name != file_made_by(command) and not (folder / name).exists():
            execute(earlier, folder)
    executes = module == "planner.run" and not {"--list", "--cancel"}.intersection(words)
    extra = ["--backend", "symbolic"] if executes else []
    process = run(["-m", module, *words, *extra], folder)
    asks = "?" in process.stdout  # a question is an answer, and no plan; so is what a robot cannot do
    lacks = "--robot" in words and "refused: this robot cannot" in process.stdout
    assert process.returncode == (1 if asks or lacks else 0), process.stdout + process.stderr
    if target:
        (folder / target).write_text(process.stdout, encoding="utf-8")


@pytest.mark.parametrize("command", CHEAP_COMMANDS, ids=lambda command: f"{command[0]} {' '.join(command[1])}"[:60])
def test_a_cheap_documented_command_does_what_it_says(command: Command, folder: Path) -> None:
    execute(command, folder)
