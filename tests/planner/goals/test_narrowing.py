"""Every construct of the goal language is planned for: by the teacher, and by the released GPT."""

from __future__ import annotations

from collections import Counter

import pytest

from envs.symbolic.actions import Action, State, format_action
from envs.symbolic.goals import Goal, format_condition, format_goal, parse_goal
from envs.symbolic.obstacles import obstacle
from envs.symbolic.progress import begin, score
from planner import Planner
from planner.corpus.teacher_chunks import taught_actions
from planner.goals.narrowing import narrow
from planner.tasks.random_goals import CONSTRUCTS, random_goals
from planner.verification.plan_verification import verify
from tests.envs.homes_for_tests import state

N_GOALS = 300


@pytest.fixture(scope="module")
def flat() -> State:
    return state(
        [
            "dining table 1", "sofa 1 @ living room", "bookshelf 1 @ living room", "desk 1: white @ bedroom",
            "bed 1 @ bedroom", "ceiling light 1: on", "ceiling light 2: on @ bedroom", "desk lamp 1: on @ bedroom",
            "sink 1", "cabinet 1: open", "microwave 1: open", "oven 1: open", "person 1", "person 2",
        ],
        {
            "mug 1: red": "cabinet 1", "mug 2: blue": "cabinet 1", "mug 3: Anna's": "dining table 1",
            "plate 1: dirty": "sink 1", "plate 2: dirty": "dining table 1", "plate 3": "cabinet 1",
            "glass 1": "dining table 1", "glass 2": "cabinet 1", "book 1": "desk 1", "book 2": "bed 1",
            "book 3": "sofa 1", "potato 1": "cabinet 1", "laptop 1": "desk 1", "cell phone 1": "sofa 1",
            "spoon 1": "dining table 1", "bowl 1: green": "dining table 1", "bread 1": "dining table 1",
            "butter knife 1": "cabinet 1",
        },
        people=("Anna", "Ben"),
    )  # fmt: skip


def taught(goal: Goal, start: State) -> list[Action]:
    return taught_actions(start, goal, common_sense=True)


@pytest.mark.parametrize(
    ("goal", "plain"),
    [
        ("mug in sink", ["mug in sink"]),  # plain conditions stay as they are
        ("red mug in sink", ["mug in sink"]),
        ("mug in bedroom", ["mug on desk"]),
        ("1 more glass on dining table", ["2 glass on dining table"]),
        ("exactly 1 plate on sofa", ["plate on sofa"]),
        ("at most 1 mug in cabinet", ["no mug in cabinet"]),
        ("2 of book on bookshelf", ["2 book on bookshelf"]),
        ("all but 1 of book on bookshelf", ["2 book on bookshelf"]),
        ("every lamp in bedroom off", ["ceiling light off", "desk lamp off"]),
        ("no lamp in bedroom on", ["ceiling light off", "desk lamp off"]),
        ("microwave closed on", ["microwave closed", "microwave on"]),
        ("mug with Ben", ["mug with person"]),
        ("cell phone beside laptop", ["cell phone on desk"]),
        ("hot potato by microwave", ["hot potato"]),
        ("mug with every person", ["mug with person", "mug with person"]),
    ],
)
def test_a_condition_is_narrowed_to_plain_ones(flat: State, goal: str, plain: list[str]) -> None:
    (condition,) = parse_goal(goal).conditions
    assert [format_condition(part.condition) for part in narrow(condition, flat, flat)] == plain


def test_what_is_hidden_is_neither_used_nor_counted(flat: State) -> None:
    (condition,) = parse_goal("red mug in sink").conditions
    (part,) = narrow(condition, flat, flat)
    view = part.view(flat)
    assert [view.world.names[i] for i in view.world.objects_of("mug")] == ["mug 1"]
    assert len(flat.world.objects_of("mug")) == 3  # the home itself is as before


GOALS = [
    "red mug in sink", "Anna's mug in bedroom", "1 more glass on dining table", "exactly 2 plate on dining table",
    "every dirty plate is clean", "2 of book on bookshelf", "every book except book from desk on bookshelf",
    "half of plate on sofa", "no lamp in bedroom on", "microwave closed off", "mug with Ben",
    "cell phone beside laptop", "hot potato by oven", "sliced bread by butter knife", "spoon in every bowl",
    "mug on white desk", "if oven open : oven closed then no plate on dining table",
    "glass on sofa while never open cabinet ; never mug in sink",
]  # fmt: skip


@pytest.mark.parametrize("text", GOALS)
def test_the_teacher_plans_for_each_construct(flat: State, text: str) -> None:
    goal = parse_goal(text)
    assert not score(begin(goal, flat)).success
    assert verify(flat, goal, taught(goal, flat)).ok


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner.load()


@pytest.mark.parametrize("text", GOALS)
def test_the_released_gpt_plans_for_each_construct(flat: State, planner: Planner, text: str) -> None:
    plan = planner.plan_for_goal(parse_goal(text), flat)
    assert plan.status == "verified", (plan.reason, plan.subtasks)


def test_a_rule_keeps_the_gpt_from_what_it_forbids(flat: State, planner: Planner) -> None:
    free = planner.plan_for_goal(parse_goal("mug on sofa"), flat)
    (used,) = {action.args[0] for action in free.actions if action.skill == "pick up"}
    thing = {"mug 1": "red mug", "mug 2": "blue mug", "mug 3": "Anna's mug"}[used]
    bound = planner.plan_for_goal(parse_goal(f"mug on sofa while never pick up {thing}"), flat)
    assert bound.status == "verified" and not any(used in action.args for action in bound.actions)
    none = planner.plan_for_goal(parse_goal("mug on sofa while never pick up mug"), flat)
    assert none.status == "refused" and "never pick up mug" in none.reason


def test_the_teacher_reaches_what_nothing_speaks_against() -> None:
    stuck: list[str] = []
    reached: Counter[str] = Counter()
    n_tried = 0
    for construct, goal, start in random_goals(N_GOALS, seed=0):
        assert parse_goal(format_goal(goal), scene=start.world.scene) == goal
        if score(begin(goal, start)).success or obstacle(goal, start):
            continue
        n_tried += 1
        try:
            actions = taught(goal, start)
        except LookupError as error:
            stuck.append(f"{format_goal(goal)}: {error}")
            continue
        report = verify(start, goal, actions)
        assert report.ok, (format_goal(goal), report.reason, [format_action(start.world, a) for a in actions])
        reached[construct] += 1
    assert n_tried > N_GOALS // 2
    assert len(stuck) <= 0.03 * n_tried, stuck
    assert len(reached) >= len(CONSTRUCTS) - 2


@pytest.mark.parametrize(
    ("goal", "moved"),
    [
        ("laptop beside book", 1),
        ("book beside laptop", 1),
        ("every book beside laptop", 3),
        ("2 book beside laptop", 2),
        ("exactly 1 book beside laptop", 1),
    ],
)
def test_what_shares_a_desk_but_is_apart_is_put_there_again(flat: State, goal: str, moved: int) -> None:
    index = flat.world.index
    apart = flat._replace(apart=frozenset({(index["book 1"], index["laptop 1"])}))
    actions = taught(parse_goal(goal), apart)
    assert verify(apart, parse_goal(goal), actions).ok
    assert [a.skill for a in actions] == ["pick up", "put"] * moved


@pytest.mark.parametrize("goal", ["book beside laptop", "laptop beside book", "every book beside laptop"])
def test_the_gpt_puts_there_again_what_is_apart(planner: Planner, flat: State, goal: str) -> None:
    index = flat.world.index
    apart = flat._replace(apart=frozenset({(index["book 1"], index["laptop 1"])}))
    plan = planner.plan_for_goal(parse_goal(goal), apart)
    assert plan.status == "verified" and len(plan.actions) >= 2


def test_beside_every_brings_each_its_own() -> None:
    table = state(
        ["dining table 1", "desk 1", "drawer 1: open", "cabinet 1"],
        {"plate 1": "dining table 1", "plate 2": "dining table 1", "plate 3": "desk 1", "fork 1": "drawer 1",
         "fork 2": "drawer 1", "fork 3": "desk 1", "fork 4": "dining table 1"},
    )  # fmt: skip
    goal = parse_goal("fork beside every plate")
    index = table.world.index
    apart = table._replace(apart=frozenset((index["plate 1"], index[x]) for x in ("plate 2", "fork 4")))
    actions = taught(goal, apart)
    assert verify(apart, goal, actions).ok
    assert [a.args for a in actions if a.skill == "put"] == [("fork 1", "dining table 1")]
    two = taught(parse_goal("2 fork beside every plate on dining table"), table)
    assert sorted(a.args[0] for a in two if a.skill == "put") == ["fork 1", "fork 2", "fork 3"]
    assert not narrow(parse_goal("3 fork beside every plate").conditions[0], table, table)


@pytest.mark.parametrize(
    ("goal", "at"),
    [
        ("mug beside kettle", {"kettle 1": "countertop 1", "mug": "countertop 1"}),  # nothing else fits on its base
        ("2 mug beside kettle", {"kettle 1": "countertop 1", "mug": "countertop 1"}),
        ("every mug beside kettle", {"kettle 1": "countertop 1", "mug": "countertop 1"}),
        ("spoon beside fork on desk", {"fork 1": "desk 1", "spoon": "desk 1"}),  # none is there yet
        ("spoon beside fork in bedroom", {"fork 1": "desk 1", "spoon": "desk 1"}),
        ("2 mug beside fork on desk", {"fork 1": "desk 1", "mug": "desk 1"}),
        ("fork beside fork on countertop", {"fork 1": "countertop 1", "fork": "countertop 1"}),
    ],
)
def test_both_are_brought_where_one_cannot_stay_or_is_not_yet(goal: str, at: dict[str, str]) -> None:
    start = state(
        ["countertop 1", "kettle base 1", "cabinet 1: open", "desk 1 @ bedroom"],
        {"kettle 1": "kettle base 1", "mug 1": "cabinet 1", "mug 2": "cabinet 1", "fork 1": "cabinet 1",
         "fork 2: dirty": "cabinet 1", "spoon 1": "cabinet 1"},
    )  # fmt: skip
    parsed = parse_goal(goal)
    actions = taught(parsed, start)
    assert verify(start, parsed, actions).ok
    put = {a.args for a in actions if a.skill == "put"}
    for name, place in at.items():
        assert any(item.startswith(name) and where == place for item, where in put)


def test_a_mug_beside_every_mug_brings_them_together() -> None:
    start = state(
        ["desk 1", "cabinet 1", "countertop 1"], {"mug 1": "cabinet 1", "mug 2": "desk 1", "mug 3": "countertop 1"}
    )
    goal = parse_goal("mug beside every mug")
    actions = taught(goal, start)
    assert verify(start, goal, actions).ok and sum(a.skill == "put" for a in actions) == 2
