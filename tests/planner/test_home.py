"""The command that looks at homes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from envs.scenes.home_file import parse_home
from envs.scenes.scene_sampler import sample_scene
from planner.home import main
from planner.io.paths import datasets_dir
from tests.planner.json_answers import check_printed

FAMILY = str(datasets_dir() / "homes" / "family_house.yaml")


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.yaml"
    path.write_text("rooms:\n  kitchen:\n    - frige\n    - sinck\n")
    return str(path)


def test_a_valid_home_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", FAMILY]) == 0
    assert capsys.readouterr().out.startswith("ok: family house, 4 rooms, ")


def test_a_bad_home_exits_1_and_names_each_line(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", bad]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.removeprefix(f"{bad}: ").partition(":")[0] for line in lines] == ["line 3", "line 4"]


def test_json_lists_the_problems(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", bad, "--json"]) == 1
    printed = capsys.readouterr().out
    check_printed("planner.home", printed)
    report = json.loads(printed)
    assert not report["ok"]
    assert [problem["line"] for problem in report["problems"]] == [3, 4]


def test_json_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "none.yaml", "--json"]) == 1
    printed = capsys.readouterr().out
    check_printed("planner.home", printed)
    assert "no such file" in json.loads(printed)["problems"][0]["problem"]


def test_a_sampled_home_is_a_home_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "--seed", "7", "--rooms", "3"]) == 0
    scene = parse_home(capsys.readouterr().out)
    assert (len(scene.rooms), scene.seed) == (3, 7)
    assert len(scene.objects) == len(sample_scene(7, rooms=3).objects)


def test_show_lists_rooms_and_contents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", FAMILY]) == 0
    shown = capsys.readouterr().out
    assert "\nkitchen (" in shown and "kettle base 1: kettle 1 of water" in shown


def test_show_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", FAMILY, "--json"]) == 0
    printed = capsys.readouterr().out
    check_printed("planner.home", printed)
    assert json.loads(printed)["name"] == "family house"


def test_show_of_a_bad_home_fails_on_stderr(bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", bad]) == 1
    captured = capsys.readouterr()
    assert "frige" in captured.err and not captured.out


@pytest.mark.parametrize(
    "argv", [[], ["check"], ["sample", "--seed", "-1"], ["sample", "--seed", "x"], ["sample", "--rooms", "9"]]
)
def test_wrong_usage_exits_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "-h lists all flags" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_ends_the_command_quietly() -> None:
    shown = subprocess.run(
        f"{sys.executable} -m planner.home show {FAMILY} | head -1",
        shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shown.stdout and not shown.stderr
