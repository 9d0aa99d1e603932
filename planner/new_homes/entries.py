"""Entries of a home file from words, as people say them, and back to words that read as the same entry."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import yaml

from envs.files.safe_yaml import compose
from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_files.contents import ContentsReader
from envs.scenes.home_files.entries import Item
from envs.symbolic.domain import Domain
from envs.symbolic.kinds.names import KindNames
from envs.symbolic.kinds.writing import YAML_KEYWORDS, word
from envs.words import plural, pluralized, singulars

Table = Literal["fixtures", "objects"]
MAX_WORDS = 200  # characters of an entry
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ARTICLE = re.compile(r"^(?:the|a|an|some|my|our|another)\s+(?=\S)", re.IGNORECASE)
_PLAIN = re.compile(r"(?:\d+ )?(?:[A-Za-z][\w.-]*(?: [\w.-]+)*'s )?[A-Za-z][A-Za-z0-9]*(?:[ -][A-Za-z0-9]+)*")
OWNER = "'s"


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Words that are no entry.

    Attributes:
        words: The words.
        noun: The noun among them if no kind is called so, in the singular; else empty.
        meanings: The kinds that the noun may mean, if it may mean several.
        problem: What is wrong.
    """

    words: str
    problem: str
    noun: str = ""
    meanings: tuple[str, ...] = field(default=())


def read_entry(words: str, table: Table, domain: Domain, people: Sequence[str] = ()) -> Item | Unread:
    """Return the entry that words mean: `2 red mugs`, `open window`, `Anna's cup of tea`.

    Args:
        words: The words.
        table: Whether it is furniture or an object.
        domain: The kinds of things.
        people: Who can own something.
    """
    text = _ARTICLE.sub("", " ".join(words.split()))
    if len(text) > MAX_WORDS or not text.isprintable() or not text:
        return Unread(words=words[:MAX_WORDS], problem="expected a few words, such as `2 red mugs`")
    number, _, rest = text.partition(" ")
    if number.lower() in _NUMBERS and rest:
        text = f"{_NUMBERS.index(number.lower()) + 1} {rest}"
    reader = ContentsReader(domain)
    reader.people = tuple(people)
    node = compose(json.dumps([text], ensure_ascii=False))
    assert isinstance(node, yaml.SequenceNode)
    try:
        items = reader.fixture_items(node, "the room") if table == "fixtures" else reader.object_items(node, "there")
    except HomeFileError as error:  # too many problems: none here
        return Unread(words=text, problem=str(error))
    if items and not reader.problems:
        return replace(items[0], line=0)
    problem = reader.problems[0].text if reader.problems else "nothing is called so"
    known = domain.fixtures if table == "fixtures" else domain.objects
    _, _, described = reader.split_description(re.sub(r"^\d+ ", "", text), known)
    noun = described.partition(" of ")[0] if described.partition(" of ")[2] in domain.liquids else described
    meanings = reader.meanings(noun, table) if noun not in known else ()
    if len(meanings) > 1:
        return Unread(words=text, problem=problem, noun=noun, meanings=meanings)
    other: Table = "objects" if table == "fixtures" else "fixtures"
    is_unknown = not items and not meanings and not reader.names_of(noun, other)
    is_unknown = is_unknown and problem.startswith("unknown") and not KindNames(domain, people).problem(singular(noun))
    return Unread(words=text, problem=problem, noun=singular(noun) if is_unknown else "")


def singular(noun: str) -> str:
    """Return a noun in the singular: blenders, boxes, puppies."""
    for form in singulars(noun)[1:]:
        if form != noun and pluralized(form, {}, ()) == noun:
            return form
    return noun


def entry_words(item: Item, table: Table, domain: Domain, people: Sequence[str] = ()) -> str:
    """Return the words of an entry as a home file has them, in YAML: `2 red mug`, `{bowl: {holds: [2 apple]}}`."""
    holds = [entry_words(inner, table, domain, people) for inner in item.holds]
    phrase = _phrase(item)
    again = read_entry(phrase, table, domain, people)
    if isinstance(again, Item) and again == replace(item, holds=[], line=0):
        return f"{{{_in_yaml(phrase)}: {{holds: [{', '.join(holds)}]}}}}" if holds else _in_yaml(phrase)
    options = [f"count: {item.count}"] if item.count > 1 else []  # the words would mean something else
    options += [f"states: [{', '.join(map(word, sorted(item.states)))}]"] if item.states else []
    options += [f"liquid: {word(item.liquid)}"] if item.liquid else []
    for name in item.properties:
        group = domain.property_group.get(name, "owner")
        options.append(f"{group}: {word(name.removesuffix(OWNER) if group == 'owner' else name)}")
    options += [f"holds: [{', '.join(holds)}]"] if holds else []
    return f"{{{word(item.category)}: {{{', '.join(options)}}}}}"


def _in_yaml(phrase: str) -> str:
    """Return words as YAML writes them; a number and an owner before them need no quotes."""
    return phrase if _PLAIN.fullmatch(phrase) and phrase.lower() not in YAML_KEYWORDS else word(phrase)


def spoken(item: Item) -> str:
    """Return an entry as a question names it: `2 red mugs`, `bowl [2 apples]`."""
    count = f"{item.count} " if item.count > 1 else ""
    phrase = _phrase(replace(item, count=1))
    held = f" [{', '.join(map(spoken, item.holds))}]" if item.holds else ""
    return count + (plural(phrase, is_counted=True) if item.count > 1 else phrase) + held


def _phrase(item: Item) -> str:
    owners = [name for name in item.properties if name.endswith(OWNER)]
    looks = [name for name in item.properties if name not in owners]
    words = [str(item.count)] if item.count > 1 else []
    words += [*owners, *looks, *sorted(item.states), item.category]
    return " ".join(words) + (f" of {item.liquid}" if item.liquid else "")
