"""Which names and steps of a home a typed text means or is most like: the suggestions of error messages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice, product

from envs.errors import quoted
from envs.symbolic.actions import Action, World, format_action
from envs.symbolic.domain import Domain
from envs.symbolic.domain.achievers import categories_of_kind
from envs.symbolic.kinds.spoken_words import spoken_words

PREPOSITIONS = {
    "put": ("on top of", "inside of", "in to", "on to", "inside", "into", "onto", "upon", "in", "on", "at", "to"),
    "pour": ("in to", "on to", "inside", "into", "onto", "in", "on", "to", "over"),
    "give": ("over to", "to"),
}
# Words that other robots and people use for a skill: what to suggest, never what is executed.
_OTHER_WORDS = {
    "pick up": ("pick", "pickup", "take", "grab", "get", "lift", "lift up", "grasp", "fetch", "remove", "take out"),
    "put": (
        "place",
        "set",
        "lay",
        "drop",
        "put down",
        "put back",
        "move",
        "bring",
        "store",
        "stack",
        "insert",
        "putin",
        "puton",
        "putback",
        "put in",
        "put on",
    ),
    "give": ("hand", "hand over", "pass", "deliver", "bring"),
    "go to": ("goto", "walk to", "move to", "navigate to", "drive to", "go", "walk", "find", "look at", "approach"),
    "open": ("open up", "pull open"),
    "close": ("shut", "close up", "push closed"),
    "turn on": ("turnon", "switch on", "switchon", "toggle on", "activate", "start", "power on", "light"),
    "turn off": ("turnoff", "switch off", "switchoff", "toggle off", "deactivate", "stop", "power off"),
    "slice": ("cut", "chop", "slice up", "cut up"),
    "wipe": ("clean", "wipe down", "wipe off", "scrub"),
    "pour": ("empty", "fill"),
    "fold": ("fold up",),
}
_PARTICLES = {"pick": "up", "turn": "on|off", "switch": "on|off", "take": "out", "put": "down|back"}
_ARTICLE = r"(?:the|a|an|this|that|my|our|your|some)\s+"
MAX_SUGGESTIONS, MAX_LISTED = 3, 8
MAX_CANDIDATES = 1000  # actions that one vague step may mean
MAX_COMPARED_CHARS = 200  # a longer text is nobody's step; comparing takes time


def suggestion(world: World, text: str) -> str:
    """Return a hint that offers the steps of this home that are nearest to a text, or an empty string."""
    near = dict.fromkeys(format_action(world, a) for a in islice(nearest_steps(world, text, 0.6), MAX_SUGGESTIONS))
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def nearest_steps(world: World, text: str, cutoff: float) -> Iterator[Action]:
    """Yield the steps of a home that a text is most like."""
    if len(text) > MAX_COMPARED_CHARS:
        return
    words = re.sub(r"\[\d+\]|<char ?\d+>", " ", plain(text))  # VirtualHome: `<char0> [open] <fridge> (1) [0]`
    words = " ".join(re.sub(r"[^\w\s'-]|\B'|'\B", " ", words).split())
    if moved := re.fullmatch(rf"({'|'.join(_PARTICLES)}) (.+) ({'|'.join(_PARTICLES.values())})", words):
        words = f"{moved[1]} {moved[3]} {moved[2]}"
    names = Names(world)
    for skill, rest in _near_skills(words, world.domain.all_skills, cutoff):
        splits = list(argument_splits(skill, rest, world.domain)) or [_halves(names, rest)]
        if len(world.domain.all_skills[skill].parameters) < 2:  # `pick up plate 1 from cabinet 1`
            splits = [(re.split(r" (?:from|off|out|with|using|at|in|on|by) ", rest, maxsplit=1)[0],)]
        for parts in splits:
            candidates = [_suited(world, skill, i, names.near(part, cutoff)) for i, part in enumerate(parts)]
            yield from (Action(skill, args) for args in islice(product(*candidates), MAX_CANDIDATES) if args)


def plain(text: str) -> str:
    """Return a step in lower case with plain spaces, also before numbers: `Open_Fridge1` is `open fridge 1`."""
    words = " ".join(text.replace("_", " ").split()).lower()
    words = re.sub(r"\s*(?:#|\bno\.|\bnumber\b|\bnr\.?)\s*(?=\d)", " ", words)
    words = re.sub(r"\((\d+)\)", r"\1", words)
    words = re.sub(r"(?<=[a-z])-?(?=\d+\b)", " ", words)
    return " ".join(words.split())


def skill_of(words: str, skills: Iterable[str]) -> str | None:
    """Return the skill that a text begins with; the longest, if several."""
    return next((s for s in sorted(skills, key=len, reverse=True) if words.startswith(s + " ")), None)


def argument_splits(skill: str, rest: str, domain: Domain) -> Iterator[tuple[str, ...]]:
    """Yield the ways to divide the words after a skill into its arguments."""
    words = PREPOSITIONS.get(skill) or _words_between(domain.all_skills[skill].text)
    if not words:
        yield (rest,)
        return
    for match in re.finditer(rf"\s(?:{'|'.join(words)})\s", rest):
        yield rest[: match.start()], rest[match.end() :]


def _words_between(text: str) -> tuple[str, ...]:
    """Return what may stand between the two arguments of a skill, given its wording; nothing if it has one."""
    between = re.search(r"\}\s*([^{}]+?)\s*\{", text)
    if between is not None:
        return (re.escape(between[1]),)
    return PREPOSITIONS["put"] if "{relation}" in text else ()


class Names:
    """The names of a home, as a person may write them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.by_name = {name.lower(): name for name in world.names}

    def find(self, text: str) -> list[str]:
        """Return the entities that a name means: one, several if a number is missing, or none."""
        text = re.sub(f"^{_ARTICLE}", "", text)
        if text in self.by_name:
            return [self.by_name[text]]
        unpadded = re.sub(r" 0+(?=\d+$)", " ", text)
        if unpadded in self.by_name:
            return [self.by_name[unpadded]]
        return self.of_category(text)

    def of_category(self, text: str) -> list[str]:
        """Return the entities of a category."""
        categories = {category.lower(): category for category in self.world.entities_by_category}
        entities = self.world.entities_by_category.get(categories.get(text, ""), ())
        return [self.world.names[i] for i in entities]

    def problem(self, text: str, entities: Sequence[str]) -> tuple[str, bool]:
        """Return why a name is not one entity of this home, and whether that already lists what there is."""
        text = re.sub(f"^{_ARTICLE}", "", text)
        if entities:
            return f"{quoted(text)} may be any of {_listed(entities)}: give the number", True
        category, _, number = text.rpartition(" ")
        if number.isdecimal() and (others := self.of_category(category)):
            return f"there is no {quoted(text)} in this home; it has {_listed(others)}", True
        return f"there is no {quoted(text)} in this home", False

    def near(self, text: str, cutoff: float) -> list[str]:
        """Return the entities that a name may mean: by synonyms and by similar spelling."""
        text = re.sub(f"^{_ARTICLE}", "", text)
        if entities := self.find(text):
            return entities
        base, _, number = text.rpartition(" ")
        word = base if number.isdecimal() else text
        present = self.world.entities_by_category
        called = spoken_words(self.world.domain).names_by_word
        meant = [category for category in called.get(word, ()) if category in present]
        for spellings in ({category.lower(): (category,) for category in present}, called):
            if not meant:
                close = get_close_matches(word, spellings, n=MAX_SUGGESTIONS, cutoff=cutoff)
                meant = [category for spelling in close for category in spellings[spelling] if category in present]
        entities = [self.world.names[i] for c in dict.fromkeys(meant) for i in self.world.entities_by_category[c]]
        same_number = [name for name in entities if number.isdecimal() and name.endswith(f" {number}")]
        return same_number or entities


def _listed(entities: Sequence[str]) -> str:
    numbers = {name: name.rpartition(" ")[2] for name in entities}  # rooms have none
    in_order = sorted(entities, key=lambda name: int(number) if (number := numbers[name]).isdecimal() else 0)
    return ", ".join(in_order[:MAX_LISTED]) + (", …" if len(in_order) > MAX_LISTED else "")


def _near_skills(words: str, skills: Collection[str], cutoff: float) -> Iterator[tuple[str, str]]:
    """Yield skills that a text may begin with, and the words that follow."""
    spellings = {
        spelling: skill for skill in reversed(list(skills)) for spelling in (skill, *_OTHER_WORDS.get(skill, ()))
    }
    tokens = words.split()
    for exact in (True, False):
        for count in (3, 2, 1):
            head, rest = " ".join(tokens[:count]), " ".join(tokens[count:])
            close = [head] if head in spellings else get_close_matches(head, spellings, n=1, cutoff=max(cutoff, 0.7))
            if rest and close and (head in spellings) == exact:
                yield spellings[close[0]], rest
                return


def _halves(names: Names, rest: str) -> tuple[str, ...]:
    """Divide two names without a word between them: `plate 1 dining table 1`."""
    tokens = rest.split()
    for i in range(1, len(tokens)):
        parts = " ".join(tokens[:i]), " ".join(tokens[i:])
        if all(names.find(part) for part in parts):
            return parts
    return ()


def _suited(world: World, skill: str, position: int, entities: Sequence[str]) -> list[str]:
    """Return those entities that a skill can be about."""
    parameters = world.domain.all_skills[skill].parameters
    kind = parameters[position].kind if position < len(parameters) else "place"
    if kind in ("place", "person"):
        return list(entities)
    categories = categories_of_kind(world.domain, kind)
    return [name for name in entities if world.categories[world.index[name]] in categories]
