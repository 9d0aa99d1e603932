"""Task files, and the homes that their tasks start in."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from envs.errors import EnvsError
from envs.scenes.scene_sampler import sample_scene
from envs.symbolic.actions import State
from envs.symbolic.domain import load_domain
from envs.symbolic.goals import Count, FixtureIs, format_goal, parse_goal
from envs.symbolic.scoring import holds, matching_objects
from planner.goals.feasibility import is_feasible, missing
from planner.tasks.task_files import TaskError, TaskLine, read_tasks
from planner.tasks.task_homes import home_for, needs

LAMPS = ("desk lamp", "floor lamp", "ceiling light")
GOOD = {"id": "a", "instruction": "Put a chilled apple in the microwave", "goal": "cold apple in microwave"}


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
    return path


def task(goal: str | None, **options: object) -> TaskLine:
    values = {"id": "t", "instruction": "", "goal": parse_goal(goal) if goal else None}
    return TaskLine(**(values | options))  # type: ignore[arg-type]


def home(goal: str | None, seed: int = 0, **options: object) -> State:
    return home_for(task(goal, **options), seed=seed, geometry=False)


# Reading


def test_a_task_is_read_with_its_defaults(tmp_path: Path) -> None:
    (found,) = read_tasks(write(tmp_path / "t.jsonl", GOOD))
    assert (found.id, found.instruction, found.home, found.answer) == ("a", GOOD["instruction"], None, "plan")
    assert found.goal is not None and format_goal(found.goal) == "cold apple in microwave"
    assert found.objects == found.facts == found.absent == ()


def test_a_compressed_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    plain = write(tmp_path / "t.jsonl", GOOD)
    packed = tmp_path / "t.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_tasks(packed) == read_tasks(plain)


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    (found,) = read_tasks(write(tmp_path / "t.jsonl", GOOD | {"split": "dev", "reference": ["x"]}))
    assert (found.extra, found.reference) == ({"split": "dev"}, ["x"])


def test_blank_lines_and_a_byte_order_mark_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(
        "\ufeff" + json.dumps(GOOD) + "\r\n\n  \n" + json.dumps(GOOD | {"id": "b"}) + "\n", encoding="utf-8"
    )
    assert [t.id for t in read_tasks(path)] == ["a", "b"]


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    line = json.dumps(GOOD | {"instruction": "one\u2028two\x85three"}, ensure_ascii=False)
    assert len(read_tasks(write(tmp_path / "t.jsonl", line))) == 1


def test_a_refusal_needs_no_goal(tmp_path: Path) -> None:
    (found,) = read_tasks(write(tmp_path / "t.jsonl", {"id": "r", "instruction": "sing", "answer": "refuse"}))
    assert (found.goal, found.answer) == (None, "refuse")


def test_a_question_and_rules_are_read_in_canonical_wording(tmp_path: Path) -> None:
    asked = {"id": "q", "instruction": "where did I leave my mug", "answer": "query", "goal": "?  where  mug"}
    ruled = {"id": "r", "instruction": "hands off", "answer": "rule", "goal": "never  oven on;never open fridge"}
    question, rules = read_tasks(write(tmp_path / "t.jsonl", asked, ruled))
    assert (question.goal, question.meant, question.right_answer) == (None, "? where mug", "query")
    assert (rules.goal, rules.meant, rules.right_answer) == (None, "never oven on ; never open fridge", "rule")


def test_words_that_goals_cannot_say_make_a_question_back_right(tmp_path: Path) -> None:
    lines = [GOOD | {"unread": ["quietly"]}, GOOD | {"id": "b", "unread": []}]
    asked, plain = read_tasks(write(tmp_path / "t.jsonl", *lines))
    assert (asked.answer, asked.right_answer, plain.right_answer) == ("plan", "ask", "plan")
    assert asked.goal == plain.goal is not None  # what is right once the person says so


def test_a_home_file_is_found_beside_the_task_file(tmp_path: Path, flat_file: Path) -> None:
    beside = tmp_path / "flat.yaml"
    beside.write_text(flat_file.read_text(encoding="utf-8"), encoding="utf-8")
    (found,) = read_tasks(write(tmp_path / "t.jsonl", GOOD | {"home": "flat.yaml"}))
    assert home_for(found).world.scene.name == "small flat"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[1]", "expected one object on a line"),
        ('{"id": "b", "id": "c", "instruction": "x", "goal": "mug on desk"}', "the key 'id' is given twice"),
        ('{"id": "b", "instruction": "x", "goal": "mug on desk", "about": {"a": 1, "a": 2}}', "'a' is given twice"),
        (json.dumps(GOOD) + " {}", "not JSON: Extra data at column "),
        ("\x00", "not JSON: Expecting value at column 1"),
        ('{"id": "b", "reference": NaN}', "NaN is not a number of JSON"),
        ({"id": "b", "instructions": "x", "goal": "mug on desk"}, "has no 'instruction'; did you mean 'instructions'?"),
        (GOOD | {"goals": "mug on desk"}, "unknown key 'goals'; did you mean 'goal'?"),
        (GOOD | {"Objects": ["mug"]}, "unknown key 'Objects'; did you mean 'objects'?"),
        (GOOD | {"id": " "}, "'id' is empty"),
        (GOOD | {"instruction": ""}, "'instruction' is empty"),
        (GOOD | {"id": None}, "'id' must be a string, found null"),
        (GOOD | {"goal": "fridge on dining table"}, "'fridge' is furniture and cannot be moved"),
        (GOOD | {"goal": "apple in refrigerator"}, "did you mean 'fridge'?"),
        (GOOD | {"objects": ["refrigerator"]}, "'objects': nothing is called 'refrigerator'; did you mean 'fridge'?"),
        (GOOD | {"absent": ["aple"]}, "'absent': nothing is called 'aple'; did you mean 'apple' or"),
        (GOOD | {"facts": ["mug onn desk"]}, "'facts': 'mug onn desk': no object or class"),
        (GOOD | {"facts": [["mug on desk"]]}, "'facts' must be a list of strings, found [[\"mug on desk\"]]"),
        (GOOD | {"objects": ""}, "'objects' must be a list of strings"),
        (GOOD | {"answer": "refused"}, "did you mean 'refuse'?"),
        (GOOD | {"id": 3}, "'id' must be a string, found 3"),
        ({"id": "x", "goal": "mug on desk"}, "has no 'instruction'"),
        (GOOD | {"goal": "cold aple in microwave"}, "did you mean 'apple'"),
        (GOOD | {"goal": ["x"]}, "'goal' must be a string or null"),
        (GOOD | {"goal": None}, "a task whose answer is a plan needs a 'goal'"),
        (GOOD | {"answer": "query", "goal": None}, "a task whose answer is a query needs a 'goal'"),
        (GOOD | {"answer": "query", "goal": "? where mugg"}, "did you mean 'mug'"),
        (GOOD | {"answer": "query"}, "question"),
        (GOOD | {"answer": "rule"}, "never"),
        (GOOD | {"answer": "rule", "goal": None}, "a task whose answer is a rule needs a 'goal'"),
        (GOOD | {"unread": "quietly"}, "'unread' must be a list of strings, found \"quietly\""),
        (GOOD | {"context": [3]}, "'context' must be a list of strings, found [3]"),
        (GOOD | {"answer": "maybe"}, "'answer' is plan, refuse, ask, query or rule, found \"maybe\""),
        (GOOD | {"objects": "apple"}, "'objects' must be a list of strings, found \"apple\""),
        (GOOD | {"home": 1.5}, "'home' is a name, a path, a seed or null, found 1.5"),
        (GOOD | {"home": True}, "'home' is a name, a path, a seed or null, found True"),
        (GOOD | {"home": ""}, "'home' is a name, a path, a seed or null, found ''"),
        (GOOD | {"home": -1}, "'home' is a seed from 0 to 2**62 - 1, found -1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "too many digits"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, line: object, problem: str) -> None:
    path = write(tmp_path / "t.jsonl", GOOD | {"id": "first"}, line)
    with pytest.raises(TaskError) as error:
        read_tasks(path)
    assert str(error.value).startswith(f"{path}:2: ") and problem in str(error.value)


def test_every_bad_line_is_named_up_to_twenty(tmp_path: Path) -> None:
    with pytest.raises(TaskError) as error:
        read_tasks(write(tmp_path / "t.jsonl", *["{"] * 25))
    lines = str(error.value).splitlines()
    assert (len(lines), lines[-1]) == (21, "... and 5 more")


def test_a_duplicate_id_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", GOOD, GOOD | {"id": "b"}, GOOD)
    with pytest.raises(TaskError, match=r"t\.jsonl:3: id 'a' was used on line 1"):
        read_tasks(path)


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz"])
def test_a_missing_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(TaskError, match="cannot be read as a task file"):
        read_tasks(tmp_path / name)


def test_a_damaged_compressed_file_is_an_error(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(GOOD).encode() * 50)
    for number, damaged in enumerate((b"not gzip", whole[:-20], whole[:15] + bytes(8) + whole[23:])):
        path = tmp_path / f"{number}.jsonl.gz"
        path.write_bytes(damaged)
        with pytest.raises(TaskError, match="cannot be read as a task file"):
            read_tasks(path)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TaskError, match="cannot be read as a task file"):
        read_tasks(path)


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("content", [[GOOD, GOOD | {"id": "b"}], GOOD])
def test_one_text_of_json_is_no_task_file(tmp_path: Path, content: object, indent: int | None) -> None:
    if indent is not None or isinstance(content, list):
        path = tmp_path / "t.json"
        path.write_text(json.dumps(content, indent=indent))
        with pytest.raises(TaskError, match=r"t\.json:1: .*one object on"):
            read_tasks(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(b"{}", mtime=0), "compressed with gzip; its name must end in .gz"),
        ("\ufeff{}".encode("utf-16-le"), "UTF-16; save it as UTF-8"),
        (b"{}\n\n\xff", "line 3 has the byte 0xff"),
    ],
)
def test_a_file_of_another_encoding_is_told_apart(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(content)
    with pytest.raises(TaskError, match=says):
        read_tasks(path)


def test_an_empty_file_has_no_task(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="has no task"):
        read_tasks(write(tmp_path / "t.jsonl", ""))


# What a goal needs


@pytest.mark.parametrize(
    ("goal", "fixtures", "objects"),
    [
        ("mug on desk", {"desk": 1}, {"mug": 1}),
        ("3 mug on desk ; 2 mug on shelf", {"desk": 1, "shelf": 1}, {"mug": 3}),
        ("cold apple in microwave", {"fridge": 1, "microwave": 1}, {"apple": 1}),
        ("hot apple", {"microwave": 1}, {"apple": 1}),
        ("clean plate", {"sink": 1}, {"plate": 1}),
        ("sliced apple", {}, {"apple": 1, "knife": 1}),
        ("cooked egg", {"stove burner": 1}, {"egg": 1, "pan": 1}),
        ("mug of coffee", {"coffee machine": 1}, {"mug": 1}),
        ("mug of water", {"sink": 1}, {"mug": 1}),
        ("glass of milk", {}, {"glass": 1, "milk": 1}),
        ("pen in cup on desk", {"desk": 1}, {"pen": 1, "cup": 1}),
        ("desk clean", {"desk": 1}, {"cloth": 1}),
        ("plant watered", {"plant": 1, "sink": 1}, {"watering can": 1}),
        ("every toy in basket", {}, {"toy": 1, "basket": 1}),
        ("holding book ; desk lamp on", {"desk lamp": 1}, {"book": 1}),
        ("no anything on desk", {"desk": 1}, {}),
    ],
)
def test_the_objects_that_a_goal_needs(goal: str, fixtures: dict[str, int], objects: dict[str, int]) -> None:
    assert needs(parse_goal(goal), load_domain()) == (Counter(fixtures), Counter(objects))


# Homes

GOALS = (
    "mug on desk", "cold apple in microwave", "3 clean plate on dining table", "sliced bread in fridge",
    "plant watered",
    "every dirty dishes is clean", "holding book ; desk lamp on", "no ceiling light on", "2 pillow on sofa",
    "glass of milk with person", "every toy in basket", "desk clean", "every cabinet closed",
)  # fmt: skip


def test_the_same_task_and_seed_give_the_same_home() -> None:
    assert home("mug on desk", 3).world.scene == home("mug on desk", 3).world.scene


def test_another_id_or_seed_gives_another_home() -> None:
    scenes = [
        home("mug on desk").world.scene,
        home("mug on desk", 1).world.scene,
        home("mug on desk", id="u").world.scene,
    ]
    assert len(set(scenes)) == 3


@pytest.mark.parametrize("goal", GOALS)
def test_a_sampled_home_holds_what_the_goal_needs_and_the_goal_is_not_yet_true(goal: str) -> None:
    for seed in range(3):
        now = home(goal, seed)
        fixtures, objects = needs(parse_goal(goal), now.world.domain)
        there = Counter(now.world.categories)
        assert all(there[name] >= number for name, number in fixtures.items())
        for word, number in objects.items():
            assert sum(there[c] for c in now.world.domain.resolve(word)) >= number
        assert not all(holds(now, c, now) for c in parse_goal(goal).conditions)


def test_the_objects_that_a_file_lists_are_present() -> None:
    listed = ("tennis racket", "boots", "boots", "piano")
    there = Counter(home("mug on desk", objects=listed).world.categories)
    assert there["tennis racket"] >= 1 and there["boots"] >= 2 and there["piano"] >= 1


def test_facts_are_true_in_the_home() -> None:
    facts = ("mug on desk", "2 dirty plate in sink", "cabinet open", "no apple", "cup of coffee")
    for seed in range(3):
        now = home("book on sofa", seed, facts=facts)
        for fact in facts:
            (condition,) = parse_goal(fact).conditions
            if isinstance(condition, Count):
                assert len(matching_objects(now, condition.thing, condition.place)) >= condition.number
            else:
                assert holds(now, condition, now)


def test_absent_categories_are_not_present() -> None:
    for seed in range(5):
        now = home("mug on desk", seed, absent=("fruit", "sofa", "cup"))
        assert not {"apple", "banana", "orange", "lemon", "sofa", "cup"} & set(now.world.categories)


def test_the_objects_of_a_task_to_refuse_may_be_absent() -> None:
    now = home("mug on desk", answer="refuse", absent=("mug",))
    assert "mug" not in now.world.categories


def test_a_task_without_a_goal_has_a_home() -> None:
    assert home(None, answer="ask").world.names


def test_a_seed_selects_its_home() -> None:
    assert home("mug on desk", home=7).world.scene.seed == 7


def test_objects_to_clean_are_dirty_and_lamps_to_turn_on_are_off() -> None:
    now = home("clean mug ; every desk lamp on")
    for name, category in zip(now.world.names, now.world.categories, strict=True):
        if category == "mug":
            assert now.has(now.world.index[name], "dirty")
    condition = parse_goal("desk lamp on").conditions[0]
    assert isinstance(condition, FixtureIs) and not holds(now, condition, now)


def test_an_impossible_home_is_an_error() -> None:
    with pytest.raises(EnvsError, match="cannot both have and lack"):
        home("mug on desk", objects=("apple",), facts=("no apple",))


def test_a_goal_that_always_holds_is_an_error() -> None:
    with pytest.raises(TaskError, match="held already in each of 36 homes"):
        home("mug on desk", facts=("mug on desk",))


# The inventory must not give the goal away


@pytest.fixture(scope="module")
def guesses() -> list[tuple[str, str, State]]:
    """Homes sampled for goals whose thing and place are drawn evenly from all that there are."""
    rng, domain = random.Random(0), load_domain()
    scenes = []
    for number in range(300):
        category = rng.choice(sorted(domain.objects))
        possible_places = [
            f for f, fixture in domain.fixtures.items() if fixture.relation in ("on", "in") and domain.fits(category, f)
        ]
        place = rng.choice(possible_places)
        scenes.append((category, place, home(f"{category} on {place}", id=f"guess {number}")))
    return scenes


@pytest.fixture(scope="module")
def usual_counts() -> Counter[str]:
    """In how many of 300 homes sampled without a goal each category occurs."""
    homes = [sample_scene(seed, geometry=False) for seed in range(20_000_000, 20_000_300)]
    return Counter(c for scene in homes for c in {s.category for s in (*scene.objects, *scene.fixtures)})


def rarity_rank(word: str, now: State, usual_counts: Counter[str], table_name: str) -> tuple[int, int]:
    """Return the rank of `word` among the home's categories by rarity in other homes, and their number."""
    table = now.world.domain.objects if table_name == "object" else now.world.domain.fixtures
    categories = sorted({c for c in now.world.categories if c in table}, key=lambda c: (usual_counts[c], c))
    return categories.index(word), len(categories)


def test_the_object_to_move_is_not_recognizable_as_the_rarest_one(
    guesses: list[tuple[str, str, State]], usual_counts: Counter[str]
) -> None:
    places = [rarity_rank(category, now, usual_counts, "object") for category, _, now in guesses]
    hits = sum(rank == 0 for rank, _ in places) / len(places)
    chance = sum(1 / n for _, n in places) / len(places)
    assert hits < 1.5 * chance  # without decoys: 1.7 times as often as by chance, and a mean rank of 0.35
    assert sum(rank / (n - 1) for rank, n in places) / len(places) > 0.42


def test_the_target_fixture_is_rarely_the_rarest_one(
    guesses: list[tuple[str, str, State]], usual_counts: Counter[str]
) -> None:
    places = [rarity_rank(place, now, usual_counts, "fixture") for _, place, now in guesses]
    assert sum(rank == 0 for rank, _ in places) / len(places) < 0.14  # without decoys: 0.17
    assert sum(rank / (n - 1) for rank, n in places) / len(places) > 0.37  # without: 0.35


def test_categories_of_the_goal_are_not_more_frequent_than_others(
    guesses: list[tuple[str, str, State]],
) -> None:
    domain = load_domain()
    named, other = [], []
    for category, _, now in guesses:
        counts = Counter(c for c in now.world.categories if c in domain.objects)
        named.append(counts[category])
        other += [number for name, number in counts.items() if name != category]
    assert sum(named) / len(named) < 1.1 * sum(other) / len(other)


def test_most_categories_of_a_home_do_not_depend_on_the_goal() -> None:
    # A home sampled for a mug and one for a book: how often each category occurs hardly differs.
    mugs = [set(home("mug on desk", id=f"m{i}").world.categories) for i in range(80)]
    books = [set(home("book on desk", id=f"b{i}").world.categories) for i in range(80)]
    domain = load_domain()
    for name in (*domain.objects, *domain.fixtures):
        if name not in ("mug", "book", "desk"):
            with_mug, with_book = sum(name in m for m in mugs), sum(name in b for b in books)
            assert abs(with_mug - with_book) < 80 * 0.35, name


def test_a_file_that_lists_the_objects_of_a_home_gets_no_decoys() -> None:
    listed = ("apple", "bowl", "bread", "cup", "egg", "fork", "kettle", "knife", "lettuce", "mug", "pan", "plate")
    rare = {"tennis racket", "baseball bat", "watch", "jacket", "magazine", "shoe"}

    def share(objects: tuple[str, ...]) -> float:
        homes = [set(home("mug on desk", id=str(i), objects=objects).world.categories) for i in range(60)]
        return sum(len(rare & h) for h in homes) / len(homes)

    assert share(listed) < 0.7 * share(())


# Floors and classes of fixtures


@pytest.mark.parametrize("goal", ["every lamp off", "no appliance on", "lamp on", "sock on floor", "no toy on floor"])
def test_a_home_for_a_floor_or_a_class_of_fixtures_lets_the_goal_be_reached(goal: str) -> None:
    for seed in range(5):
        now = home(goal, seed)
        (condition,) = parse_goal(goal).conditions
        assert not holds(now, condition, now)
        assert is_feasible(parse_goal(goal), now)


def test_a_class_of_fixtures_and_its_member_can_contradict_each_other() -> None:
    now = home("every lamp off")
    assert not is_feasible(parse_goal("every lamp off ; desk lamp on"), now)
    assert is_feasible(
        parse_goal("every lamp off ; every appliance closed"), home("every appliance closed", objects=("desk lamp",))
    )
    assert missing(parse_goal("every lamp off"), home("apple in fridge", absent=LAMPS)) == "lamp"


def test_a_task_is_in_the_words_of_its_home(tmp_path: Path) -> None:
    write(tmp_path / "flat.yaml", "things: {blender: {like: kettle}}\nrooms: {kitchen: [shelf]}")
    line: dict[str, object] = {"id": "a", "instruction": "the blender, please", "goal": "blender on shelf"}
    (found,) = read_tasks(write(tmp_path / "t.jsonl", line | {"home": "flat.yaml", "objects": ["blender"]}))
    assert found.goal is not None and found.objects == ("blender",)
    with pytest.raises(TaskError, match="blender"):
        read_tasks(write(tmp_path / "t.jsonl", line | {"home": 7}))
