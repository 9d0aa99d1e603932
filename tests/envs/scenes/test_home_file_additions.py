"""People, owners, properties and rules of a home file: each mistake is one message with its line and what would do."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.data_folder import data_folder
from envs.scenes.home_file import HomeFileError, dump_home, parse_home
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import format_rule, parse_rule
from envs.symbolic.scene import Scene

DOMAIN = load_domain()
HOME = """people: [Anna, Ben]
rules:
  - never knife with Anna
rooms:
  kitchen:
    - fridge
    - white cabinet
    - countertop
    - window
    - person
  bedroom: [bed]
objects:
  cabinet 1:
    - red mug
    - knife
    - {bowl: {color: blue, size: big}}
  fridge 1: [milk]
"""
MUG, FRIDGE, RULE, PEOPLE = "    - red mug", "    - fridge", "  - never knife with Anna", "people: [Anna, Ben]"


def messages(text: str) -> list[str]:
    with pytest.raises(HomeFileError) as caught:
        parse_home(text, geometry=False)
    return str(caught.value).splitlines()


def test_the_home_of_this_file_is_right() -> None:
    assert parse_home(HOME, geometry=False).rules == ("never knife with Anna",)


OBJECTS = [
    ("redd mug", "unknown object 'redd mug': 'redd' is no property or state; did you mean 'red'?"),
    ("crimson mug", "unknown object 'crimson mug': 'crimson' is no property or state; did you mean 'red'?"),
    ("large dirty mug", "unknown object 'large dirty mug': 'large' is no property or state; did you mean 'big'?"),
    ("steel mug", "unknown object 'steel mug': 'steel' is no property or state; did you mean 'metal'?"),
    ("shiny mug", "unknown object 'shiny mug': 'shiny' is no property or state; without it: `mug`"),
    ("coffee bowl", "unknown object 'coffee bowl': a liquid follows the name: `bowl of coffee`"),
    ("the red mug", "unknown object 'the red mug': leave out 'the'"),
    ("mug red", "unknown object 'mug red': properties and states stand before the name: `red mug`"),
    (
        "2 mug blue dirty",
        "unknown object '2 mug blue dirty': properties and states stand before the name: `2 blue dirty",
    ),
    ("red 2 mug", "'red 2 mug': a number stands first: `2 red mug`"),
    ("dirty 2 mug", "'dirty 2 mug': a number stands first: `2 dirty mug`"),
    ("red mug 1", "unknown object 'mug 1'; `mug` is numbered in the order of the file, or named: `mug: {name: mug 1}`"),
    ("red dishes", "unknown object 'dishes'; this is a class, such as 'plate': name one of it"),
    ("red fridge", "unknown object 'fridge'; this is a fixture: list it under `rooms:`"),
    ("red blue mug", "mug: two colors at once, red and blue"),
    ("{red mug: {color: blue}}", "mug: two colors at once, red and blue"),
    ("Anna's Ben's mug", "mug: two owners at once, Anna's and Ben's"),
    ("{2 red mug: {count: 3}}", "red mug: two numbers, 2 in front and a `count`: write one of them"),
    ("2x mug", "unknown object '2x mug': a number stands first: `2 mug`"),
    ("mugs x4", "unknown object 'mugs x4': a number stands first: `4 mugs`"),
    ("four mugs", "unknown object 'four mugs': numbers are digits: `4 mugs`"),
    ("some mugs", "unknown object 'some mugs': say how many, such as `4 mugs`"),
    ("2 pairs of shoes", "unknown object '2 pairs of shoes': write how many, such as `2 shoes`"),
    ("empty mug", "unknown object 'empty mug': leave out 'empty'"),
    ("full mug", "unknown object 'full mug': say of what it is full, such as `mug of water`"),
    ("cup with tea", "unknown object 'cup with tea': a liquid follows 'of': `cup of tea`"),
    ("big bowl of apples", "unknown object 'big bowl of apples': what it holds is a list: `big bowl: {holds: ["),
    ("fridge 2", "unknown object 'fridge 2'; this is a fixture, 'fridge': list it under `rooms:`"),
    ("51 mug", "mug: a number is from 1 to 50; found 51"),
    ("0 mug", "mug: a number is from 1 to 50; found 0"),
    ("red mugs", "how many mugs? Write a number and one of them, such as `2 mug`"),
    ("grey mug", "unknown object 'grey mug': 'grey' is no property or state; did you mean 'gray'?"),
    ("{mug: {color: crimson}}", "mug: unknown color 'crimson'; did you mean 'red'?"),
    ("{mug: {color: bleu}}", "mug: unknown color 'bleu'; did you mean 'blue'?"),
    ("{mug: {color: qqq}}", "mug: unknown color 'qqq'; known: red, orange, yellow"),
    ("{mug: {size: tiny}}", "mug: unknown size 'tiny'; did you mean 'small'?"),
    ("{mug: {size: 0.2}}", "mug: size: expected one of: big, small; found '0.2'"),
    ("{mug: {material: porcelain}}", "mug: unknown material 'porcelain'; did you mean 'ceramic'?"),
    ("{mug: {color: wooden}}", "mug: 'wooden' is no color but a material: write `material: wooden`"),
    ("{mug: {color: dirty}}", "mug: 'dirty' is no color but a state: write `states: [dirty]`"),
    ("{mug: {color: [red, blue]}}", "mug: color: expected one of: red, orange,"),
    ("{mug: {color: }}", "mug: color: expected one of: red, orange,"),
    ("{mug: {colour: red}}", "mug: unknown key 'colour'; did you mean 'color'?"),
    ("{mug: {owners: Anna}}", "mug: unknown key 'owners'; did you mean 'owner'?"),
    ("{mug: [dirty, red]}", "mug: 'red' is a color, not a state: write `color: red`"),
    ("{mug: [large]}", "mug: 'large' is a size, not a state: write `size: big`"),
    ("{mug: [Anna's]}", 'mug: "Anna\'s" is an owner, not a state: write `owner: Anna`'),
    ("{mug: red}", "mug: expected a list of states, such as [dirty], or options with their keys, such as {color: red}"),
    ("Carl's mug", "mug: nobody here is called 'Carl'; list the names under `people:`, now Anna, Ben"),
    ("{mug: {owner: Ann}}", "mug: nobody here is called 'Ann'; did you mean 'Anna'?"),
    ("{mug: {owner: [Anna, Ben]}}", "mug: owner: expected a name of `people`; found a list of 2"),
    ("Bens mug", "unknown object 'Bens mug': did you mean \"Ben's mug\"?"),
    ("mug of Ben", "unknown object 'mug of Ben': an owner stands before the name: `Ben's mug`"),
    ("{mug: {name: red mug 1}}", "name 'red mug 1': expected one like `mug 1`"),
    ("{mug: {name: mug 2, count: 2}}", "mug 2: a name is for one mug, not for 2"),
    ("light blue mug", "unknown object 'light blue mug': 'light blue' is no property; did you mean 'blue'?"),
    ("red", "unknown object 'red': a color stands before a name: `red mug`"),
    ("Anna's", "unknown object \"Anna's\": an owner stands before a name: `Anna's mug`"),
    ("Anna", "unknown object 'Anna': an owner stands before a name: `Anna's mug`"),
    ("{mug: {red}}", "mug: unknown key 'red'; write `color: red`"),
    ("{mug: {dirty}}", "mug: unknown key 'dirty'; write `states: [dirty]`"),
    ("folded red mug", "no mug is ever folded; it can be cold, dirty, hot"),
]


@pytest.mark.parametrize(("entry", "message"), OBJECTS)
def test_a_wrong_object_is_one_message_with_its_line(entry: str, message: str) -> None:
    (line,) = messages(HOME.replace(MUG, f"    - {entry}"))
    assert line.startswith(f"line 14: {message}")


FIXTURES = [
    ("redd fridge", "unknown fixture 'redd fridge': 'redd' is no property or state; did you mean 'red'?"),
    ("fridge white", "unknown fixture 'fridge white': properties stand before the name: `white fridge`"),
    ("fridge open", "unknown fixture 'fridge open': its states are a list: `fridge: [open]`"),
    ("grey fridges", "unknown fixture 'grey fridges': 'grey' is no property or state; did you mean 'gray'?"),
    ("hot white fridge", "no fridge is ever hot; it can be open"),
    ("white 2 fridge", "unknown fixture 'white 2 fridge': a number stands first: `2 white fridge`"),
    ("white fridge 1", "unknown fixture 'fridge 1'; `fridge` is numbered in the order of the file"),
    ("red white fridge", "fridge: two colors at once, red and white"),
    ("{fridge: {color: steel}}", "fridge: 'steel' is no color but a material: write `material: metal`"),
    ("{fridge: {states: [white]}}", "fridge: 'white' is a color, not a state: write `color: white`"),
    ("Carl's fridge", "fridge: nobody here is called 'Carl'"),
    ("{fridge: {color: red, liquid: milk}}", "fridge: unknown key 'liquid'; known: count, name, states, pose, color"),
]


@pytest.mark.parametrize(("entry", "message"), FIXTURES)
def test_a_wrong_fixture_is_one_message_with_its_line(entry: str, message: str) -> None:
    (line,) = messages(HOME.replace(FRIDGE, f"    - {entry}"))
    assert line.startswith(f"line 6: {message}")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("red person", "a person has no color, size, material or owner; found 'red'"),
        ("Anna", "unknown fixture 'Anna': this is a person: write `person`"),
    ],
)
def test_a_person_among_the_fixtures_is_a_person(entry: str, message: str) -> None:
    (line,) = messages(HOME.replace("    - person", f"    - {entry}"))
    assert line.startswith(f"line 10: {message}")


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ("people: Anna", "people: expected a list such as [a, b], found 'Anna'; write [Anna]"),
        ("people: 2", "people: 2 is no list of names; list each by name: [Anna, Ben]"),
        ("people: [anna]", "people: 'anna' is no name: it has no capital letter; write 'Anna'"),
        ("people: [anna-lena de boer]", "people: 'anna-lena de boer' is no name: it has no capital letter"),
        ("people: [Anna, anna]", "people: anna appears twice; the first is 'Anna'"),
        ("people: [Anna, 2]", "people: 2 is no name: a name begins with a letter"),
        ("people: ['Anna!']", "people: 'Anna!' is no name: it begins with a letter"),
        ('people: ["Anna\'s"]', 'people: "Anna\'s" is no name: it begins with a letter'),
        (
            'people: ["Mr. O\'Hara"]',
            'people: "Mr. O\'Hara" is no name: it begins with a letter and has up to 40 letters,',
        ),
        ("people: [{Anna: mother}]", "people: a mapping is no name; an entry is a name alone"),
        ("people: [Anna and Ben]", "people: 'Anna and Ben' is no name: 'and' is a word of goals"),
        ("people: [Anna, In Young]", "people: 'In Young' is no name: 'In' is a word of goals"),
        ("people: [Anna, red]", "people: 'red' is no name here: 'red' means something else in goals; add a surname"),
        ("people: [Anna, kitchen]", "people: 'kitchen' is no name here: 'kitchen' means something else in goals"),
        ("people: [Anna, Fridge]", "people: 'Fridge' is no name here: 'fridge' means something else in goals"),
        ("people: [Anna, Fan]", "people: 'Fan' is no name here: 'fan' means something else in goals; add a surname"),
        ("people: [Anna, Mug 2]", "people: 'Mug 2' is no name here: 'mug' means something else in goals"),
        ("people: [Anna, Person 1]", "people: 'Person 1' is no name here: list each by name"),
        ("people: [Anna, tv stand]", "people: 'tv stand' is no name here: 'TV stand' means something else in goals"),
        ("people: [Yes, Anna]", "people: a name: YAML reads Yes as true; write it in quotes"),
        ("persons: [Anna]", "home: unknown key 'persons'; did you mean 'people'?"),
        (f"people: [{', '.join(f'Anna {i}' for i in range(21))}]", "21 people; a home has at most 20"),
    ],
)
def test_wrong_people_are_one_message(people: str, message: str) -> None:
    (line,) = messages(HOME.replace(PEOPLE, people).replace("with Anna", "with person"))
    assert line.startswith(f"line 1: {message}")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("open fridge", "rules: 'open fridge' is no rule; did you mean 'never open fridge'?"),
        ("don't open the fridge", "rules: \"don't open the fridge\" is no rule; did you mean 'never open fridge'?"),
        ("no knife with person", "rules: 'no knife with person' is no rule; did you mean 'never knife with person'?"),
        (
            "never give knife to Ben",
            "rules: 'never give knife to Ben' is no rule; did you mean 'never knife with Ben'?",
        ),
        (
            "never put books on the bed",
            "rules: 'never put books on the bed' is no rule; did you mean 'never book on bed'?",
        ),
        (
            "never give knives to Ben",
            "rules: 'never give knives to Ben' is no rule; did you mean 'never knife with Ben'?",
        ),
        ("never frobnicate", "rules: 'frobnicate' at character 7: no object or class is called 'frobnicate'; a rule"),
        ("never more than 2 mug on bed", "rules: 'never more than 2 mug on bed' is no rule; did you mean 'never 3 mug"),
        ("Never open the fridge", "rules: 'Never open the fridge' is no rule; did you mean 'never open fridge'?"),
        ("fridge closed", "rules: 'fridge closed' is no rule; did you mean 'never fridge open'?"),
        ("always close the fridge", "rules: 'always close the fridge': a rule says what must never be so or be done,"),
        ("keep the window closed", "rules: 'keep the window closed': a rule says what must never be so or be done,"),
        ("never", "rules: nothing follows 'never'; a rule is like `never open oven`"),
        ("'never: open fridge'", "rules: 'never: open fridge': a rule begins with `never`"),
        ("never: open fridge", "rules: a rule is one text, without ':' and brackets: `- never open oven`"),
        (
            "never knif with person",
            "rules: 'knif with person' at character 7: no object or class is called 'knif'; did you mean 'knife'?",
        ),
        ("never leave kitchen", "rules: 'leave kitchen' at character 7: no skill is called 'leave'; they are"),
        (
            "never go to attic",
            "rules: 'never go to attic': no room or furniture is called 'attic'; the rooms are: kitchen",
        ),
        ("never window on", "rules: 'window on' at character 7: a window is never on; it may be open or closed"),
        ("never window open; never fridge open", "rules: 'never window open; never fridge open' is several rules"),
        ("never fridge open then window open", "rules: 'never fridge open then window open': a rule is one condition"),
        ("never open oven", "rules: 'never open oven': this home has no oven"),
        ("never umbrella on bed", "rules: 'never umbrella on bed': this home has no umbrella"),
        ("never black mug on bed", "rules: 'never black mug on bed': this home has no black mug"),
        ("never big mug on bed", "rules: 'never big mug on bed': this home has no big mug"),
        (
            "never knife with Bem",
            "rules: 'Bem' at character 18: nobody here is called 'Bem'; known: Anna, Ben; did you",
        ),
        ("never Carl's mug on bed", "rules: \"Carl's\" at character 7: nobody here is called 'Carl'; known: Anna, Ben"),
        ("never go to bathroom", "rules: 'never go to bathroom': this home has no bathroom"),
        ("never turn on red countertop", "rules: 'never turn on red countertop': this home has no red countertop"),
        (
            "never hot milk by microwave",
            "rules: 'hot milk by microwave' at character 7: `by` is for what shall be done",
        ),
        (
            "never milk in fridge",
            "rules: 'never milk in fridge' is broken at the start, by milk 1; change the rule or the",
        ),
        ("never window closed", "rules: 'never window closed' is broken at the start, by window 1; change the rule"),
    ],
)
def test_a_wrong_rule_is_one_message_with_its_line(rule: str, message: str) -> None:
    (line,) = messages(HOME.replace(RULE, f"  - {rule}"))
    assert line.startswith(f"line 3: {message}"), line


def test_a_rule_about_a_person_without_a_place_is_a_problem() -> None:
    text = HOME.replace("people: [Anna, Ben]", "people: [Anna, Ben, Mia, Leo]")
    assert text != HOME
    for rule in ("never knife with Mia", "never anything with Leo", "never 2 mug with Mia"):
        (line,) = messages(text.replace(RULE, f"  - {rule}"))
        name = rule.rpartition(" ")[2]
        assert f"{name} has no place in this home" in line and "add a `person` to a room" in line, line


def test_a_rule_that_stands_twice_is_named_with_the_line_of_the_first() -> None:
    (line,) = messages(HOME.replace(RULE, f"{RULE}\n  - never open fridge\n  - Never knife  with Anna"))
    assert line == "line 5: rules: 'never knife with Anna' appears twice; the first is on line 3"


def test_a_rule_that_the_start_breaks_names_the_line_of_what_breaks_it() -> None:
    (line,) = messages(HOME.replace("    - window", "    - window: [open]").replace(RULE, "  - never window open"))
    assert line.endswith("is broken at the start, by window 1; change the rule or the home on line 9")


def test_a_rule_about_what_stands_in_no_file_is_read_where_the_home_has_it_anyway() -> None:
    text = HOME.replace("    - person\n", "").replace(RULE, "  - never knife with person")
    assert parse_home(text).rules == ("never knife with person",)


def test_a_speaker_who_is_a_person_is_asked_for_a_place() -> None:
    (line,) = messages(HOME.replace("    - person\n", "") + "speaker: Ben\n")
    assert line == "line 17: speaker: Ben is a person; say where they stand: a room or furniture, as in 'kitchen'"


def test_a_home_without_people_says_so_for_an_owner() -> None:
    (line,) = messages("rooms: {kitchen: [sink]}\nobjects:\n  sink: [Anna's mug]\n")
    assert line == "line 3: mug: nobody here is called 'Anna'; list the names under `people:`, now empty"


def test_the_examples_of_the_readme_are_right() -> None:
    text = (data_folder() / "homes" / "README.md").read_text(encoding="utf-8")
    examples = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
    assert len(examples) == 4
    for example in examples[:3]:
        assert parse_home(example).objects
    assert yaml.safe_load(examples[3])["rules"] == [
        format_rule(parse_rule(r)) for r in yaml.safe_load(examples[3])["rules"]
    ]


def properties(data: st.DataObject, people: list[str]) -> str:
    """Draw properties in words, in any order."""
    words: list[str] = []
    if people and data.draw(st.booleans()):
        words.append(f"{data.draw(st.sampled_from(people))}'s")
    for group in ("size", "color", "material"):
        if data.draw(st.booleans()):
            words.append(data.draw(st.sampled_from(sorted(DOMAIN.properties[group]))))
    return " ".join(data.draw(st.permutations(words)))


def contents(scene: Scene) -> set[tuple[object, ...]]:
    return {(o.name, o.place, o.states, o.liquid, o.properties) for o in scene.objects}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_homes_with_people_properties_and_rules_read_back_as_they_were(data: st.DataObject) -> None:
    names = st.lists(st.sampled_from(["Anna", "Ben", "Mrs. Berg", "José", "Li-Wei", "Grandma 2"]), unique=True)
    people = data.draw(names)
    mugs = [f"{properties(data, people)} mug".strip() for _ in range(data.draw(st.integers(1, 4)))]
    furniture = f"{properties(data, people)} cabinet".strip()
    rules: set[str] = data.draw(
        st.sets(st.sampled_from(["never open fridge", "never mug on countertop", "never knife with person"]))
    )
    lines = [f"people: [{', '.join(people)}]", f"rules: [{', '.join(sorted(rules))}]", "rooms:", "  kitchen:"]
    lines += [f'    - "{furniture}"', "    - countertop", "    - fridge", "objects:", "  cabinet 1:", "    - knife"]
    lines += [f'    - "{mug}"' for mug in mugs]
    scene = parse_home("\n".join(lines))
    again = parse_home(dump_home(scene))
    assert (again.people, again.rules, again.fixtures) == (scene.people, scene.rules, scene.fixtures)
    assert contents(again) == contents(scene)
