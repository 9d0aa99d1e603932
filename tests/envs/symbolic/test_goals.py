from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.errors import GoalError
from envs.scenes.home_file import parse_home
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import (
    MAX_LENGTH,
    Condition,
    Count,
    Every,
    FixtureIs,
    Goal,
    Guard,
    Holding,
    No,
    Place,
    Query,
    Rule,
    Test,
    Thing,
    When,
    format_goal,
    format_query,
    format_rule,
    parse_goal,
    parse_query,
    parse_rule,
)
from envs.symbolic.goals.state_words import state_words

DOMAIN = load_domain()
OBJECT_STATES = sorted(state_words(DOMAIN).of_objects)
HOLDERS = [name for name, category in DOMAIN.fixtures.items() if category.relation]
GRAMMAR = (
    "every no 2 is on in of then ; except holding clean plate glass fridge open water with person from red big Anna's "
    "Anna kitchen beside by all but half exactly more at most if : not and while never after 5 min"
)
WORDS = st.sampled_from([*DOMAIN.objects, *DOMAIN.members])
STATES = st.sampled_from(OBJECT_STATES)
SOME_STATES = st.lists(STATES, max_size=2, unique=True).map(tuple)
PROPERTIES = st.tuples(
    st.sampled_from(["Anna's", "Ben's", "Aunt May's", "Zoë's"]) | st.none(),
    *(st.sampled_from(sorted(words)) | st.none() for words in DOMAIN.properties.values()),
).map(lambda words: tuple(word for word in words if word is not None))
NAMES = {*DOMAIN.objects, *DOMAIN.members, *DOMAIN.fixtures, *DOMAIN.fixture_members}


def is_plain(properties: tuple[str, ...], word: str) -> bool:
    """Whether no property makes another name with the word, as `glass` does with `bottle`."""
    return not any(" ".join((*properties[i:], word)) in NAMES for i in range(len(properties)))


ROOMS = st.sampled_from(DOMAIN.rooms)
FURNITURE = st.builds(Place, fixture=st.sampled_from(HOLDERS), properties=PROPERTIES, room=st.none() | ROOMS).filter(
    lambda place: is_plain(place.properties, place.fixture or "")
)
PEOPLE = st.sampled_from(["Anna", "Ben", "Aunt May"]).map(lambda name: Place(person=name))
IN_ROOM = ROOMS.map(lambda name: Place(room=name))


def things(origins: st.SearchStrategy[Place | None]) -> st.SearchStrategy[Thing]:
    return st.builds(
        Thing,
        word=WORDS,
        states=SOME_STATES,
        liquid=st.none() | st.sampled_from(DOMAIN.liquids),
        properties=PROPERTIES,
        origin=origins,
    ).filter(lambda thing: is_plain(thing.properties, thing.word))


PLAIN_THINGS = things(st.none())
THINGS = things(st.none() | FURNITURE | PEOPLE | IN_ROOM | PLAIN_THINGS.map(lambda thing: Place(thing=thing)))
AT_FIXTURE = FURNITURE | PEOPLE | IN_ROOM
IN_THING = st.builds(Place, thing=PLAIN_THINGS | THINGS, inside=st.none() | AT_FIXTURE, beside=st.booleans())
EVERY_PLACE = (FURNITURE | IN_THING).map(lambda place: replace(place, every=True))
ONE_PLACES = AT_FIXTURE | IN_THING | st.builds(Place, thing=PLAIN_THINGS, inside=IN_THING)
PLACES = ONE_PLACES | EVERY_PLACE
MEANS = st.none() | st.sampled_from([*DOMAIN.fixtures, "butter knife", "tray"])


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


def choice(*, selection: str, number: int, **others: object) -> Every:
    return Every(selection=selection, number=number if selection in ("of", "all but") else 0, **others)  # type: ignore[arg-type]


def leaves_something(condition: Every) -> bool:
    return condition.excluded is None or condition.excluded.word not in (condition.thing.word, "anything")


def fixture_is(quantifier: str, about: tuple[str, str], like: Place, excluded: Place | None) -> FixtureIs:
    word, state = about
    properties = like.properties if is_plain(like.properties, word) else ()
    return FixtureIs(
        quantifier=quantifier,  # type: ignore[arg-type]
        fixture=word, states=(state,), properties=properties, room=like.room, excluded=excluded,
    )  # fmt: skip


CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Count, number=st.integers(1, 20), thing=THINGS, place=st.none() | PLACES, means=MEANS,
        amount=st.sampled_from(["at least", "exactly", "at most", "more"]),
    ),
    st.builds(No, thing=THINGS, place=st.none() | PLACES),
    st.builds(Holding, thing=THINGS),
    st.builds(
        choice, thing=THINGS, excluded=st.none() | THINGS, place=ONE_PLACES, become=st.just(()), means=MEANS,
        selection=st.sampled_from(["every", "of", "all but", "half"]), number=st.integers(1, 20),
    ).filter(leaves_something),
    st.builds(
        choice, thing=THINGS, excluded=st.none() | THINGS, place=st.none(), means=MEANS,
        become=st.lists(STATES, min_size=1, max_size=2).map(tuple),
        selection=st.sampled_from(["every", "of", "all but", "half"]), number=st.integers(1, 20),
    ).filter(leaves_something),
    st.builds(
        fixture_is,
        st.sampled_from(["some", "every", "no"]),
        st.sampled_from(fixture_conditions()),
        FURNITURE,
        st.none() | FURNITURE,
    ),
)  # fmt: skip
PHASES = st.lists(CONDITIONS, min_size=1, max_size=4).map(tuple)
STANDING = CONDITIONS.map(lambda c: replace(c, means=None) if isinstance(c, Count | Every) else c)
TESTS = st.builds(Test, condition=STANDING, negated=st.booleans())
WHENS = st.one_of(
    st.builds(When, after_s=st.sampled_from([1.0, 90.0, 0.5, 60.0, 1800.0, 3600.0, 5400.0])),
    st.builds(When, at=st.sampled_from(["00:00", "07:30", "23:59"]), daily=st.booleans()),
)
GUARDS = st.builds(Guard, when=st.none() | WHENS, tests=st.lists(TESTS, max_size=2).map(tuple))
RULES = st.one_of(
    st.builds(Rule, condition=STANDING),
    st.builds(Rule, skill=st.sampled_from(list(DOMAIN.skills)), thing=st.none() | PLAIN_THINGS),
    st.builds(Rule, skill=st.sampled_from(list(DOMAIN.skills)), place=AT_FIXTURE),
)


@st.composite
def goals(draw: st.DrawFn) -> Goal:
    phases = draw(st.lists(PHASES, min_size=1, max_size=3))
    guards = [draw(GUARDS) for _ in phases] if draw(st.booleans()) else []
    return Goal(phases=tuple(phases), guards=tuple(guards), rules=tuple(draw(st.lists(RULES, max_size=2))))


GOALS = goals()
QUERIES = st.one_of(
    st.builds(Query, asks=st.just("where"), thing=THINGS),
    st.builds(Query, asks=st.just("how many"), thing=THINGS, place=st.none() | PLACES),
    st.builds(Query, asks=st.just("whether"), tests=st.lists(TESTS, min_size=1, max_size=2).map(tuple)),
    st.builds(Query, asks=st.just("what"), place=PLACES),
)


@given(GOALS)
def test_every_goal_reads_back_from_its_text(goal: Goal) -> None:
    text = format_goal(goal)
    if len(text) <= MAX_LENGTH:
        assert parse_goal(text) == goal


@given(QUERIES)
def test_every_question_reads_back_from_its_text(query: Query) -> None:
    assert parse_query(format_query(query)) == query


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
         Every(thing=Thing(word="fruit"), excluded=Thing(word="apple"), place=Place(fixture="fridge"))),
        ("no toy on sofa", No(thing=Thing(word="toy"), place=Place(fixture="sofa"))),
        ("fridge closed", FixtureIs(fixture="fridge", states=("closed",))),
        ("every cabinet closed", FixtureIs(quantifier="every", fixture="cabinet", states=("closed",))),
        ("no ceiling light on", FixtureIs(quantifier="no", fixture="ceiling light", states=("on",))),
        ("sink on", FixtureIs(fixture="sink", states=("on",))),
        ("every lamp off", FixtureIs(quantifier="every", fixture="lamp", states=("off",))),
        ("no appliance on", FixtureIs(quantifier="no", fixture="appliance", states=("on",))),
        ("lamp on", FixtureIs(fixture="lamp", states=("on",))),
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
        ("every plate", "says neither where (on, in) nor how"),
        ("apple ;; pear", "a condition is empty"),
        ("then apple", "a condition is empty"),
        ("0 apple", "not between 1 and 20"),
        ("21 apple", "not between 1 and 20"),
        ("² apple", "no object or class is called"),
        ("fridge on dining table", "'fridge' is furniture and cannot be moved; a goal about it is 'fridge open' or"),
        ("holding sofa", "'sofa' is furniture and cannot be moved or changed"),
        ("plate in drawer ; no lamp", "'no lamp' at character 19: 'lamp' is furniture"),
        ("every cabinet is closed", "write 'every cabinet closed'"),
        ("2 cabinet open", "'every cabinet open'"),
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
        ("plate onto desk", "a place follows 'on', 'in', 'with' or 'beside', not 'onto'"),
        ("plate on desk and cup in sink", "conditions are separated by ' ; '"),
        ("plate on desk or sofa", "a goal cannot say 'or'"),
        ("on desk", "Expected something like 'plate on desk'"),
        ("plate on", "no place follows 'on'"),
        ("kettle on", "a kettle cannot be on: write 'kettle base on'"),
        ("every kettle off", "a kettle cannot be off: write 'kettle base off'"),
        ("laptop on", "a laptop cannot be on"),
        *(
            (
                f"{count} lamp on",
                "'lamp' is furniture, which cannot be counted; say 'lamp on' (of some), 'every lamp on'",
            )
            for count in ("exactly 2", "at most 1", "2", "2 of", "half of", "all but 1 of", "1 more")
        ),
        ("half of lamp off", "'lamp off' (of some), 'every lamp off' or 'no lamp off'"),
        ("3 drawer", "'drawer' is furniture, which cannot be counted"),
        ("after 8 days : fan off", "a delay is at most 7 days, written in s, min or h: `after 168 h : `"),
        ("after 2 weeks : fan off", "at most 7 days"),
        ("after 2 days : fan off", "a delay is written in s, min or h: `after 48 h : `"),
        ("fan off while never go to attic", "no room or furniture is called 'attic'; the rooms are bathroom, "),
        ("fan off while never go to kichen", "did you mean 'kitchen'"),
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


def test_a_class_of_fixtures_is_a_place_if_one_of_it_holds_objects() -> None:
    assert parse_goal("apple in appliance").conditions == (
        Count(thing=Thing(word="apple"), place=Place(fixture="appliance")),
    )
    with pytest.raises(GoalError, match="nothing can be put on a lamp"):
        parse_goal("apple on lamp")


def test_rooms_that_are_called_after_people_are_places_in_any_case() -> None:
    text = "people: [Mia]\nrooms:\n  Mia's room: {kind: bedroom, fixtures: [bed, desk]}\n  Kitchen: [sink]\n"
    text += "  kitchen 2: [sink]\n"
    scene = parse_home(text, geometry=False)
    for words in ("Mia's room", "mia's room", "MIA'S ROOM"):
        assert format_goal(parse_goal(f"mug in {words} ; Mia's mug on desk in {words}", scene=scene)) == (
            "mug in Mia's room ; Mia's mug on desk in Mia's room"
        )
        assert format_rule(parse_rule(f"never go to {words}", scene=scene)) == "never go to Mia's room"
    for room in ("kitchen", "Kitchen", "kitchen 2"):
        assert format_goal(parse_goal(f"mug in {room}", scene=scene)) == f"mug in {room}"


def test_a_person_whom_nobody_knows_is_named_with_those_who_are_known() -> None:
    scene = parse_home("people: [Mia, Ben]\nrooms: {kitchen: [sink, person]}\n", geometry=False)
    with pytest.raises(GoalError, match="nobody here is called 'Bem'; known: Mia, Ben; did you mean 'Ben'"):
        parse_goal("mug with Bem", scene=scene)


@pytest.mark.parametrize("room", ["room of Mia", "Mia and Ben", "Mia's room"])
@pytest.mark.parametrize("owner", ["Mia's", "mia's", "MIA'S"])
def test_a_person_after_whom_a_room_is_called_owns_things_in_any_case(room: str, owner: str) -> None:
    text = f"people: [Mia, Ben]\nrooms:\n  {room}: {{kind: bedroom, fixtures: [bed, desk, person, person]}}\n"
    scene = parse_home(text, geometry=False)
    assert format_goal(parse_goal(f"{owner} red mug on desk", scene=scene)) == "Mia's red mug on desk"
    assert format_goal(parse_goal(f"mug beside {owner} book", scene=scene)) == "mug beside Mia's book"
