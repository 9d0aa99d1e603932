"""What corrects the last answer, and what is an instruction of its own."""

from __future__ import annotations

import pytest

from planner.corrections.wording import Kind, kind_of, named_back, orders, other_noun


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("undo", "undo"), ("Undo that, please.", "undo"), ("put it back", "undo"),
        ("No, put them back where they were!", "undo"),
        ("leave it as it was", "undo"), ("take that back", "undo"), ("turn it back", "undo"),
        ("it looked better before. put it back", "undo"), ("ctrl z", "undo"),
        ("everything as it was, or he kills me", "undo"),
        ("return them to their old spot", "undo"), ("great, now repeat that", "again"), ("and again", "again"),
        ("hmm, take a different one", "other"), ("not this blanket, the second", "other"),
        ("again", "again"), ("Do it again, please", "again"), ("one more time", "again"), ("same again", "again"),
        ("the other one", "other"), ("No, the other one.", "other"), ("not that one", "other"), ("wrong one", "other"),
        ("no, not this one, the other one", "other"), ("I meant the other one", "other"),
        ("no", "no"), ("that's wrong", "no"), ("No, that is not what I said!", "no"),
        ("no, the blue one", "instead"), ("not in the sink, in the dishwasher", "instead"),
        ("I said three", "instead"),
        ("nope, the desk", "instead"), ("make that two", "instead"), ("wrong, the bowl", "instead"),
        ("and the fork too", "perhaps instead"), ("sorry, the cup", "perhaps instead"),
        ("the knife as well", "perhaps instead"),
        ("the fork, not the knife", "perhaps instead"), ("leave the door open", "perhaps instead"),
        ("set the table", None), ("no more lights on in here", None), ("make it warm in here", None),
        ("put the mug back on the shelf", None), ("bring another plate", None), ("", None),
        ("put two plates away", None),
    ],
)  # fmt: skip
def test_what_a_line_says_about_the_plan_before_it(line: str, kind: Kind | None) -> None:
    assert kind_of(line) == kind


def test_a_noun_tells_which_is_meant() -> None:
    assert other_noun("take the other cup") == "cup" and other_noun("the other one, please") == "one"
    assert other_noun("put the other cup on the desk") == ""
    assert named_back("put the cell phone back") == "cell phone" and named_back("put back the mug") == "mug"
    assert named_back("put the mug back on the shelf") == ""


def test_a_task_begins_with_its_verb() -> None:
    assert (
        orders("bring the mug")
        and orders("Oh, and could you close the fridge?")
        and orders("it is late, turn off the lamp")
    )
    assert not orders("that's the cereal. chips!") and not orders("his laptop, i beg your pardon")
