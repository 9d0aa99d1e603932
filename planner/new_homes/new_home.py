"""`planner.home new`: a home from answers to a few questions; every question has an answer by default."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from envs.errors import nearest
from envs.files.safe_yaml import compose
from envs.scenes.home_files.contents import MAX_OBJECTS
from envs.scenes.home_files.entries import Item
from envs.scenes.home_files.household import MAX_PEOPLE, HouseholdReader
from envs.scenes.home_files.properties import MAX_COUNT
from envs.scenes.home_files.reader import MAX_FIXTURES
from envs.scenes.room_furnishing import choose_fixtures
from envs.scenes.scene_sampler import stocked_scene
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.symbolic.scene import ObjectSpec, Room, Scene
from planner.errors import InputError
from planner.new_homes.asking import NOTHING, Asker, numbered, numbers_in
from planner.new_homes.choosing import Chooser
from planner.new_homes.drafts import Draft, Piece
from planner.new_homes.entries import read_entry, spoken
from planner.new_homes.places import Places
from planner.new_homes.room_list import read_rooms, room_kind

USUAL_ROOMS = ("kitchen", "living room", "bedroom", "bathroom")
OBJECTS_PER_ROOM = 16
KEPT_STATES = frozenset(("cold", "folded"))  # of what is in a new home by default: it is tidy
MAX_OTHERS = 12  # pieces of furniture that are offered besides those by default
_PLACED = re.compile(r"(.+)\s+(?:in|on|at|inside|into|onto)\s+(?:the\s+)?(.+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is known before the first question.

    Attributes:
        name: The home's name.
        rooms: The list of rooms; None: it is asked for.
        people: Who lives there; None: it is asked for.
        seed: Determines what is offered by default, and the floor plan.
        domain: The kinds of things.
        domain_file: The file of that domain, as the home's file names it; empty for the built-in one.
    """

    name: str = "my home"
    rooms: str | None = None
    people: str | None = None
    seed: int = 0
    domain: Domain = field(default_factory=load_domain)
    domain_file: str = ""


def new_home(asker: Asker, wishes: Wishes) -> Draft:
    """Return a home as it is answered.

    Raises:
        InputError: What is known beforehand is wrong.
    """
    return _NewHome(asker, wishes).draft()


@dataclass
class _Offer:
    """Things that are offered by default, and where they are."""

    item: Item
    place: str


class _NewHome(Chooser):
    def __init__(self, asker: Asker, wishes: Wishes) -> None:
        super().__init__(asker, wishes.domain)
        self.wishes = wishes

    def draft(self) -> Draft:
        asker, wishes = self.asker, self.wishes
        asker.say("Each question is answered by Enter, too: with what stands in brackets.")
        rooms = self.rooms()
        draft = Draft(
            name=wishes.name,
            domain=self.domain,
            base=self.base,
            domain_file=wishes.domain_file,
            rooms=rooms,
            seed=wishes.seed,
        )
        rng = np.random.default_rng((wishes.seed, 3))
        absent = [self.domain.person] if self.domain.person else []
        kinds = [room.kind for room in rooms]
        chosen = choose_fixtures(rng, kinds, own_furniture(kinds, self.domain), absent, self.domain)
        n_usual = (MAX_FIXTURES - MAX_PEOPLE) // len(rooms)
        for room, categories in zip(rooms, chosen, strict=True):
            items = self.furniture(room, categories[:n_usual])
            free = MAX_FIXTURES - MAX_PEOPLE - len(draft.fixtures())
            if len(items) > free:
                self.asker.say(
                    f"  A home has at most {MAX_FIXTURES - MAX_PEOPLE} pieces of furniture; the last are left out."
                )
            draft.furniture[room.name] = [Piece(item=item) for item in items[:free]]
        draft.people, homes_of = self.people(rooms)
        stocked = self.stocked(draft)
        for room_name in homes_of if self.domain.person else ():
            draft.furniture[room_name].append(Piece(item=Item(line=0, category=str(self.domain.person))))
        places = Places(draft.fixtures(), self.domain)
        for room in rooms:
            self.things(room, list(_offers(stocked, room)), draft, places)
        draft.domain = self.domain
        return draft

    # -- rooms and furniture -------------------------------------------------------------------------------------------

    def rooms(self) -> list[Room]:
        if self.wishes.rooms is not None:
            return read_rooms(self.wishes.rooms, self.domain)
        self.asker.say(f"Kinds of rooms: {', '.join(self.domain.rooms)}.")
        usual = [kind for kind in USUAL_ROOMS if kind in self.domain.rooms] or self.domain.rooms[:4]
        return self.asker.ask_until(
            "Which rooms are there?", ", ".join(usual), lambda text: read_rooms(text, self.domain, self.kind_of_room)
        )

    def kind_of_room(self, name: str) -> str:
        kinds = self.domain.rooms

        def read(text: str) -> str:
            if (numbers := numbers_in(text, len(kinds))) is not None:
                return kinds[numbers[0]]
            kind = room_kind(text, self.domain)
            if kind is None:
                raise InputError(f"{text!r} is no kind of room{nearest(text, kinds)}")
            return kind

        for line in numbered(kinds):
            self.asker.say(line)
        likely = nearest_kind(name, kinds)
        return self.asker.ask_until(f"What kind of room is the {name!r}?", likely, read)

    def furniture(self, room: Room, categories: Sequence[str]) -> list[Item]:
        """Ask what stands in a room; return its furniture, piece by piece."""
        usual = Counter(categories)
        others = [
            name
            for name, kind in self.domain.fixtures.items()
            if room.kind in kind.rooms and name not in usual and not kind.underfoot and name != self.domain.person
        ][:MAX_OTHERS]
        offers = [Item(line=0, category=name, count=number) for name, number in usual.items()]
        offers += [Item(line=0, category=name) for name in others]
        self.offer([spoken(item) for item in offers], "1-4, 2 cabinets, aquarium", "+ radio, - 3")
        question = f"What stands in {_the(room.name)}?"
        items: list[Item] = []
        for item in self.chosen(question, offers, len(usual), "fixtures", ()):
            if item.category == self.domain.person:
                self.asker.say("  People are asked for next.")
            else:
                items += [replace(item, count=1)] * item.count
        return items

    # -- people --------------------------------------------------------------------------------------------------------

    def people(self, rooms: Sequence[Room]) -> tuple[tuple[str, ...], list[str]]:
        """Return who lives there, those with a place first, and the rooms of those."""
        self.asker.say("")
        if self.wishes.people is not None:
            names = self.names(self.wishes.people)
        else:
            names = self.asker.ask_until("Who lives there? (names, such as `Anna, Ben`)", "nobody by name", self.names)
        if not names:
            return (), []
        room_names = [room.name for room in rooms]
        living = next((room.name for room in rooms if room.kind == "living room"), room_names[0])
        where: dict[str, str] = {}
        for k, name in enumerate(names):
            default = living if k == 0 else "nowhere"
            place = self.asker.ask_until(
                f"In which room can {name} be handed things?", default, lambda text: _room(text, room_names)
            )
            if place is not None:
                where[name] = place
        placed = sorted(where, key=lambda name: room_names.index(where[name]))
        return (*placed, *(name for name in names if name not in where)), [where[name] for name in placed]

    def names(self, text: str) -> tuple[str, ...]:
        if text.lower() in (*NOTHING, "nobody by name"):
            return ()
        reader = HouseholdReader(self.domain)
        parts = [" ".join(part.split()) for part in re.split(r"[,;]|\band\b", text) if part.strip()]
        node = compose(json.dumps([part[:1].upper() + part[1:] for part in parts], ensure_ascii=False))
        assert node is not None
        names = reader.read_people(node)
        if reader.problems:
            raise InputError(reader.problems[0].text)
        return names

    # -- things --------------------------------------------------------------------------------------------------------

    def stocked(self, draft: Draft) -> Scene:
        """Return the home with what is in it by default."""
        furniture = [(room, [piece.item.category for piece in draft.furniture[room.name]]) for room in draft.rooms]
        return stocked_scene(self.wishes.seed, furniture, OBJECTS_PER_ROOM * len(draft.rooms), self.domain)

    def things(self, room: Room, offers: list[_Offer], draft: Draft, places: Places) -> None:
        """Ask what is in a room, and put it where it belongs."""
        example = f"{draft.people[0]}'s red mug" if draft.people else "red mug"
        options = [f"{spoken(offer.item)} ({offer.place})" for offer in offers]
        self.offer(options, f"1-5, 2 forks, {example} on dining table", "+ 6 eggs in fridge, - 3")
        choice = self.ask_choice(f"What is in {_the(room.name)}?", len(offers), len(offers))
        dropped = self.dropped(choice, [offer.item for offer in offers], "objects", draft.people)
        for picked in choice.picked:
            if isinstance(picked, int):
                if picked not in dropped:
                    self.put(offers[picked].item, offers[picked].place, room, draft, places)
                continue
            words, place = self.split_place(picked, room, places)
            item = self.item(words, "objects", draft.people)
            if item is not None:
                self.put(item, place, room, draft, places)

    def split_place(self, words: str, room: Room, places: Places) -> tuple[str, str]:
        """Split the place off the end of words: `2 forks in drawer 1`; empty if they name none."""
        match = _PLACED.fullmatch(words)
        place = self.place(match[2], room, places) if match else None
        return (match[1], place) if match and place else (words, "")

    def place(self, words: str, room: Room, places: Places) -> str | None:
        """Return the piece of furniture that words name, of this room if there is one; None if there is none."""
        low = " ".join(words.split())
        if low in places.fixtures:
            return low
        entry = read_entry(low, "fixtures", self.domain)
        kinds = (
            {entry.category} if isinstance(entry, Item) else set(spoken_words(self.domain).names_of(low, "fixtures"))
        )
        named = [fixture for fixture in places.fixtures.values() if fixture.category in kinds]
        named.sort(key=lambda fixture: fixture.room != room.name)  # stable: the first of this room
        return named[0].name if named else None

    def put(self, item: Item, place: str, room: Room, draft: Draft, places: Places) -> None:
        """Put things at a place, or where such things usually are and find room."""
        places.domain = self.domain  # which may have got a kind of its own since
        rooms = [room.name, *(other.name for other in draft.rooms if other.name != room.name)]
        usual = places.usual(item, rooms)
        n_held = sum(_number(piece.item) for pieces in draft.contents.values() for piece in pieces)
        left = item.count
        if n_held + _number(item) > MAX_OBJECTS:
            self.asker.say(f"  A home has at most {MAX_OBJECTS} things; {spoken(item)} is left out.")
            return
        for name in dict.fromkeys([place, *usual] if place else usual):
            number = min(left, places.room_for(item, name), MAX_COUNT)
            if number > 0:
                part = replace(item, count=number)
                places.take(part, name)
                draft.add(name, part)
                left -= number
            elif name == place:
                self.asker.say(f"  {spoken(item)}: no room at {place}; put where it usually is.")
            if left == 0:
                return
        self.asker.say(f"  {spoken(replace(item, count=left))}: no furniture has room for it; left out.")


def own_furniture(kinds: Sequence[str], domain: Domain) -> Counter[str]:
    """Return one of each kind of furniture for some rooms that only this domain has, and no table of it furnishes."""
    listed = {name for table in domain.sampling.furniture.values() for name in table} | load_domain().fixtures.keys()
    return Counter(
        name
        for name, kind in domain.fixtures.items()
        if name not in listed and not kind.underfoot and not kind.is_room and kind.relation != "with"
        if not set(kinds).isdisjoint(kind.rooms)
    )


def nearest_kind(name: str, kinds: Sequence[str]) -> str:
    """Return the kind of room that a name most likely is: the hall if nothing tells."""
    words = name.lower().split()
    likely = [kind for kind in kinds if kind.split()[-1] in words or kind.split()[0] in words]
    return (likely or [kind for kind in kinds if kind == "hall"] or list(kinds))[0]


def _room(text: str, names: Sequence[str]) -> str | None:
    if text.lower() in (*NOTHING, "nowhere"):
        return None
    match = next((name for name in names if name.lower() == text.lower().removeprefix("the ")), None)
    if match is None:
        raise InputError(f"no room is called {text!r}{nearest(text, names)}; there is {', '.join(names)}, or nowhere")
    return match


def _offers(scene: Scene, room: Room) -> Iterator[_Offer]:
    """Yield what is in a room of a stocked home, tidy: the same things at a place counted."""
    contents: dict[str, list[ObjectSpec]] = {}
    for thing in scene.objects:
        contents.setdefault(thing.place, []).append(thing)
    for fixture in scene.fixtures:
        if fixture.room == room.name:
            yield from (_Offer(item, fixture.name) for item in _items(contents.get(fixture.name, []), contents))


def _items(things: Sequence[ObjectSpec], contents: dict[str, list[ObjectSpec]]) -> list[Item]:
    items: list[Item] = []
    for thing in things:
        if "dirty" in thing.states:
            continue
        holds = _items(contents.get(thing.name, []), contents)
        item = Item(line=0, category=thing.category, states=thing.states & KEPT_STATES, holds=holds)
        alike = next((other for other in items if replace(other, count=1) == item and not holds), None)
        if alike is not None:
            alike.count += 1
        else:
            items.append(item)
    return items


def _number(item: Item) -> int:
    """Return how many things an entry is, with what they hold."""
    return item.count + sum(map(_number, item.holds))


def _the(room: str) -> str:
    return room if re.search(r"['’]s |\d$", room) else f"the {room}"
