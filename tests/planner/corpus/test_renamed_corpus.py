"""The corpus with renamed homes: what its documents show and copy, and that without them it is what it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import islice

import pytest

from envs.symbolic.domain import load_domain
from planner.corpus.corpus import Corpus, Recipe, document_kinds
from planner.corpus.recipe_file import read_recipe
from planner.prompts.text_format import Document, Tree
from planner.tasks.renaming.nouns import known_words, split_of

# Of the beginning of the first shard. They change only with what every corpus is made of: phrases, homes, teacher.
DIGESTS = {
    "small": "7bd6caa4a1642429d08291553bc0d35a0f00cbc80f76535fdd609dcb8f346419",
    "home": "7bbb1dd1aae63c637994b1cb02dba2c0d5a67f930ae56ffed8973e5770806cf0",
    "repaired": "1de7b182c3694a4502ae777d2cdd4db73e024463e26de67672be22d0262234f6",
}
RENAMED = Recipe(renamed=1.0, with_inventory=1.0, plans=0.5, proposals=0.5, descriptions=0.3, common_sense=True)


def trees(recipe: Recipe, seed: int, number: int) -> list[Tree]:
    return list(islice(Corpus(recipe, seed).trees(), number))


def own_names(branch: Document) -> str:
    """The own names behind the instruction of a branch; empty if there are none."""
    return branch[1].text if len(branch) > 1 and branch[1].special_token == "[HINT]" else ""


@pytest.mark.parametrize("name", DIGESTS)
def test_without_renamed_homes_the_corpus_is_byte_for_byte_what_it_was(name: str) -> None:
    recipe = read_recipe(name).corpus
    assert recipe.renamed == 0
    digest = hashlib.sha256()
    for tree in trees(recipe, 0, 60):
        for part in (tree.trunk, *tree.branches):
            for s in part:
                digest.update(repr((s.special_token, s.text, s.loss_on_special, s.loss_on_text)).encode())
    assert digest.hexdigest() == DIGESTS[name]


def test_the_same_seed_gives_the_same_renamed_homes() -> None:
    assert trees(RENAMED, 1, 12) == trees(RENAMED, 1, 12)
    assert trees(RENAMED, 1, 12) != trees(RENAMED, 2, 12)


def test_a_share_of_the_homes_is_renamed() -> None:
    shown = {}
    for share in (0.0, 0.5, 1.0):
        branches = [b for tree in trees(replace(RENAMED, renamed=share), 3, 60) for b in tree.branches]
        shown[share] = sum(bool(own_names(b)) for b in branches) / len(branches)
    assert shown[0.0] == 0
    assert 0.1 < shown[0.5] < shown[1.0]


def test_own_names_of_a_goal_are_shown_behind_its_instruction_and_carry_no_loss() -> None:
    shown = 0
    for tree in trees(RENAMED, 4, 40):
        for branch in tree.branches:
            if not own_names(branch):
                continue
            shown += 1
            assert not branch[0].loss_on_text and not branch[1].loss_on_text and not branch[1].loss_on_special
    assert shown > 20


def test_no_training_document_has_a_word_of_a_test_noun() -> None:
    for tree in trees(RENAMED, 5, 40):
        for branch in tree.branches:
            for word in own_names(branch).replace(" , ", " ").replace(" = ", " ").split():
                assert word in known_words() or split_of(word) == "train" or word.endswith("ed"), word


def test_documents_without_an_inventory_have_no_own_names() -> None:
    recipe = replace(RENAMED, with_inventory=0.0)
    assert not [b for tree in trees(recipe, 6, 25) for b in tree.branches if own_names(b)]


def test_nothing_is_proposed_that_the_prompt_does_not_name() -> None:
    words = {w for tree in trees(RENAMED, 7, 40) for b in tree.branches if b[0].special_token == "[TASK]" and b[0].text
             for w in b[1].text.split()}  # fmt: skip
    assert words
    assert not {w for w in words if w.isalpha() and w.lower() not in known_words() | GRAMMAR}


GRAMMAR = frozenset(["every", "no", "except", "is", "of", "holding", "then", "on", "in", "with"])


def test_skills_with_made_up_names_stand_in_goals_facts_and_plans() -> None:
    documents = [tree.trunk for tree in trees(RENAMED, 8, 150) if not tree.branches]
    own = [d for d in documents if any(" sets " in s.text for s in d)]
    assert own
    for document in own:
        facts = next(s.text for s in document if " sets " in s.text)
        verb = next(fact for fact in facts.split(" ; ") if " sets " in fact).split()[0]
        assert any(s.text.startswith(f"{verb} ") and s.loss_on_text for s in document)


def test_a_model_of_renamed_homes_remembers_that_it_copies_names() -> None:
    assert "renamed" in RENAMED.kinds
    assert "renamed" not in Recipe().kinds
    assert document_kinds(Recipe(), None) == document_kinds(Recipe(), load_domain()) == []
    added = replace(load_domain().objects["mug"], name="haik", like="mug")
    assert document_kinds(Recipe(), load_domain().extended(objects={"haik": added})) == ["renamed"]
    with pytest.raises(ValueError, match="renamed must be a fraction"):
        Recipe(renamed=2)
