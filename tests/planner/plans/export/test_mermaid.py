"""Flowcharts: a small grammar of nodes and edges, and nothing typed gets out of its label."""

from __future__ import annotations

import itertools
import re

import pytest

from envs.symbolic.actions import State, parse_action
from envs.symbolic.goals import parse_goal
from planner.plans.export.mermaid import to_mermaid

PLAN = ["open cabinet 1", "pick up mug 1", "put mug 1 on countertop 1", "pick up mug 1", "put mug 1 on dining table 1"]
NODE = re.compile(r'    (\w+)(?:\(\["([^"]*)"\]\)|\["([^"]*)"\]|\{\{"([^"]*)"\}\}|\{"([^"]*)"\}|\[/"([^"]*)"/\])')
EDGE = re.compile(r"    (\w+) -->(?:\|(yes|no)\|)? (\w+)")


def read(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The labels of the nodes and the edges of a flowchart that is nothing else."""
    head, *lines = text.splitlines()
    assert head == "flowchart TD"
    labels: dict[str, str] = {}
    edges = []
    for line in lines:
        if found := NODE.fullmatch(line):
            assert found[1] not in labels and found[1] != "end"
            label = next(words for words in found.groups()[1:] if words is not None)
            labels[found[1]] = re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label)
        else:
            edge = EDGE.fullmatch(line)
            assert edge is not None, line
            edges.append((f"{edge[1]} {edge[2]}" if edge[2] else edge[1], edge[3]))
    return labels, edges


def chart(state: State, goal: str, title: str = "") -> str:
    return to_mermaid(parse_goal(goal), [parse_action(state.world, step) for step in PLAN], state, title=title)


def test_it_leads_from_the_instruction_through_the_subtasks_to_the_goal(flat: State) -> None:
    labels, edges = read(chart(flat, "mug on dining table", "put the mug on the table"))
    assert list(labels.values()) == [
        "put the mug on the table", *(f"{n}: {step}" for n, step in enumerate(PLAN, 1)), "mug on dining table",
    ]  # fmt: skip
    names = list(labels)
    assert edges == list(itertools.pairwise(names))


@pytest.mark.parametrize(
    "text", ["1. mug", "- mug", "* mug", "+ mug", "# mug", "a www.x.org", "https://x.org", "_a_ **b**"]
)
def test_no_label_is_markdown(flat: State, text: str) -> None:
    for line in chart(flat, "mug on dining table", text).splitlines():
        for label in re.findall(r'"([^"]*)"', line):
            assert not re.search(r"[-.*+#_`/!()\[\]<>]", re.sub(r"#\d+;", "", label)), label


def test_a_phase_ends_where_its_goal_is_reached(flat: State) -> None:
    labels, edges = read(chart(flat, "mug on countertop then mug on dining table"))
    assert ("s3", "g1") in edges and ("g1", "s4") in edges
    assert labels["g1"] == "mug on countertop" and labels["g2"] == "mug on dining table"


@pytest.mark.parametrize("text", ['"] --> x["', "<b>#35;</b>", "a\nb;%%{init: {}}%%", "`end`", "日本語 & ü", "\ud800"])
def test_what_a_person_typed_stays_in_its_label(flat: State, text: str) -> None:
    labels, _ = read(chart(flat, "mug on dining table", text))
    shown = "".join(c for c in " ".join(text.split()) if c.isprintable())
    assert labels["start"] == shown


def test_rules_waits_and_tests_are_shown(flat: State) -> None:
    goal = "after 30 min : mug on countertop then if lamp on : desk lamp off while never open fridge"
    labels, edges = read(chart(flat, goal, "x"))
    assert labels["r1"] == "never open fridge" and labels["w1"] == "wait: after 30 min"
    assert labels["t2"] == "if lamp on" and labels["g2"] == "desk lamp off"
    assert {("start", "r1"), ("r1", "w1"), ("w1", "s1"), ("t2 yes", "g2"), ("t2 no", "over"), ("g2", "over")} <= set(
        edges
    )
    assert {name for edge in edges for name in (edge[0].split()[0], edge[1])} == set(labels)


def test_a_phase_that_may_be_left_out_is_passed_by_an_arrow(flat: State) -> None:
    labels, edges = read(chart(flat, "if cabinet closed : mug on countertop then mug on dining table"))
    assert ("t1 yes", "s1") in edges and ("t1 no", "s4") in edges and ("g1", "s4") in edges
    assert labels["s4"] == f"4: {PLAN[3]}"
