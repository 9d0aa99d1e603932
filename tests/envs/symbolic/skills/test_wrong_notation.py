"""Wrong notation: each problem is reported with its line, the skill, what was seen and what would do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from envs.files.yaml_nodes import NodeReader
from envs.symbolic.domain import load_domain
from envs.symbolic.skills.notation import SkillNotationError, parse_skills, read_skills

GOOD = 'shine: {text: "shine {object}", when: ["holding {cloth}"], sets: ["{object} shiny"]}'


def problems(text: str) -> list[str]:
    reader = NodeReader()
    node = yaml.compose(text)
    assert node is not None
    skills = read_skills(reader, node, load_domain().vocabulary)
    assert not (reader.problems and skills), "nothing is half-loaded"
    return [str(problem) for problem in reader.problems]


def cup(statements: str) -> str:
    """Return a skill over {cup} with these statements."""
    return f"do it: {{text: 'do it {{cup}}', {statements}}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # -- the skill
        ("[a, b]", "line 1: skills: expected `name: {text: …}` entries, found a list of 2"),
        ("do it: [a]", "line 1: skill 'do it': expected {text: …, when: […], sets: […]}, found a list of 1"),
        ("do it:", "line 1: skill 'do it': expected {text: …, when: […], sets: […]}, found nothing"),
        (f"{'x' * 50}: {{}}", "a skill is called by words, at most 40 characters"),
        ("do it:\n  txt: x", "line 2: skill 'do it': txt: unknown key 'txt'; did you mean 'text'?"),
        ("do it:\n  sets: []", "line 1: skill 'do it': needs a text, such as `do it {object}`; found nothing"),
        # -- its name
        (
            "a: {text: 'Vacuum {room}'}",
            "'Vacuum {room}': it begins with lower-case words of letters before its argument",
        ),
        ("a: {text: 'x1 {object}'}", "it begins with lower-case words of letters before its argument, at most 40"),
        ("a: {text: '[SEP] {object}'}", "it begins with lower-case words of letters before its argument"),
        ("a: {text: '{object}'}", "it begins with lower-case words of letters before its argument"),
        ("a: {text: 'every {object}'}", "line 1: skill 'a': text: 'every' is a word of the goal language"),
        ("a: {text: 'put {cup} under {mug}'}", "begins like the built-in skill 'put'; begin it with other words"),
        (
            "a: {text: 'do it {cup}', sets: '{cup} hot'}\nb: {text: 'do it {mug}', sets: '{mug} hot'}",
            "line 2: skill 'b': text: 'do it {mug}' begins like that of 'a'; begin it with other words",
        ),
        # -- its text
        ("do it:\n  text: do it", "line 2: skill 'do it': text: 'do it' has no argument; a skill has one or two"),
        (
            "do it:\n  text: 'do it {knif}'",
            "line 2: skill 'do it': text: {knif} is no kind of argument; did you mean 'knife'?",
        ),
        ("do it:\n  text: 'do it {object'", "line 2: skill 'do it': text: 'do it {object': braces do not match"),
        ("do it:\n  text: 'do it {cup} {mug}'", "words stand between two arguments, such as `{object} with {place}`"),
        ("do it:\n  text: 'do it {cup} to {cup}'", "has {cup} twice; call them {cup 1} and {cup 2}"),
        ("do it:\n  text: 'do it {cup} to {mug} by {pan}'", "has 3 arguments; a skill has one or two"),
        ("do it:\n  text: 'do it {cup} well'", "ends with 'well'; it ends with an argument"),
        ("do it:\n  text: 'do it {relation} {cup}'", "{relation} stands between two arguments"),
        ("do it:\n  text: 3", "line 2: skill 'do it': text: needs a text, such as `do it {object}`; found 3.0"),
        # -- its duration
        ("do it:\n  text: 'do it {cup}'\n  duration_s: soon", "line 3: skill 'do it': duration_s: expected seconds"),
        ("do it:\n  text: 'do it {cup}'\n  duration_s: -3", "more than 0 and at most 86400; found -3.0"),
        ("do it:\n  text: 'do it {cup}'\n  duration_s: .inf", "expected seconds, more than 0"),
        # -- its statements
        (cup("when: hand emty"), "'hand emty' is no statement about the home; did you mean 'hand empty'?"),
        (
            "do it:\n  text: 'do it {cup}'\n  when:\n    - hand empty\n    - '{cup} drity'",
            "line 5: skill 'do it': when: no state is called 'drity'; did you mean 'dirty'?",
        ),
        (
            "do it:\n  text: 'do it {cup}'\n  when: ['{mug} dirty']\n  sets: ['{cup} hot']",
            "line 3: skill 'do it': when: which mug? say `holding {mug}` or `… in {mug}` before it",
        ),
        (cup("when: ['{object} dirty']"), "{object} is no argument of the skill; the arguments are {cup}"),
        (cup("when: ['{cp} dirty']"), "{cp} is no argument of the skill, no kind and no class; did you mean 'cup'?"),
        (cup("when: [{cup}]"), "unknown key {cup}; known: need, if, unless, else; a statement stands in quotes"),
        (cup("when: [3]"), "expected a statement, found 3.0; a statement stands in quotes"),
        (cup("when: {need: [a]}"), "`need` is a statement in quotes, found a list of 1"),
        (
            cup("when: [{need: 'hand empty', else: '{mug} is in the way'}]"),
            "the message names {mug}; known: {cup}, {hand}, {relation}",
        ),
        (cup("when: [{need: 'hand empty', els: x}]"), "unknown key 'els'; did you mean 'else'?"),
        (cup("when: [{need: 'hand empty', else: 'a } b'}]"), "'a } b': braces do not match"),
        (cup("when: [{need: 'hand empty', if: 'moon full'}]"), "'moon full' is no statement about the home"),
        (cup("when: ['{cup} can be sliced up']"), "'can be sliced up' is no ability; did you mean 'can be sliced' or"),
        (cup("when: ['{cup} can be watered']"), "'can be watered' is said of furniture, and {cup} is an object"),
        (
            "do it: {text: 'do it {oven}', when: ['{oven} can cut']}",
            "'can cut' is said of objects, and {oven} is a fixture",
        ),
        (cup("when: ['holding what can fly']"), "'can fly' is no ability of an object"),
        (cup("when: ['{cup} filled with watr']"), "no liquid is called 'watr'; did you mean 'water'?"),
        (
            "do it: {text: 'do it {room}', when: ['holding {room}']}",
            "{room} is a room, and a room cannot be held or filled",
        ),
        (cup("when: ['{cup} is a cop']"), "no kind or class is called 'cop'; did you mean 'cup'?"),
        (cup("when: ['{cup} filled from {cup}']"), "is an effect; it stands in `sets`"),
        (cup("when: ['hand empty', 'holding {cup}'], sets: ['{cup} hot']"), "needs an empty hand and something in it"),
        (
            cup("when: ['{cup} dirty', '{cup} clean'], sets: ['{cup} hot']"),
            "this and its opposite can never be true together",
        ),
        (cup("when: ['holding {cup}', 'holding {mug}'], sets: ['{cup} hot']"), "the robot has one hand"),
        (cup(f"when: ['{'x ' * 80}']"), "has more than 120 characters"),
        (cup(f"when: [{', '.join(['hand empty'] * 40)}]"), "40 statements; at most 32"),
        # -- its effects
        ("do it: {text: 'do it {cup}'}", "line 1: skill 'do it': sets, clears and moves nothing: what is it for?"),
        (cup("sets: [{cup: hot}]"), "unknown key 'cup'; known: set, if, unless; a statement stands in quotes"),
        (cup("sets: ['{cup} dirtyy']"), "no state is called 'dirtyy'; did you mean 'dirty'?"),
        (
            cup("sets: ['{cup} in {oven}']"),
            "cannot stand in `sets`; what can is a state, `filled`, `in hand` or `robot at`; what moves",
        ),
        (cup("sets: ['{cup} filled']"), "with what? write `filled with water` or `filled from {object 2}`"),
        (cup("clears: ['{cup} in hand']"), "cannot stand in `clears`; what can is a state or `filled`"),
        (cup("moves: ['{cup} is {oven}']"), 'is no move; write "{object} to {place}"'),
        (cup("moves: ['{cup} to {room}']"), "an object moves to a place"),
        (cup("sets: ['not holding {cup}']"), "cannot stand in `sets`"),
        (cup("clears: ['{cup} empty']"), "with what? write `filled with water`"),
        (cup("sets: ['{cup} open']"), "only furniture is open, and {cup} is an object"),
        (cup("sets: ['{mug} hot']"), "which mug?"),
        (cup("sets: ['{cup} hot'], clears: ['{cup} hot']"), "sets and clears the same"),
        (cup("sets: ['{cup} hot'], at: '{mug}'"), "expected an argument in quotes ({cup}), found '{mug}'"),
        (
            "do it:\n  text: 'do it {cup}'\n  sets: ['{cup} hot']\n  sets: ['{cup} cold']",
            "line 4: 'sets' appears twice; the first is on line 3",
        ),
    ],
)
def test_a_problem_names_its_line_and_what_would_do(text: str, problem: str) -> None:
    reported = problems(text)
    assert any(problem in line for line in reported), reported
    assert all(line.startswith("line ") for line in reported)


def test_every_problem_of_a_file_is_reported_at_once() -> None:
    text = f'{GOOD}\ndo it:\n  text: "do it {{cup}}"\n  when: [hand emty, "{{cup}} drity"]\nvacuum: {{}}'
    assert [line.split(":")[0] for line in problems(text)] == ["line 4", "line 4", "line 5"]


def test_good_notation_has_no_problem() -> None:
    assert problems(GOOD) == []


def test_a_state_that_another_skill_sets_is_known() -> None:
    text = 'mop: {text: "mop {room}", when: ["{room} vacuumed"], sets: ["{room} mopped"]}\n'
    assert any("no state is called 'vacuumed'" in line for line in problems(text))
    assert problems(f'{text}vacuum: {{text: "vacuum {{room}}", sets: ["{{room}} vacuumed"]}}') == []


def test_a_single_statement_needs_no_list() -> None:
    assert problems('do it: {text: "do it {cup}", when: hand empty, sets: "{cup} hot"}') == []


def test_plain_values_have_the_same_problems_as_a_file() -> None:
    with pytest.raises(SkillNotationError, match="did you mean 'hand empty'") as caught:
        parse_skills({"do it": {"text": "do it {cup}", "when": ["hand emty"]}}, load_domain().vocabulary)
    assert [problem.path for problem in caught.value.problems] == [("do it", "when", 0)]


def test_a_robot_may_name_kinds_that_a_home_lacks() -> None:
    raw = {"feed": {"text": "feed {parrot}", "when": ["holding {bird seed}"], "sets": ["{parrot} fed"]}}
    with pytest.raises(SkillNotationError, match=r"\{parrot\} is no kind of argument"):
        parse_skills(raw, load_domain().vocabulary)
    skills = parse_skills(raw, replace(load_domain().vocabulary, unknown_kinds=True))
    assert load_domain().extended(skills=skills).categories_of("parrot") == frozenset()


def test_the_skills_of_the_page_can_be_read() -> None:
    page = (Path(__file__).resolve().parents[4] / "docs/skills.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    raw = yaml.safe_load(example.partition("\n")[2])
    kinds = {"animal": "cup", "pet food": "mug", "whetstone": "pan", "mop": "plate", "charging station": "desk"}
    domain = load_domain()
    objects = {n: replace(domain.objects[k], name=n) for n, k in kinds.items() if k in domain.objects}
    fixtures = {n: replace(domain.fixtures[k], name=n) for n, k in kinds.items() if k in domain.fixtures}
    extended = domain.extended(objects=objects, fixtures=fixtures)
    skills = parse_skills(raw, extended.vocabulary)
    assert list(skills) == ["vacuum", "feed", "charge", "sharpen", "mop", "load", "pair"]
    assert {"vacuumed", "fed", "charged", "sharp", "mopped"} <= set(extended.extended(skills=skills).states)


def test_a_skill_is_named_by_what_its_text_begins_with() -> None:
    raw = {"feed the pets": {"text": "feed {toy}", "sets": ["{toy} fed"]}}
    assert list(parse_skills(raw, load_domain().vocabulary)) == ["feed"]


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("holding nothing", "hand empty"),
        ("hand is free", "hand empty"),
        ("holding a {cup}", "holding {cup}"),
        ("{cup} is in the hand", "holding {cup}"),
        ("{cup} held", "holding {cup}"),
        ("the robot is in {kitchen}", "robot at {kitchen}"),
        ("{cup} is dirty", "{cup} dirty"),
        ("not {cup} dirty", "{cup} not dirty"),
        ("{cup} is not clean", "{cup} dirty"),
        ("{cup} empty", "{cup} not filled"),
        ("{cup} on {oven}", "{cup} in {oven}"),
        ("{cup} played with", "{cup} played-with"),
    ],
)
def test_a_statement_can_be_said_in_several_ways(said: str, same: str) -> None:
    def skill(statement: str) -> object:
        raw = {
            "do it": {"text": "do it {cup}", "when": [statement], "sets": ["{cup} hot"]},
            "play": {"text": "play with {cup}", "sets": ["{cup} played with"]},
        }
        return parse_skills(raw, load_domain().vocabulary)["do it"]

    assert skill(said) == skill(same)


def test_not_before_a_state_takes_it_away() -> None:
    raw = {
        "mop": {"text": "mop {room}", "sets": ["{room} wet"]},
        "dry": {"text": "dry {room}", "when": ["{room} wet"], "sets": ["not {room} wet"]},
        "wring": {"text": "wring {room}", "when": ["{room} wet"], "clears": ["{room} wet"]},
    }
    skills = parse_skills(raw, load_domain().vocabulary)
    assert skills["dry"].effects == skills["wring"].effects


def test_a_new_state_may_be_a_known_one_with_a_prefix() -> None:
    raw = {"spread": {"text": "spread {towel}", "sets": ["{towel} unfolded"]}}
    skills = parse_skills(raw, load_domain().vocabulary)
    assert "unfolded" in load_domain().extended(skills=skills).states
