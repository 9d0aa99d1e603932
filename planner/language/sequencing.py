"""Phrases that say that one task must be done before the next begins, for goals with `then`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

SequenceFrame = tuple[str, tuple[str, ...], tuple[str, ...]]  # before the first task, between two, before the last

SEQUENCE_FRAMES: tuple[SequenceFrame, ...] = (
    ("first ", (", after that ", ", next "), (", and only then ", ", and when that is done, ")),
    ("", ("; once that is done, ", "; after that is finished, "), ("; once that is done, ", "; only after that ")),
    ("in this order: ", (", ", ", then "), (", then ", ", and last ")),
    ("begin with this: ", (". when it is finished, ",), (". when it is finished, ", ". only then ")),
    ("step one: ", (". next step: ", ". step two: "), (". last step: ", ". final step: ")),
    ("1. ", (" 2. ",), (" then, after all of that: ",)),
    ("before anything else, ", (". then comes this: ",), (". that done, ", ". that over, ")),
    ("to start with, ", (". after it, ",), (". wait until it is done, then ", ". to end with, ")),
    ("", (". do this next: ", ". second thing: "), (". do this last: ", ". once all that is over, ")),
    ("the order matters: ", ("; second, ", "; next, "), ("; at the end ", "; lastly ")),
    ("one thing at a time: ", (", second: ", ", next: "), (", last: ", ", and then: ")),
    ("initially ", (". subsequently ",), (". subsequently ", ". in the end ")),
    ("", (", do that before ", ", which comes before "), (", do that before ", ", which comes before ")),
    ("your first job: ", (". your second job: ",), (". your next job: ", ". your last job: ")),
    ("at first ", (", later ",), (", later ", ", later on ")),
    ("", (". when you are through with that, ",), (". when you are through with that, ", ". having done so, ")),
    ("task a: ", ("; task b, after a: ",), ("; the task after that: ", "; only after it: ")),
    ("do things in sequence: ", (" - ", " / "), (" - finally, ", " / and as the last thing ")),
    ("", (" and after you have done that ",), (" and after you have done that ", ", followed by this: ")),
    ("right now ", (". as the second thing ",), (". after you finish, ", ". after finishing that, ")),
)
# Only for held-out tasks.
TEST_SEQUENCE_FRAMES: tuple[SequenceFrame, ...] = (
    ("first of all ", (", afterwards ",), (", and not before that is done, ", ", and only once that is done, ")),
    ("one after the other: ", ("; ",), ("; finally ", "; and last of all ")),
    ("start with this: ", (". as soon as that is done, ",), (". as soon as that is done, ",)),
)


def join_in_sequence(rng: random.Random, texts: Sequence[str], frames: Sequence[SequenceFrame]) -> str:
    """Join two or more tasks into one instruction that states their order."""
    opening, separators, final_separators = rng.choice(frames)
    separator, final_separator = rng.choice(separators), rng.choice(final_separators)
    return opening + separator.join(texts[:-1]) + final_separator + texts[-1]
