"""Reads what is where in a home file: the entries under `objects`, and checks that each finds room at its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

import yaml

from envs.errors import nearest
from envs.scenes.home_files.entries import EntryReader, Item
from envs.symbolic.described_kinds import category_of, fixture_of
from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory, capacity_of, fits_in
from envs.symbolic.scene import FixtureSpec, ObjectSpec, Room

MAX_OBJECTS = 2000
_NUMBER = re.compile(r" \d+$")  # of an instance
SHOWN_NAMES = 12  # names that a message shows of a longer list


class ContentsReader(EntryReader):
    """Reads the objects of a home; its rooms and fixtures are read before."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        self.rooms: list[Room] = []
        self.fixtures: list[FixtureSpec] = []
        self.objects: list[ObjectSpec] = []
        self.properties_of: dict[str, tuple[str, ...]] = {}
        self.limited_by_like: set[str] = set()  # own furniture that takes only what the furniture does that it is like
        self.container_of: dict[str, ObjectCategory] = {}  # the category of each object, as its properties make it

    @property
    def room_kinds(self) -> tuple[str, ...]:
        """The kinds of rooms."""
        return self.domain.rooms

    @property
    def categories(self) -> dict[str, str]:
        """The category of each fixture by its name."""
        return {f.name: f.category for f in self.fixtures}

    def read_objects(self, node: yaml.Node) -> None:
        """Read the objects at each place."""
        entries: list[tuple[str, int, list[Item]]] = []
        for place, key, value in self.pairs(node, "objects"):
            entries.append((place, key.start_mark.line + 1, self.object_items(value, place)))
        all_items: list[Item] = []
        waiting = [item for _, _, items in entries for item in items]
        while waiting:
            item = waiting.pop(0)
            all_items.append(item)
            waiting[:0] = item.holds
        names = self.name_all(all_items, MAX_OBJECTS, "objects")
        places = self.categories | {name: item.category for item in all_items for name in names[id(item)]}
        self.properties_of |= {name: item.properties for item in all_items for name in names[id(item)]}
        contents: dict[str, list[tuple[Item, str]]] = {}
        for word, line, items in entries:
            holder = self.place_name(word, line, places)
            if holder is not None:
                self.collect_contents(items, holder, names, contents)
        order = [f.name for f in self.fixtures]
        for place in order:  # the list grows in the loop: containers come before their contents
            self.add_contents(place, places[place], contents.get(place, []))
            order += [name for _, name in contents.get(place, [])]
        self.check_loops({name: place for place, held_items in contents.items() for _, name in held_items})

    def check_loops(self, place_of: dict[str, str]) -> None:
        """Check that nothing is inside itself."""
        checked: set[str] = set()
        for name in place_of:
            chain: dict[str, None] = {}
            place = name
            while place in place_of and place not in checked and place not in chain:
                chain[place] = None
                place = place_of[place]
            checked.update(chain)
            if place in chain:
                loop = list(chain)[list(chain).index(place) :]
                shown = loop if len(loop) <= SHOWN_NAMES else [*loop[:SHOWN_NAMES], "…"]
                self.problem(self.lines.get(place), f"{place} is inside itself: {' in '.join((*shown, place))}")

    def collect_contents(
        self, items: list[Item], place: str, names: dict[int, list[str]], contents: dict[str, list[tuple[Item, str]]]
    ) -> None:
        """Collect what is directly at each place, with what it holds."""
        for item in items:
            for name in names[id(item)]:
                contents.setdefault(place, []).append((item, name))
            if item.holds and names[id(item)]:
                self.collect_contents(item.holds, names[id(item)][0], names, contents)

    def add_contents(self, place: str, category: str, contents: list[tuple[Item, str]]) -> None:
        """Add the objects directly at a place, and check that they can be there."""
        domain, n_cells_used = self.domain, 0
        holder = self.container_of.get(place) or next(fixture_of(f, domain) for f in self.fixtures if f.name == place)
        capacity = capacity_of(holder)
        placed: Counter[str] = Counter()
        left: dict[int, tuple[Item, list[str]]] = {}  # what finds no room, by entry
        reported: set[int] = set()  # an entry of several objects is reported once
        for item, name in contents:
            spec = ObjectSpec(
                name=name,
                category=item.category,
                place=place,
                states=item.states,
                liquid=item.liquid or domain.objects[item.category].contains,
                properties=item.properties,
            )
            own_category = self.container_of[name] = category_of(spec, domain)
            units = own_category.units
            usual_text = f"a usual place is: {', '.join(domain.objects[item.category].at)}"
            if category in self.limited_by_like and not fits_in(own_category, holder):
                holder = self.without_limit(category, own_category, holder)
                domain = self.domain
            problem = ""
            if capacity == 0:
                problem = f"{name}: nothing can be put in or on {place}; {usual_text}"
            elif not fits_in(own_category, holder):
                accepts = domain.fixtures[category].accepts if category in domain.fixtures else ()
                is_accepted = not accepts or not {
                    own_category.name,
                    own_category.like,
                    *own_category.classes,
                }.isdisjoint(accepts)
                why = _too_big(own_category, holder, place)
                why = why if is_accepted else f"; a {category} takes only: {', '.join(accepts)}"
                problem = f"{name} does not fit {domain.relation(category)} {place}{why}; {usual_text}"
            elif n_cells_used and n_cells_used + units > capacity:
                left.setdefault(id(item), (item, []))[1].append(name)
            else:
                n_cells_used += units
                placed[item.category] += 1
            if problem and id(item) not in reported and item.category.lower() not in self.refused:
                reported.add(id(item))
                self.problem(item.line, problem)
            self.objects.append(spec)
        taken = " and ".join(f"{number} {kind}" for kind, number in placed.items())
        where = f"{domain.relation(category)} {place}: it is full with {taken}"
        for item, names in left.values():
            part = "" if len(names) == item.count else f"{len(names)} of the "
            what = names[0] if item.count == 1 else f"{part}{item.count} {item.category}"
            usual = [kind for kind in domain.objects[item.category].at if kind != category]
            elsewhere = f"; other usual places are: {', '.join(usual)}" if usual else ""
            self.problem(item.line, f"no room for {what} {where}{elsewhere}")

    def without_limit(
        self, category: str, thing: ObjectCategory, holder: ObjectCategory | FixtureCategory
    ) -> ObjectCategory | FixtureCategory:
        """Return own furniture as it takes all that fits: the file says that more is in it than in what it is like.

        A toy chest is like a laundry basket, and has toys in it.
        """
        unlimited = replace(holder, accepts=()) if isinstance(holder, FixtureCategory) else holder
        if not fits_in(thing, unlimited):
            return holder
        self.limited_by_like.discard(category)
        fixture = replace(self.domain.fixtures[category], accepts=())
        self.domain = self.domain.extended(fixtures={category: fixture})
        return unlimited

    def place_name(self, word: str, line: int, places: dict[str, str]) -> str | None:
        """Return the place that a key under `objects` names, or report that there is none."""
        if word in places:
            return word
        candidates = [name for name, category in places.items() if category == word]
        if not candidates and all(room.name != word for room in self.rooms):
            candidates = self.meant_places(word, places)
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            self.problem(line, f"which {word}? There are {listed(candidates)}")
        elif not self.is_unread(word):
            self.problem(line, f"no place is called {word!r}{self.place_hint(word, places)}")
        return None

    def meant_places(self, word: str, places: dict[str, str]) -> list[str]:
        """Return the places that a description means: `couch`, `table 2`, `white cabinet`, `desk in bedroom`."""
        text, _, room = word.rpartition(" in ")
        rooms = {r.name for r in self.rooms if r.name == room} or {r.name for r in self.rooms if r.kind == room}
        in_room = {f.name for f in self.fixtures if f.room in rooms}
        text, in_room = (text, in_room) if text and in_room else (word, set(places))
        match = re.fullmatch(r"(.*\D)( \d+)", text)
        description, number = (match[1], match[2]) if match else (text, "")
        properties, noun = self.split_properties(description, {*self.domain.fixtures, *self.domain.objects})
        meant = (
            {noun} if noun in places.values() else {*self.names_of(noun, "fixtures"), *self.names_of(noun, "objects")}
        )
        names = [
            name
            for name, category in places.items()
            if category in meant and name.endswith(number) and name in in_room
            and {*properties} <= {*self.properties_of.get(name, ())}
        ]  # fmt: skip
        if number and len({places[name] for name in names}) > 1:
            return []
        if len(names) == 1:
            self.note_word(noun, places[names[0]])
        return names

    def is_unread(self, place: str) -> bool:
        """Whether a place is missing because its own entry has a problem, which is reported there."""
        category = _NUMBER.sub("", place)
        for text in self.unread:
            words = text.split()
            nouns = [" ".join(words[i:]) for i in range(len(words))]
            if f" {category} " in f" {text} " or get_close_matches(category, nouns, n=1, cutoff=0.8):
                return True
            if any(category in self.names_of(noun, "fixtures") for noun in nouns):
                return True
        return False

    def place_hint(self, word: str, places: dict[str, str]) -> str:
        """Return a hint about a word that is no place."""
        fixtures = [f.name for f in self.fixtures if f.room == word]
        if fixtures or word in self.room_kinds or any(room.name == word for room in self.rooms):
            example = f", such as {fixtures[0]!r}" if fixtures else ""
            return f"; this is a room: name a fixture in it{example}"
        category = _NUMBER.sub("", word)
        instances = [name for name, instance_category in places.items() if instance_category == category]
        if instances:
            return f"; there is {listed(instances)}"
        meant = [name for name, known in places.items() if known in self.names_of(category, "fixtures")]
        if category not in self.domain.fixtures and meant:
            return f"; did you mean {listed(meant)}?"
        for fixture in self.names_of(category, "fixtures"):
            return f"; no room has a {fixture}: list it under `rooms:`"
        if category in self.domain.objects:
            return f"; there is no {category}: list it at its own place too"
        return nearest(word, places) or "; a place is a fixture or an object that holds things"


def _too_big(thing: ObjectCategory, holder: ObjectCategory | FixtureCategory, place: str) -> str:
    """Return the sizes of a thing and of the room at a place, in centimeters."""
    region = holder.holds if isinstance(holder, ObjectCategory) else holder.region
    if region is None or thing.name == holder.name:
        return f": no {thing.name} goes into another"

    def in_cm(size: Iterable[float]) -> str:
        return " x ".join(f"{100 * length:.0f}" for length in size)

    if isinstance(holder, ObjectCategory):
        room, where = in_cm(region.size[:2]), f"{place} inside"
    else:
        room, where = in_cm(region.size), "the room there"
    return f": it is {in_cm(thing.size)} cm, and {where} is {room} cm"


def listed(names: list[str]) -> str:
    """Return names for a message, the first few of many."""
    rest = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + rest
