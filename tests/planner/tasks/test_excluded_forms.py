"""Forms excluded from a corpus occur in none of its documents; held-out tasks have exactly one of them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from envs.symbolic.goals import format_goal, parse_goal
from planner.corpus.corpus import Corpus
from planner.corpus.recipe_file import read_recipe
from planner.errors import RecipeError
from planner.tasks import excluded_forms
from planner.tasks.held_out_trials import Split, draw_trials

NARROW = read_recipe("narrow").corpus


@pytest.mark.parametrize(
    ("goal", "forms"),
    [
        ("hot apple in bowl on desk", {"changed in container", "desk"}),
        ("apple in bowl on desk", {"desk"}),
        ("sliced bread with person", {"changed with person", "person"}),
        ("glass of water with person", {"changed with person", "person"}),
        ("glass of water on desk", {"filled at fixture", "desk"}),
        ("every dirty dishes in sink", {"every changed", "sink"}),
        ("every dirty dishes is clean", set()),
        ("every book on bookshelf ; mug on desk", {"joined every", "bookshelf", "desk"}),
        ("mug on desk then mug in sink", {"then", "desk", "sink"}),
        ("no lamp on ; wardrobe closed", {"lamp", "wardrobe"}),
    ],
)
def test_forms_of_a_goal_and_the_fixtures_that_it_names(goal: str, forms: set[str]) -> None:
    assert excluded_forms.forms(parse_goal(goal)) == forms


def test_words_for_an_excluded_fixture_are_found_in_singular_and_plural() -> None:
    names = ("wardrobe", "then")
    instructions = ("open the wardrobe", "Shut both wardrobes", "the closets are open")
    assert all(excluded_forms.mentions(text, names) for text in instructions)
    assert not excluded_forms.mentions("reward robert, then enclose it", names)
    assert not excluded_forms.mentions("open the wardrobe", ("then",))


def test_no_document_of_a_recipe_has_an_excluded_form() -> None:
    recipe = replace(NARROW, descriptions=1.0, plans=0.5)
    for document in itertools.islice(Corpus(recipe, 1).documents(), 1500):
        assert not excluded_forms.mentions(document[1].text, recipe.without), document[1].text  # the instruction
        for segment in document:
            assert "wardrobe" not in segment.text and "ottoman" not in segment.text
        goal_text = document[2].text if len(document) > 2 and document[2].special_token == "[SEP]" else ""
        if goal_text and not goal_text.startswith(("? ", "never ")):  # people also ask, and state rules
            goal = parse_goal(goal_text)
            assert not excluded_forms.forms(goal) & set(recipe.without), goal_text
            assert len(goal.conditions) <= 4


def test_goal_wording_documents_have_loss_on_the_words_only() -> None:
    recipe = replace(NARROW, descriptions=1.0, with_inventory=1.0, plans=0.0)
    documents = list(itertools.islice(Corpus(recipe, 2).documents(), 60))
    worded = [d for d in documents if d[1].special_token == "[TASK]" and not d[1].text]
    assert worded
    for _, _, goal, words, end in worded:
        parse_goal(goal.text)
        assert (goal.loss_on_text, words.loss_on_text, end.special_token) == (False, True, "[EOS]") and words.text


def test_an_unknown_exclusion_is_named_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"'attic' is neither a fixture category nor one of .*then"):
        read_recipe("narrow", {"corpus": {"without": ["attic"]}})


def test_a_number_that_yaml_takes_for_text_is_named() -> None:
    with pytest.raises(RecipeError, match=r"train\.lr is the text '8e-4', not a number such as 1e-3"):
        read_recipe("narrow", {"train": {"lr": "8e-4"}})


@pytest.mark.parametrize("form", excluded_forms.FORMS)
def test_held_out_tasks_of_a_form_have_no_other_excluded_form(form: str) -> None:
    others = tuple(name for name in NARROW.without if name != form)
    split = Split(
        name=form, parts=(2,) if form in ("then", "joined every") else (1,), forms=(form,), without=others,
        in_turn=form == "then", phrases="test" if form == "then" else "train",
    )  # fmt: skip
    trials = list(draw_trials(split, 5, seed=3))
    assert len(trials) == 5
    for trial in trials:
        assert trial.goal is not None
        assert excluded_forms.forms(trial.goal) & set(NARROW.without) == {form}, format_goal(trial.goal)
        assert not {"wardrobe", "ottoman"} & set(trial.start.world.categories)
