"""Finds the kind that each kind is `like`, and builds kinds in that order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import yaml

from envs.errors import nearest
from envs.symbolic.domain.categories import FixtureCategory, ObjectCategory, Region
from envs.symbolic.kinds.furniture import FurnitureReader
from envs.words import names_of

if TYPE_CHECKING:
    from envs.symbolic.domain.domain import Domain
    from envs.symbolic.kinds.things import KindEntry
    from envs.symbolic.skills.phrases import Vocabulary

_ANY_SPACE = Region(z=0.5, size=(2.0, 2.0, 2.0))
Category = TypeVar("Category", ObjectCategory, FixtureCategory)


class LikeReader(FurnitureReader):
    """Builds kinds of things and furniture, each after the one that it is like."""

    called: Mapping[str, str] = {"furniture": "furniture", "things": "things"}  # the sections, in messages

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.names_of_furniture: set[str] = set()
        self.refused_furniture: set[str] = set()  # those of `refused` that are furniture
        self.classes_of_refused_furniture: set[str] = set()

    def kinds(
        self,
        entries: dict[str, KindEntry],
        known: Mapping[str, Category],
        build: Callable[[KindEntry, Category | None], Category | None],
        stand_in: Callable[[str], Category],
    ) -> dict[str, Category]:
        """Build kinds, each after the one that it is like."""
        built: dict[str, Category] = {}
        like_of = {name: self.like_of(entry, entries, known) for name, entry in entries.items()}
        for name in entries:
            for each in self.in_order(name, like_of, built, entries):
                like = like_of[each]
                with self.reading(entries[each].file):
                    kind = None
                    if like != "":
                        like_kind = built.get(like) if like in entries and like != each else known.get(like or "")
                        kind = build(entries[each], like_kind)
                if kind is None:
                    self.refused.add(each.lower())
                    if known is self.domain.fixtures and "classes" in entries[each].options:
                        self.classes_of_refused_furniture |= scalars(entries[each].options["classes"])
                built[each] = kind if kind is not None else stand_in(each)
        return {name: built[name] for name in entries}

    def vocabulary(self, domain: Domain) -> Vocabulary:
        """Return the words that skills may use; also those that have a problem, or that only such kinds have."""
        words = domain.vocabulary
        if not self.refused:
            return words
        known = words.objects | words.fixtures | words.rooms
        lacking = {word for word in (*domain.classes, *self.refused) if word not in known}
        furniture = lacking & (self.classes_of_refused_furniture | self.refused_furniture)
        return replace(
            words, objects=words.objects | (lacking - furniture), fixtures=words.fixtures | furniture,
            states=tuple(dict.fromkeys((*words.states, *self.refused))),
        )  # fmt: skip

    def in_order(
        self, name: str, like_of: dict[str, str | None], built: Collection[str], entries: dict[str, KindEntry]
    ) -> Iterator[str]:
        """Yield the kinds to build until one is built, the ones that others are like first; report a circle once."""
        chain: dict[str, None] = {}
        current: str | None = name
        while current in entries and current not in built and current not in chain:
            chain[current] = None
            current = like_of[current] if like_of[current] != current else None
        if current in chain:
            circle = [*chain][[*chain].index(current) :]
            shown = " like ".join((*circle[:6], *(["…"] if len(circle) > 6 else []), circle[0]))
            with self.reading(entries[current].file):
                entry = entries[current]
                node = entry.options.get("like", entry.node)
                self.problem(node, f"{current}: like: a circle, {shown}: say what one of them is like, or its size")
            for each in circle:
                like_of[each] = ""
        yield from reversed(chain)

    def like_of(self, entry: KindEntry, entries: Collection[str], known: Mapping[str, object]) -> str | None:
        """Return the kind that an entry is like; None if it says none, empty if that is wrong."""
        if "like" not in entry.options:
            return "" if entry.name.lower() in self.refused else None
        node, is_thing = entry.options["like"], known is self.domain.objects
        with self.reading(entry.file):
            word = self.text(node, f"{entry.name}: like")
            word = word and self.aliases.get(word.lower(), word)
            if word == entry.name and word not in known:
                self.problem(node, f"{word}: like: a circle, {word} like {word}: say what it is like, or its size")
                return ""
            if word is None or word in entries or word in known:
                return word or ""
            if word.lower() in self.refused:
                return ""
            lowered = {name.lower(): name for name in (*known, *entries)}
            if word.lower() in lowered:
                return lowered[word.lower()]
            meant = [name for name in names_of(word, "objects" if is_thing else "fixtures") if name in known]
            if len(meant) == 1:
                note = f"{word!r} is read as {meant[0]}"
                self.notes += [note] if note not in self.notes else []
                return meant[0]
            self.problem(node, f"{entry.name}: like: {self.no_kind(entry, word, meant, [*lowered.values()])}")
            return ""

    def no_kind(self, entry: KindEntry, word: str, meant: list[str], known: list[str]) -> str:
        """Return why no kind is like what a word names."""
        if len(meant) > 1:
            return f"{word!r} may be {' or '.join(map(repr, meant[:3]))}; write one of them"
        for table, own, what, key in (
            ("fixtures", self.names_of_furniture, "furniture, which stays where it is", "furniture"),
            ("objects", self.names_of_things, "a thing, which can be carried", "things"),
        ):
            kinds = self.domain.fixtures if table == "fixtures" else self.domain.objects
            others = [name for name in names_of(word, table) if name in kinds]
            if word in kinds or word in own or others:
                other = "" if word in kinds or word in own else f" ({others[0]})"
                return f"{word!r} is {what}{other}: list {entry.name!r} under `{self.called[key]}:`"
        members = self.domain.members.get(word) or self.domain.fixture_members.get(word)
        if members:
            return f"{word!r} is a class; name one of it, such as {members[0]!r}"
        others = [name for name in known if name != entry.name]
        return f"unknown kind {word!r}{nearest(word, others) or '; the built-in kinds are in envs/domain.yaml'}"

    def any_piece(self, name: str) -> FixtureCategory:
        """Return harmless furniture in place of a kind with a problem, so that its name gives no further message."""
        return FixtureCategory(
            name=name, body="cupboard", size=(0.5, 0.5, 0.9), rooms=self.domain.rooms, region=_ANY_SPACE, relation="in",
            joint="hinge", switch=True, wipeable=True, waterable=True,
        )  # fmt: skip


def scalars(node: yaml.Node) -> set[str]:
    """Return the words of a node that is a word or a list, as they are written."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return {each.value for each in nodes if isinstance(each, yaml.ScalarNode)}


def any_thing(name: str) -> ObjectCategory:
    """Return a harmless thing in place of a kind with a problem, so that its name gives no further message."""
    return ObjectCategory(
        name=name, shape="box", size=(0.01, 0.01, 0.01), color=(0.5, 0.5, 0.5), classes=(), at=(), holds=_ANY_SPACE,
        relation="in", fills=True, slices=True, cooks=True, folds=True,
    )  # fmt: skip
