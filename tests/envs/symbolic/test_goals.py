from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.errors import GoalError
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import (
    FIXTURE_ONLY_STATES,
    MAX_LENGTH,
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Holding,
    No,
    Place,
    Thing,
    format_goal,
    parse_goal,
)

DOMAIN = load_domain()
OBJECT_STATES = sorted(
    w for w in (*DOMAIN.states, *DOMAIN.negations) if DOMAIN.negations.get(w, w) not in FIXTURE_ONLY_STATES
)
HOLDERS = [name for name, category in DOMAIN.fixtures.items() if category.relation]
GRAMMAR = "every no 2 is on in of then ; except holding clean plate glass fridge open water with person"
WORDS = st.sampled_from([*DOMAIN.objects, *DOMAIN.members])
STATES = st.sampled_from(OBJECT_STATES)
SOME_STATES = st.lists(STATES, max_size=2, unique=True).map(tuple)
THINGS = st.builds(Thing, word=WORDS, states=SOME_STATES, liquid=st.none() | st.sampled_from(DOMAIN.liquids))
AT_FIXTURE = st.sampled_from(HOLDERS).map(lambda name: Place(fixture=name))
IN_THING = st.builds(Place, thing=THINGS, inside=st.none() | AT_FIXTURE)
PLACES = AT_FIXTURE | IN_THING | st.builds(Place, thing=THINGS, inside=IN_THING)


def fixture_conditions() -> list[tuple[str, str]]:
    pairs = []
    for name, category in DOMAIN.fixtures.items():
        pairs += [(name, word) for word in ("open", "closed") if category.joint]
        pairs += [(name, word) for word in ("on", "off") if category.switch]
        pairs += [(name, word) for word in ("dirty", "clean") if category.wipeable]
        pairs += [(name, "watered")] if category.waterable else []
    for name in DOMAIN.fixture_members:
        pairs += [(name, word) for word in ("open", "closed", "on", "off") if DOMAIN.resolve_fixture(name, word)]
    return pairs


CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Count, number=st.integers(1, 20), thing=THINGS, place=st.none() | PLACES),
    st.builds(No, thing=THINGS, place=st.none() | PLACES),
    st.builds(Holding, thing=THINGS),
    st.builds(Every, thing=THINGS, excluded=st.none() | WORDS, place=PLACES),
    st.builds(
        Every, thing=THINGS, excluded=st.none() | WORDS, become=st.lists(STATES, min_size=1, max_size=2).map(tuple)
    ),
    st.builds(
        lambda quantifier, about: FixtureIs(quantifier=quantifier, fixture=about[0], state=about[1]),
        st.sampled_from(["some", "every", "no"]),
        st.sampled_from(fixture_conditions()),
    ),
)
PHASES = st.lists(CONDITIONS, min_size=1, max_size=4).map(tuple)
GOALS = st.lists(PHASES, min_size=1, max_size=3).map(lambda phases: Goal(phases=tuple(phases)))


@given(GOALS)
def test_every_goal_reads_back_from_its_text(goal: Goal) -> None:
    text = format_goal(goal)
    if len(text) <= MAX_LENGTH:
        assert parse_goal(text) == goal


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_goal_error(text: str) -> None:
    try:
        parse_goal(text)
    except GoalError as error:
        assert str(error)


@given(st.lists(st.sampled_from(GRAMMAR.split()), max_size=9))
def test_any_mixture_of_its_words_is_read_or_refused_with_a_goal_error(words: list[str]) -> None:
    try:
        goal = parse_goal(" ".join(words))
    except GoalError:
        return
    assert parse_goal(format_goal(goal)) == goal


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("2 clean plate on dining table",
         Count(number=2, thing=Thing(word="plate", states=("clean",)), place=Place(fixture="dining table"))),
        ("every dirty plate is clean", Every(thing=Thing(word="plate", states=("dirty",)), become=("clean",))),
        ("every fruit except apple in fridge",
         Every(thing=Thing(word="fruit"), excluded="apple", place=Place(fixture="fridge"))),
        ("no toy on sofa", No(thing=Thing(word="toy"), place=Place(fixture="sofa"))),
        ("fridge closed", FixtureIs(fixture="fridge", state="closed")),
        ("every cabinet closed", FixtureIs(quantifier="every", fixture="cabinet", state="closed")),
        ("no ceiling light on", FixtureIs(quantifier="no", fixture="ceiling light", state="on")),
        ("sink on", FixtureIs(fixture="sink", state="on")),
        ("every lamp off", FixtureIs(quantifier="every", fixture="lamp", state="off")),
        ("no appliance on", FixtureIs(quantifier="no", fixture="appliance", state="on")),
        ("lamp on", FixtureIs(fixture="lamp", state="on")),
        ("no toy on floor", No(thing=Thing(word="toy"), place=Place(fixture="floor"))),
        ("holding book", Holding(thing=Thing(word="book"))),
        ("mug of coffee with person",
         Count(thing=Thing(word="mug", liquid="coffee"), place=Place(fixture="person"))),
        ("spoon in cup on coffee table",
         Count(thing=Thing(word="spoon"), place=Place(thing=Thing(word="cup"), inside=Place(fixture="coffee table")))),
        ("glass bottle of water", Count(thing=Thing(word="glass bottle", liquid="water"))),
        ("anything on bed", Count(thing=Thing(word="anything"), place=Place(fixture="bed"))),
    ],
)  # fmt: skip
def test_each_form_of_a_condition_is_read(text: str, condition: Condition) -> None:
    assert parse_goal(text) == Goal(phases=((condition,),))


def test_the_longest_name_wins() -> None:
    (condition,) = parse_goal("glass bottle on shelf").conditions
    assert condition == Count(thing=Thing(word="glass bottle"), place=Place(fixture="shelf"))


def test_both_relations_are_parsed_and_the_canonical_one_is_written() -> None:
    assert format_goal(parse_goal("apple on fridge")) == "apple in fridge"


def test_then_separates_phases() -> None:
    assert [len(phase) for phase in parse_goal("fridge open ; apple in sink then fridge closed").phases] == [2, 1]


def test_spaces_do_not_matter() -> None:
    assert parse_goal("  apple   in fridge;fridge  closed ") == parse_goal("apple in fridge ; fridge closed")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the goal is empty"),
        ("plaet on sofa", "did you mean 'plate'"),
        ("plate on soffa", "did you mean 'sofa'"),
        ("cup of coffe", "did you mean 'coffee'"),
        ("fridge warm", "'warm' is not a state of a fixture"),
        ("sofa open", "a sofa is never open"),
        ("television dirty", "a television is never dirty"),
        ("open apple", "an object is never 'open'"),
        ("every apple is closed", "an object is never 'closed'"),
        ("every plate is cleen", "did you mean 'clean'"),
        ("apple on television", "nothing can be put on a television"),
        ("every plate", "says neither where"),
        ("apple ;; pear", "a condition is empty"),
        ("then apple", "a condition is empty"),
        ("0 apple", "not between 1 and 20"),
        ("21 apple", "not between 1 and 20"),
        ("² apple", "no object or class is called"),
        ("fridge on dining table", "'fridge' is furniture and cannot be moved; a goal about it is 'fridge open' or"),
        ("holding sofa", "'sofa' is furniture and cannot be moved or changed"),
        ("plate in drawer ; no lamp", "'no lamp': 'lamp' is furniture"),
        ("every cabinet is closed", "write 'every cabinet closed'"),
        ("2 cabinet open", "write 'every cabinet open'"),
        ("open fridge", "did you mean 'fridge open'?"),
        ("the refrigerator is shut", "did you mean 'fridge closed'?"),
        ("turn off lamp", "did you mean 'lamp off'?"),
        ("plate in refrigerator", "did you mean 'fridge'?"),
        ("plate on couch", "did you mean 'sofa'?"),
        ("plate in refrigirator", "did you mean 'fridge'?"),
        ("sneaker on floor", "did you mean 'shoe'?"),
        ("warm potato on desk", "did you mean 'hot potato'?"),
        ("apple is chilled", "did you mean 'cold apple'?"),
        ("mugs on desk", "did you mean 'mug'?"),
        ("the mug on desk", "did you mean 'mug'?"),
        ("two mugs on desk", "write '2 mugs'"),
        ("plate 1 on desk", "a goal names kinds of things: 'plate', not 'plate 1'"),
        ("plate on desk 1", "a goal names kinds of things: 'desk'"),
        ("plate in kitchen", "furniture, not rooms"),
        ("plate onto desk", "a place follows 'on', 'in' or 'with', not 'onto'"),
        ("plate on desk and cup in sink", "conditions are separated by ' ; '"),
        ("plate on desk or sofa", "a goal cannot say 'or'"),
        ("on desk", "Expected something like 'plate on desk'"),
        ("plate on", "no place follows 'on'"),
        ("3", "no object or furniture follows"),
        ("every", "no object or furniture follows"),
        ("television open", "a television is never open; it may be on or off"),
        ("apple " * 400, "at most 2000 are read"),
    ],
)
def test_a_mistake_is_named(text: str, message: str) -> None:
    with pytest.raises(GoalError) as caught:
        parse_goal(text)
    assert message in str(caught.value)


def test_upper_case_does_not_matter() -> None:
    assert parse_goal("Plate on TV Stand THEN cd on DESK") == parse_goal("plate on TV stand then CD on desk")


@pytest.mark.parametrize("word", [*load_domain().fixtures, *load_domain().fixture_members])
def test_no_message_offers_the_word_that_was_seen(word: str) -> None:
    for text in (f"{word} on dining table", f"holding {word}", f"every {word} except mug in sink"):
        with pytest.raises(GoalError) as caught:
            parse_goal(text)
        assert (
            f"did you mean {word!r}" not in str(caught.value) and "furniture" in str(caught.value)
        ) or word == "person"


def test_a_class_of_fixtures_has_the_states_of_its_members() -> None:
    assert parse_goal("every appliance closed").conditions
    with pytest.raises(GoalError, match="a lamp is never open"):
        parse_goal("every lamp open")


def test_nothing_is_at_a_class_of_fixtures() -> None:
    with pytest.raises(GoalError, match="no place is called 'appliance'"):
        parse_goal("cup on appliance")
