"""Kinds of things and furniture that only one home has: how they are described, and that they are like all others."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.errors import GoalError
from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_file import dump_home, load_home, parse_home
from envs.symbolic.actions import format_action, parse_action, successor
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import format_goal, format_query, parse_goal, parse_query
from envs.symbolic.kinds.furniture import FURNITURE_KEYS, body_examples
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.symbolic.kinds.things import THING_KEYS
from envs.symbolic.kinds.values import shape_examples
from envs.symbolic.kinds.writing import skill_text
from envs.symbolic.scene import Scene
from envs.symbolic.scoring import holds
from envs.symbolic.skills.notation import parse_skills
from envs.symbolic.state import World
from planner.io.paths import datasets_dir

HOME = """\
people: [Anna, Ben]
things:
  blender: {like: kettle, words: [smoothie maker]}
  dog leash: {like: umbrella, color: red}
  trophy: {shape: box, size: [0.1, 0.1, 0.25], classes: [valuables], at: [bookshelf]}
  dog bowl: {shape: bowl}
  red box: {like: box}
  hot plate: {like: plate}
  reading glasses: {like: glasses, words: [spectacles]}
  ball of yarn: {like: ball, words: ["granny's wool"]}
  PS5: {like: laptop}
  berry: {like: apple}
furniture:
  aquarium: {like: side table, words: [fish tank]}
  rice cooker: {body: cupboard, size: [0.5, 0.5, 1.0], switch: yes, process: {when: [on], set: [hot]}}
  toy chest: {like: laundry basket}
  "potter's wheel": {size: [0.6, 0.6, 0.7]}
rules: [never dog bowl with person]
rooms:
  kitchen: [fridge, 2 cabinet, dining table, 2 rice cooker, fish tank, toy chest]
  office: [2 aquarium, desk, bookshelf, "potter's wheel"]
objects:
  cabinet 1: [red mug, 3 dog bowls, dirty red dog bowl, Anna's blender, smoothie maker]
  desk: [2 red boxes, big red red box, 2 reading glasses, spectacles, PS5]
  rice cooker 2: [2 hot plates]
  bookshelf: [trophy, 2 balls of yarn, Ben's dirty ball of yarn]
  fridge: [3 berries]
  toy chest: [doll]
  "potter's wheel": ["granny's wool"]
"""


def domain_of(text: str) -> Domain:
    return parse_home(f"{text}\nrooms: {{kitchen: [shelf]}}", geometry=False).domain


def names(scene: Scene, place: str) -> list[str]:
    return [item.name for item in scene.objects if item.place == place]


@pytest.fixture(scope="module")
def scene() -> Scene:
    return parse_home(HOME)


def test_a_kind_is_as_the_one_it_is_like_but_for_what_is_said() -> None:
    domain = domain_of("things: {dog leash: {like: umbrella, color: red}}")
    umbrella, leash = domain.objects["umbrella"], domain.objects["dog leash"]
    assert leash == replace(umbrella, name="dog leash", like="umbrella", color=leash.color)
    assert leash.color == domain.properties["color"]["red"][:3]


def test_a_described_kind_needs_only_its_size() -> None:
    trophy = domain_of("things: {trophy: {size: [0.1, 0.1, 0.25]}}").objects["trophy"]
    assert (trophy.shape, trophy.size, trophy.like) == ("box", (0.1, 0.1, 0.25), None)
    assert trophy.at


def test_a_described_kind_needs_only_its_shape() -> None:
    bowl, domain = domain_of("things: {dog bowl: {shape: bowl}}").objects["dog bowl"], load_domain()
    assert (bowl.size, bowl.holds, bowl.fills) == (domain.objects["bowl"].size, domain.objects["bowl"].holds, True)


def test_a_single_number_is_the_longest_side() -> None:
    objects = domain_of("things: {globe: {shape: ball, size: 0.3}, big plate: {like: plate, size: 0.44}}").objects
    assert objects["globe"].size == pytest.approx((0.3, 0.3, 0.3))
    assert objects["big plate"].size == pytest.approx((0.44, 0.44, 0.05))


def test_the_inside_of_a_container_grows_with_it() -> None:
    domain = domain_of("things: {pail: {like: basket, size: [0.17, 0.14, 0.08]}}")
    assert domain.objects["pail"].holds is not None
    assert domain.objects["pail"].holds.size[:2] == (0.15, 0.12)


def test_a_kind_may_be_like_another_of_the_same_file_in_any_order() -> None:
    domain = domain_of("things: {cat bowl: {like: dog bowl, color: blue}, dog bowl: {like: bowl, size: 0.2}}")
    assert domain.objects["cat bowl"].size == domain.objects["dog bowl"].size
    assert domain.objects["cat bowl"].like == "bowl"


def test_usual_places_are_those_of_the_classes_where_none_are_said() -> None:
    domain = domain_of("things: {comic: {size: [0.2, 0.14, 0.01], classes: [book]}}")
    assert domain.objects["comic"].at[0] == "bookshelf"


def test_furniture_keeps_its_region_in_proportion() -> None:
    bench = domain_of("furniture: {workbench: {like: desk, size: [0.65, 1.8, 0.9]}}").fixtures["workbench"]
    assert bench.region is not None
    assert (bench.region.z, bench.region.size) == (0.9, (0.55, 1.65, 0.6))


def test_described_furniture_has_the_geometry_of_its_body() -> None:
    locker = domain_of("furniture: {locker: {body: cupboard, size: [0.5, 0.5, 1.3]}}").fixtures["locker"]
    assert (locker.joint, locker.relation, locker.enclosed) == ("hinge", "in", True)


def test_furniture_runs_the_process_of_the_kind_it_is_like_unless_it_says_none() -> None:
    text = "furniture: {autoclave: {like: oven}, show oven: {like: oven, process: none}}"
    domain = domain_of(text)
    assert domain.process_at["autoclave"] is domain.process_at["oven"]
    assert not domain.process_at["show oven"].set


def test_a_process_of_own_furniture_works(scene: Scene) -> None:
    state = World(replace(scene, fixtures=tuple(
        replace(f, states=frozenset({"on"})) if f.name == "rice cooker 2" else f for f in scene.fixtures
    ))).initial()  # fmt: skip
    assert state.has(state.world.index["hot plate 1"], "hot")


def test_counts_plurals_states_properties_and_other_words_stand_before_own_kinds(scene: Scene) -> None:
    objects = {item.name: item for item in scene.objects}
    assert names(scene, "cabinet 1")[1:5] == [f"dog bowl {i}" for i in (1, 2, 3, 4)]
    assert (objects["dog bowl 4"].states, objects["dog bowl 4"].properties) == (frozenset({"dirty"}), ("red",))
    assert objects["blender 1"].properties == ("Anna's",)
    assert "blender 2" in names(scene, "cabinet 1")
    assert objects["red box 3"].properties == ("big", "red")
    assert names(scene, "fridge 1") == ["berry 1", "berry 2", "berry 3"]
    assert [f.name for f in scene.fixtures if f.category == "aquarium"] == ["aquarium 1", "aquarium 2", "aquarium 3"]
    assert {"reading glasses 3", "PS5 1"} <= set(names(scene, "desk 1"))


def test_a_name_that_goals_cannot_say_is_written_so_that_they_can(scene: Scene) -> None:
    notes: list[str] = []
    parse_home(HOME, notes=notes)
    assert "'ball of yarn' is called ball-of-yarn in goals and plans" in notes
    assert names(scene, "bookshelf 1")[1:] == ["ball-of-yarn 1", "ball-of-yarn 2", "ball-of-yarn 3"]
    assert names(scene, "potters wheel 1") == ["ball-of-yarn 4"]


@pytest.mark.parametrize(("name", "plain"), [
    ("bolt of tweed", "bolt-of-tweed"), ("tailor's chalk", "tailors chalk"), ("ship in a bottle", "ship-in-a-bottle"),
    ("open shelf unit", "open-shelf-unit"), ("night light", "nightlight"), ("slice server", "slice-server"),
    ("turntable", "turntable"), ("close-up lens", "close-up lens"), ("boys’ cap", "boys cap"),
])  # fmt: skip
def test_a_name_of_words_that_goals_are_made_with_is_joined(name: str, plain: str) -> None:
    scene = parse_home(
        f'things: {{"{name}": {{size: 0.1}}}}\nrooms: {{kitchen: [desk]}}\nobjects: {{desk: ["2 {name}"]}}'
    )
    assert names(scene, "desk 1") == [f"{plain} 1", f"{plain} 2"]
    for goal in (f"every {plain} except {plain} from desk in drawer", f"no {plain} on desk", f"2 {plain} on desk"):
        assert format_goal(parse_goal(goal, scene=scene), scene.domain) == goal
    assert parse_home(dump_home(scene)) == scene


def test_furniture_takes_what_the_file_puts_there_although_what_it_is_like_does_not(scene: Scene) -> None:
    assert scene.domain.fits("book", "toy chest")
    assert not domain_of("furniture: {hamper: {like: laundry basket}}").fits("book", "hamper")


def test_a_home_with_own_kinds_reads_back_as_the_same_with_the_same_domain(scene: Scene) -> None:
    again = parse_home(dump_home(scene))
    assert again == scene
    assert again.domain is scene.domain


def test_copies_and_pickles_keep_the_domain(scene: Scene) -> None:
    assert copy.deepcopy(scene).domain is scene.domain
    assert pickle.loads(pickle.dumps(scene)).domain is scene.domain


def test_homes_without_own_kinds_have_the_default_domain() -> None:
    for path in sorted((datasets_dir() / "homes").glob("*.yaml")):
        assert load_home(path, geometry=False).domain is load_domain()


def test_a_built_in_kind_is_changed_only_knowingly() -> None:
    domain = domain_of("things: {mug: {like: mug, size: [0.12, 0.12, 0.15]}}")
    assert domain.objects["mug"].size == (0.12, 0.12, 0.15)
    assert list(domain.objects) == list(load_domain().objects)


@pytest.mark.parametrize("goal", [
    "dog bowl on dining table", "3 dog bowl on dining table", "every red box in cabinet", "red red box on desk",
    "dirty hot plate in rice cooker", "hot hot plate", "Anna's blender on aquarium in office",
    "no ball-of-yarn on desk",
    "rice cooker on", "every reading glasses except reading glasses from desk on desk", "1 of PS5 is clean",
    "berry beside berry", "bowl on desk", "red bowl on desk",
])  # fmt: skip
def test_goals_say_own_kinds(scene: Scene, goal: str) -> None:
    assert format_goal(parse_goal(goal, scene=scene), scene.domain) == goal


@pytest.mark.parametrize(("text", "meant"), [
    ("3 dog bowls on fish tank", "3 dog bowl on aquarium"), ("clean dgo bowl on desk", "clean dog bowl on desk"),
    ("blendr on desk", "blender on desk"),
])  # fmt: skip
def test_hints_of_goals_know_the_words_of_the_home(scene: Scene, text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"'{meant}'"):
        parse_goal(text, scene=scene)


def test_a_goal_may_say_the_words_of_own_kinds(scene: Scene) -> None:
    goal = parse_goal("smoothie maker on fish tank", scene=scene)
    assert format_goal(goal, scene.domain) == "blender on aquarium"


def test_words_for_own_kinds_mean_those_first_and_built_in_words_stay() -> None:
    words = spoken_words(domain_of("things: {blender: {like: kettle, words: [tea kettle]}}"))
    assert words.names_of("tea kettles", "objects") == ("blender",)
    assert words.names_of("frying pan", "objects") == ("pan",)
    assert spoken_words(load_domain()).names_of("tea kettle", "objects") == ("kettle",)


def test_a_home_includes_kinds_that_several_homes_share(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "pets.yaml").write_text("include: bowls.yaml\nthings: {cat bowl: {like: dog bowl}}")
    (tmp_path / "shared" / "bowls.yaml").write_text("things: {dog bowl: {like: bowl}}")
    home = tmp_path / "flat.yaml"
    home.write_text(
        "include: [shared/pets.yaml, shared/bowls.yaml]\nthings: {bird bowl: {like: cat bowl}}\n"
        "rooms: {kitchen: [shelf]}\nobjects: {shelf: [bird bowl, 2 dog bowls]}"
    )
    scene = load_home(home)
    assert list(scene.domain.objects)[-3:] == ["dog bowl", "cat bowl", "bird bowl"]
    assert parse_home(dump_home(scene)) == scene


def test_the_bundled_kinds_are_included_by_name() -> None:
    for path in sorted((datasets_dir() / "kinds").glob("*.yaml")):
        scene = parse_home(f"include: {path.stem}\nrooms: {{office: [shelf]}}")
        assert len(scene.domain.objects) > len(load_domain().objects)
        assert parse_home(dump_home(scene)) == scene


def test_the_example_of_the_readme_is_a_home() -> None:
    readme = (datasets_dir() / "homes" / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Your own things and furniture")[2]
    scene = parse_home(section.partition("```yaml\n")[2].partition("```")[0])
    assert {item.category for item in scene.objects} >= {"blender", "dog leash", "trophy", "dog bowl", "garden gnome"}
    assert all(f"`{key}`" in section for key in (*THING_KEYS, *FURNITURE_KEYS))
    assert all(f"{shape}" in section for shape in (*shape_examples(), *body_examples()) if shape != "person")


def test_own_skills_states_and_classes_stand_in_a_home_file() -> None:
    scene = parse_home(
        "classes: [animal]\nstates: [fed]\nnegations: {hungry: fed}\nthings: {kibble: {size: 0.1}}\n"
        "furniture: {dog: {body: plant, size: [0.4, 0.4, 0.5], classes: [animal], rooms: any}}\n"
        'skills: {vacuum: {text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"]},\n'
        '  feed: {text: "feed {animal}", when: ["holding {kibble}"], sets: ["{animal} fed"]}}\n'
        "rooms: {kitchen: {states: [vacuumed], fixtures: [shelf, {dog: [fed]}, dog]}}\nobjects: {shelf: [kibble]}",
        geometry=False,
    )
    state = World(scene).initial()
    assert state.has(state.world.index["kitchen"], "vacuumed")
    assert state.has(state.world.index["dog 2"], "hungry")
    assert parse_home(dump_home(scene), geometry=False) == scene


@pytest.mark.parametrize(("said", "goal"), [
    ("ball of yarn on desk", "ball-of-yarn on desk"), ("mug on potter's wheel", "mug on potters wheel"),
    ("Cook's knife", "cooks knife"),
    ("2 ball of yarn", "2 ball-of-yarn"),
])  # fmt: skip
def test_goals_may_spell_a_name_as_the_file_does(said: str, goal: str) -> None:
    kinds = 'things: {ball of yarn: {shape: ball}, "cook\'s knife": {like: knife}}\n'
    kinds += 'furniture: {"potter\'s wheel": {like: desk}}\n'
    scene = parse_home(kinds + 'rooms: {hall: [desk, "potter\'s wheel"]}')
    assert format_goal(parse_goal(said, scene=scene), scene.domain) == goal
    assert format_query(parse_query("? where ball of yarn", scene=scene), scene.domain) == "? where ball-of-yarn"
    with pytest.raises(GoalError, match="no liquid 'wool'"):
        parse_goal("ball of wool on desk", scene=scene)


TOOLS = """
classes: [feed]
things: {mop: {like: umbrella}, seed mix: {like: box, size: 0.15, classes: [feed]}}
skills:
  mop: {text: "mop {room}", when: ["holding {mop}"], sets: ["{room} mopped"]}
  feed: {text: "feed {toy} with {feed}", when: ["holding {feed}"], sets: ["{toy} fed"]}
rooms: {kitchen: [countertop, desk], hall: [shelf]}
objects: {countertop: [2 mop, toy car], shelf: [seed mix]}
"""


def test_a_skill_is_called_like_its_tool_or_what_it_takes() -> None:
    scene = parse_home(TOOLS)
    world = World(scene)
    for text in ("mop kitchen", "pick up mop 2", "put mop 1 on desk 1", "feed toy car 1 with seed mix 1"):
        assert format_action(world, parse_action(world, text)) == text
    for goal in ("mop in kitchen ; feed on desk", "kitchen mopped", "mop on desk while never mop in hall",
                 "fed toy car while never mop kitchen", "hall mopped while never feed on desk"):  # fmt: skip
        assert format_goal(parse_goal(goal, scene=scene), scene.domain) == goal
    assert parse_goal("mop on desk while never mop kitchen", scene=scene).rules[0].skill == "mop"
    assert parse_goal("mop on desk while never mop in hall", scene=scene).rules[0].skill is None


@pytest.mark.parametrize(("kiln", "process", "joined"), [
    ("{when: [closed, on], set: [hot]}", "{at: [kiln], when: [on, closed], cook: true}", ("hot",)),
    ("{when: [on], set: [hot]}", "{at: [kiln], when: [on], set: [cooked], cook: true}", ("hot", "cooked")),
    ("none", "{at: [kiln], when: [on], cook: true}", ()),
])  # fmt: skip
def test_processes_at_one_piece_of_furniture_are_joined(kiln: str, process: str, joined: tuple[str, ...]) -> None:
    text = (
        f"furniture: {{kiln: {{like: oven, process: {kiln}}}}}\nprocesses: {{bake: {process}}}\nrooms: {{hall: [kiln]}}"
    )
    scene = parse_home(text)
    found = scene.domain.process_at["kiln"]
    assert found.cook and found.set == joined
    assert scene.domain.process_at["oven"] == load_domain().process_at["oven"]
    assert parse_home(dump_home(scene)).domain.process_at["kiln"].set == joined


def test_a_process_joins_that_of_the_furniture_that_its_furniture_is_like() -> None:
    text = "furniture: {pool: {like: sink}}\nprocesses: {soak: {at: [pool, oven], when: [on], set: [cold]}}\n"
    with pytest.raises(HomeFileError, match="'oven' has a process already"):
        parse_home(text + "rooms: {hall: [pool]}")
    domain = parse_home(text.replace(", oven", ", bathtub, sink") + "rooms: {hall: [pool, sink]}").domain
    assert all(domain.process_at[name].fill == "water" for name in ("pool", "sink"))
    assert all(domain.process_at[name].set == ("cold",) for name in ("pool", "sink", "bathtub"))
    assert domain.process_at["bathtub"].fill is None


def test_every_built_in_skill_is_written_in_its_notation() -> None:
    import yaml

    domain = load_domain()
    vocabulary = replace(domain.vocabulary, skills=frozenset())
    for name, skill in domain.skills.items():
        assert parse_skills({name: yaml.safe_load(skill_text(skill))}, vocabulary) == {name: skill}


_SIZES = st.tuples(*(st.integers(2, 30) for _ in range(3))).map(lambda sides: [side / 100 for side in sides])
_KINDS = st.dictionaries(
    st.sampled_from(["zither", "dog comb", "egg timer", "glass float", "oil can", "T-square", "MP3 player"]),
    st.fixed_dictionaries(
        {"size": _SIZES},
        optional={
            "shape": st.sampled_from(["box", "bowl", "can", "basket", "plate", "vase", "cloth"]),
            "color": st.sampled_from(["red", [0.1, 0.25, 0.3]]),
            "classes": st.lists(st.sampled_from(["toy", "book", "food"]), unique=True),
            "fills": st.booleans(), "folds": st.booleans(), "metal": st.booleans(),
            "contains": st.sampled_from(["tea", "none"]), "mass_kg": st.sampled_from([0.25, 1]),
            "words": st.just([]), "holds": st.sampled_from(["in", "none"]),
        },
    ),
    min_size=1,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(_KINDS, st.sampled_from([None, "mug", "book", "tray"]))
def test_kinds_of_any_description_are_written_as_they_were_read(kinds: dict[str, dict[str, object]], like: str) -> None:
    import json

    if like is not None:
        kinds = {name: {"like": like, **options} for name, options in kinds.items()}
    text = f"things: {json.dumps(kinds)}\nrooms: {{office: [shelf]}}"
    try:
        scene = parse_home(text, geometry=False)
    except HomeFileError:  # it fits nowhere
        return
    assert parse_home(dump_home(scene), geometry=False).domain is scene.domain


@pytest.mark.parametrize("section", [
    "processes: {charging: {at: [dock], set: [charged]}}\nfurniture: {dock: {like: side table}}",
    "furniture: {dock: {like: side table, process: {set: [charged]}}}",
    "negations: {empty: charged}\nprocesses: {a: {at: [dock], set: [charged]}}\nfurniture: {dock: {like: side table}}",
])  # fmt: skip
def test_what_runs_in_furniture_sets_states_of_the_home_itself(section: str) -> None:
    home = parse_home(f"states: [charged]\n{section}\nrooms: {{office: [desk, dock]}}\nobjects: {{desk: [tablet]}}")
    state = World(home).initial()
    for step in ("pick up tablet 1", "put tablet 1 on dock 1"):
        state = successor(state, parse_action(state.world, step))
    (condition,) = parse_goal("charged tablet on dock", home.domain).conditions
    assert holds(state, condition, state)
