"""Skills that a domain adds are used without code: what they need is made so, and what they lack is said."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from envs.errors import GoalError
from envs.symbolic.actions import applicable, format_action, successor
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Goal, format_goal, parse_goal
from envs.symbolic.obstacles import holds_at_start
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import holds
from envs.symbolic.state import State, World
from planner.corpus.teacher_chunks import plan_in_chunks, taught_actions
from planner.decoding.candidate_actions import applicable_to
from planner.decoding.ruled_out import is_ruled_out
from planner.facts.retrieval import retrieve_facts
from planner.goals.feasibility import infeasibility
from planner.goals.means.own_stages import OwnStages, untaught_skills
from planner.verification.plan_verification import verify
from tests.planner.goals.skilled_home import skilled_domain, skilled_scene, skilled_state

SCENE, START = skilled_scene(), skilled_state()
REACHABLE = (
    "kitchen vacuumed",
    "every room vacuumed",
    "every room except kitchen vacuumed",
    "every room mopped",
    "bedroom mopped",
    "dog fed",
    "every pet fed",
    "no pet hungry",
    "1 charged cell phone",
    "every tablet is charged",
    "2 of electronics is charged",
    "charged laptop on desk",
    "exactly 1 charged electronics",
    "holding charged cell phone",
    "charged cell phone then no charged electronics",
    "charged tablet then every tablet is uncharged",
    "ironed shirt in wardrobe",
    "every shirt is ironed",
    "ironed folded shirt",
    "folded ironed shirt",
    "sharp knife on countertop",
    "chopped carrot on plate",
    "desk dusted ; coffee table dusted",
    "robot vacuum on then robot vacuum docked",
    "charged tablet by charging station",
    "sharp knife by whetstone",
    "if not kitchen vacuumed : kitchen vacuumed ; dog fed",
    "half of electronics is charged",
    "every electronics except laptop is charged",
    "cell phone on sofa ; charged tablet ; kitchen mopped",
    "1 charged electronics while never pick up cell phone",
)


def goal_of(text: str, scene: Scene = SCENE) -> Goal:
    return parse_goal(text, scene=scene)


def plan_text(text: str, state: State = START) -> str:
    actions = taught_actions(state, goal_of(text, state.world.scene), common_sense=True)
    return " → ".join(format_action(state.world, action) for action in actions)


@pytest.mark.parametrize("common_sense", [True, False])
@pytest.mark.parametrize("text", REACHABLE)
def test_what_skills_of_the_domains_own_set_is_reached(text: str, common_sense: bool) -> None:
    goal = goal_of(text)
    assert infeasibility(goal, START) == ""
    assert verify(START, goal, taught_actions(START, goal, common_sense=common_sense)).ok


@pytest.mark.parametrize("text", REACHABLE)
def test_the_facts_name_what_own_skills_need(text: str) -> None:
    goal = goal_of(text)
    for state, conditions, initial_state, actions in plan_in_chunks(START, goal, common_sense=True):
        facts = retrieve_facts(state, conditions, initial_state, common_sense=True, phase=goal.phases[0])
        assert facts.name_all(actions), (facts.texts, actions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kitchen vacuumed", "vacuum kitchen"),
        (
            "charged tablet",
            "pick up tablet 1 → put tablet 1 on charging station 1 → turn on charging station 1 → charge tablet 1",
        ),
        (
            "every pet fed",
            "open cabinet 1 → pick up pet food 1 → feed dog 1 → feed cat 1 → put pet food 1 in cabinet 1 → "
            "close cabinet 1",
        ),
        (
            "chopped carrot",
            "open drawer 1 → pick up knife 1 → put knife 1 on countertop 1 → pick up whetstone 1 → sharpen knife 1 → "
            "put whetstone 1 in drawer 1 → pick up knife 1 → chop carrot 1 with knife 1 → put knife 1 in drawer 1 → "
            "close drawer 1",
        ),
        ("robot vacuum docked", "go to robot vacuum 1 → dock robot vacuum 1"),
        ("desk dusted", "pick up cloth 1 → dust desk 1 → put cloth 1 on countertop 1"),
    ],
)
def test_what_a_skill_needs_is_made_so_first_and_put_back_afterwards(text: str, expected: str) -> None:
    assert plan_text(text) == expected


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("kitchen vacuumed", "vacuum kitchen needs hand empty sets kitchen vacuumed"),
        ("dog fed", "feed dog 1 needs pet food 1 in hand sets dog 1 fed"),
        (
            "charged cell phone",
            "charge cell phone 1 needs hand empty , cell phone 1 on charging station 1 , charging station 1 on "
            "sets cell phone 1 charged",
        ),
        ("chopped carrot", "chop carrot 1 with knife 1 needs knife 1 in hand , knife 1 sharp sets carrot 1 chopped"),
        ("chopped carrot", "sharpen knife 1 needs whetstone 1 in hand , knife 1 in the open sets knife 1 sharp"),
    ],
)
def test_a_fact_says_what_a_skill_needs_and_sets(text: str, fact: str) -> None:
    assert fact in retrieve_facts(START, goal_of(text).phases[0], START, common_sense=True).texts


def test_goals_that_need_no_own_skill_have_no_fact_about_one() -> None:
    texts = retrieve_facts(START, goal_of("plate on dining table").phases[0], START, common_sense=True).texts
    assert not any(" needs " in text for text in texts)


def without(*categories: str) -> Scene:
    gone = {spec.name for spec in (*SCENE.objects, *SCENE.fixtures) if spec.category in categories}
    return replace(
        SCENE,
        objects=tuple(o for o in SCENE.objects if o.name not in gone and o.place not in gone),
        fixtures=tuple(f for f in SCENE.fixtures if f.name not in gone),
    )


@pytest.mark.parametrize(
    ("text", "missing", "reason"),
    [
        ("charged tablet", ("charging station",), "to charge takes a charging station, and there is none here"),
        ("dog fed", ("pet food",), "to feed takes a pet food, and there is none here"),
        ("sharp knife", ("whetstone",), "to sharpen takes a whetstone, and there is none here"),
        ("chopped carrot", ("whetstone",), "to sharpen takes a whetstone, and there is none here"),
        ("desk dusted", ("cloth",), "to dust takes something that wipes, and there is none here"),
        ("kitchen mopped", ("mop",), "to mop takes a mop, and there is none here"),
    ],
)
def test_what_a_skill_needs_and_the_home_lacks_is_said(text: str, missing: tuple[str, ...], reason: str) -> None:
    scene = without(*missing)
    assert infeasibility(goal_of(text, scene), World(scene).initial()).endswith(reason)


def test_a_state_that_no_skill_of_this_robot_gives_is_refused_in_words() -> None:
    skills = {name: skill for name, skill in SCENE.domain.skills.items() if name not in ("vacuum", "charge")}
    scene = replace(SCENE, domain=SCENE.domain.changed(skills=skills))
    state = World(scene).initial()
    goal = parse_goal("charged tablet ; kitchen vacuumed", scene=SCENE)
    assert infeasibility(goal, state).endswith("no skill of this robot makes tablet 1 charged")
    vacuumed = replace(goal, phases=(goal.phases[0][1:],))
    assert infeasibility(vacuumed, state).endswith("no skill of this robot makes kitchen vacuumed")


def test_a_rule_against_the_only_skill_is_named() -> None:
    goal = goal_of("kitchen vacuumed while never vacuum kitchen")
    assert infeasibility(goal, START).endswith("the rule does not allow it: never vacuum kitchen")


def test_what_is_in_the_way_of_a_skill_makes_room() -> None:
    assert verify(START, goal_of("every shirt is ironed"), taught_actions(START, goal_of("every shirt is ironed"))).ok


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1 charged cell phone", "charged cell phone"), ("every room vacuumed", "every room vacuumed"),
        ("milk on kitchen", "milk in kitchen"), ("no room vacuumed", "no room vacuumed"),
        ("every book from kitchen on shelf", "every book from kitchen on shelf"),
        ("every room except living room mopped", "every room except living room mopped"),
        ("plate in dog bed", "plate on dog bed"), ("uncharged tablet", "uncharged tablet"),
        ("dog bed dirty", None), ("mug with dog", None), ("charged room", None), ("sofa vacuumed", None),
    ],
)  # fmt: skip
def test_own_states_and_rooms_are_read(text: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(GoalError):
            goal_of(text)
    else:
        goal = goal_of(text)
        assert format_goal(goal, SCENE.domain) == written
        assert goal_of(written) == goal


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("the kitchen is vacuumed", "kitchen vacuumed"), ("vacuum the kitchen", "kitchen vacuumed"),
        ("every cell phone charged", "every cell phone is charged"), ("cell phone charged", "charged cell phone"),
        ("charge the cell phone", "charged cell phone"), ("iron all shirts", "every shirt is ironed"),
        ("feed the dog", "dog fed"), ("vacuum every room", "every room vacuumed"), ("sharpen a knife", "sharp knife"),
        ("knife sharp", "sharp knife"), ("laptop charged and tablet charged", "charged laptop ; charged tablet"),
    ],
)  # fmt: skip
def test_other_wordings_of_own_states_are_understood_as_hints(text: str, meant: str) -> None:
    with pytest.raises(GoalError, match=meant):
        goal_of(text)


def test_decoding_offers_every_action_of_own_skills_about_the_facts() -> None:
    rng, state = random.Random(0), START
    for _ in range(120):
        actions = applicable(state)
        assert set(applicable_to(state, frozenset(state.world.names))) == set(actions)
        assert set(applicable_to(state, frozenset(["tablet 1", "kitchen"]))) == {
            a for a in actions if {"tablet 1", "kitchen"}.issuperset(a.args)
        }
        state = successor(state, rng.choice(actions))


def drawn_goal(rng: random.Random, state: State) -> Goal:
    """Return a goal about a state that the domain adds."""
    domain, world = skilled_domain(), state.world
    word = rng.choice([*domain.states[9:], "uncharged", "hungry"])
    bearers = domain.bearers[domain.negations.get(word, word)]
    category = rng.choice(sorted(bearers & world.entities_by_category.keys()))
    if category in domain.fixtures:
        text = f"{rng.choice(['', 'every ', 'no '])}{category} {word}"
    else:
        forms = (
            "{0} {1}", "every {1} is {0}", "{0} {1} on desk", "{0} {1} in bedroom", "no {0} {1}", "1 of {1} is {0}",
            "holding {0} {1}", "{0} clean {1}",
        )  # fmt: skip
        text = rng.choice(forms).format(word, category)
    more = ("kitchen vacuumed", "dog fed", "cloth in sink", "charged tablet", "drawer closed", "desk lamp on")
    text += f" ; {rng.choice(more)}" if rng.random() < 0.3 else ""
    goal = goal_of(text)
    assert goal_of(format_goal(goal, domain)) == goal
    return goal


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_goals_over_own_states_are_reached_or_refused_in_any_state(seed: int) -> None:
    rng, stuck, tried = random.Random(seed), 0, 0
    for _ in range(100):
        state = START
        for _ in range(rng.choice([0, 3, 10, 30])):
            state = successor(state, rng.choice(applicable(state)))
        goal = drawn_goal(rng, state)
        if holds_at_start(goal, state) or infeasibility(goal, state):
            continue
        tried += 1
        try:
            assert verify(state, goal, taught_actions(state, goal, common_sense=True)).ok, format_goal(goal)
        except LookupError:
            stuck += 1
    assert stuck <= tried // 50


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("kitchen vacuumed", ["vacuum kitchen"]),
        ("charged tablet", ["tablet on charging station", "charging station on", "charge tablet 1"]),
        (
            "kitchen mopped",
            ["mop of water", "vacuum kitchen", "holding mop", "mop kitchen"],
        ),
        ("desk dusted", ["holding cloth", "dust desk 1"]),
        (
            "chopped carrot",
            [
                "drawer open",
                "knife on countertop",
                "holding whetstone",
                "sharpen knife 1",
                "holding knife",
                "chop carrot 1 with knife 1",
            ],
        ),
        ("clean plate on dining table", []),
    ],
)
def test_what_an_own_skill_needs_is_planned_before_the_step_that_is_no_choice(text: str, stages: list[str]) -> None:
    assert stages_of(text) == stages


def test_a_tool_stays_in_the_hand_while_an_own_skill_needs_it_for_the_next_thing() -> None:
    stages = stages_of("desk dusted ; coffee table dusted")
    assert stages == ["holding cloth", "dust desk 1", "dust coffee table 1"]


def test_a_rule_keeps_a_step_from_being_added() -> None:
    assert stages_of("kitchen vacuumed", forbidden="vacuum") == []


def stages_of(text: str, forbidden: str = "") -> list[str]:
    """Return stages and steps, one after another; the teacher does what a GPT would."""
    state, (conditions,) = START, goal_of(text).phases
    allowed = (lambda before, action, after: action.skill != forbidden) if forbidden else None
    own = OwnStages(untaught_skills(SCENE.domain, load_domain()), START, is_allowed=allowed)
    said = []
    for _ in range(60):
        unmet = [c for c in conditions if not holds(state, c, START)]
        if (step := own.ready(unmet, state)) is not None:
            said.append(format_action(state.world, step))
            state = successor(state, step)
            continue
        stage = next(own.stages(unmet, state), None)
        if stage is None:
            return said
        goal = Goal(phases=((stage.condition,),))
        said.append(format_goal(goal, SCENE.domain))
        for action in taught_actions(stage.view(state), goal, common_sense=True):
            state = successor(state, action)
    raise AssertionError(said)


@pytest.mark.parametrize(
    ("text", "ruled_out"),
    [
        ("kitchen vacuumed while never vacuum kitchen", True),
        ("every room vacuumed while never vacuum bedroom", True),
        ("kitchen vacuumed while never vacuum bedroom", False),
        ("charged tablet while never charge tablet", True),
        ("1 charged electronics while never charge tablet", False),
    ],
)
def test_rules_against_an_own_skill_surely_leave_no_way_where_it_is_the_only_one(text: str, ruled_out: bool) -> None:
    assert is_ruled_out(goal_of(text), START) == ruled_out


def test_the_teacher_keeps_a_tool_in_the_hand_while_the_next_thing_needs_it() -> None:
    goal = goal_of("desk dusted ; coffee table dusted")
    skills = [action.skill for action in taught_actions(START, goal, common_sense=True)]
    assert skills == ["pick up", "dust", "dust", "put"]
