"""`planner.home from-seen`: a home from what the names of pictures tell, and from what sight sees in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from envs.scenes.home_files.contents import MAX_OBJECTS
from envs.scenes.home_files.entries import EntryReader, Item
from envs.scenes.home_files.properties import MAX_COUNT
from envs.scenes.home_files.reader import MAX_FIXTURES
from envs.symbolic.domain import Domain, FixtureCategory, ObjectCategory, fits_in, load_domain
from envs.symbolic.scene import FixtureSpec, Room
from planner.errors import InputError
from planner.io.terminal import printable
from planner.new_homes.drafts import Draft, Piece, home_text
from planner.new_homes.listings import Picture, read_listing, sources
from planner.new_homes.looking import Looked, look_at
from planner.new_homes.picture_names import Mention, Told, told_by
from planner.new_homes.places import Places
from planner.new_homes.room_list import MAX_ROOMS

MAX_NOTES = 60
MAX_NAME = 90  # characters of a picture's name in a comment


def seen_home_text(
    parts: Sequence[str],
    *,
    name: str,
    look: bool,
    comments: Sequence[str],
    domain: Domain | None = None,
    domain_file: str = "",
) -> str:
    """Return the text of the file of a home that pictures show.

    Args:
        parts: What lists the pictures and rooms (`listings.py`).
        name: The home's name.
        look: Whether the pictures are looked at, too.
        comments: What stands above the home.
        domain: The kinds of things; by default the built-in ones.
        domain_file: The file of that domain, as the home's file names it.

    Raises:
        InputError: The list is no list, or tells of no home.
    """
    domain = domain or load_domain()
    listing = read_listing(parts, domain)
    pictures = list(listing.pictures.values())
    if not pictures and not listing.rooms:
        raise InputError("the list has no picture and no room; name a folder of pictures, or write: kitchen, bedroom")
    looked = look_at(pictures) if look else {}
    home = _SeenHome(domain, name, list(listing.rooms))
    for picture in pictures:
        home.read(picture, looked.get(picture.name))
    draft = home.draft()
    draft.domain_file = domain_file
    if not draft.rooms:
        raise InputError(
            f"{_counted(len(pictures), 'picture')}, but no name tells of a room or furniture; list the rooms, too"
        )
    notes = list(home.notes())
    heading = [f"From {_counted(len(pictures), 'picture')}; behind '#' stands which.", *notes]
    return home_text(draft, [*comments, *heading])


@dataclass
class _Fixture:
    """A piece of furniture, and the pictures that show it."""

    category: str
    number: int
    properties: tuple[str, ...]
    states: frozenset[str]
    pictures: list[str] = field(default_factory=list)
    is_guess: bool = False  # whether it is there for things of its room that have no other place


@dataclass
class _Thing:
    """Things, where they are, and the pictures that show them."""

    item: Item
    room: str
    fixture: _Fixture | None
    pictures: list[str]
    is_room_told: bool


class _SeenHome:
    def __init__(self, domain: Domain, name: str, rooms: list[Room]) -> None:
        self.domain, self.name, self.rooms = domain, name, rooms
        self.reader = EntryReader(domain)
        self.furniture: dict[str, list[_Fixture]] = {room.name: [] for room in rooms}
        self.called: dict[str, Room] = {}  # the room that pictures mean by each name
        self.things: list[_Thing] = []
        self.left_out: dict[str, list[str]] = {}  # reason, and what it is about

    # -- pictures ------------------------------------------------------------------------------------------------------

    def read(self, picture: Picture, looked: Looked | None) -> None:
        """Add what a picture's name tells, and what was seen in it."""
        told = told_by(picture.name, self.domain)
        name = _short(picture.name)
        words = [*told.unknown, *(() if told.room else told.unknown_folders)]
        mentions = [m for m in told.mentions if not self.is_person(m)]
        listing = None if looked is None else looked.listing
        if not mentions and not told.room and listing is None:
            reason = f"no known word ({', '.join(words[:3])})" if words else "the name tells nothing"
            self.leave_out(reason, name)
            if looked is not None and looked.doubt:
                self.leave_out(f"not recognized: {looked.doubt}", name)
            return
        if words:
            self.leave_out(f"unknown word {words[0]!r}: if it is yours, add it under `furniture:` or `things:`", name)
        if looked is not None and looked.doubt:
            self.leave_out(f"not recognized: {looked.doubt}", name)
        room = self.room(told, mentions, listing.furniture if listing is not None else None)
        if room is None:
            self.leave_out(f"more than {MAX_ROOMS} rooms", name)
            return
        fixtures = [self.fixture(mention, room, name) for mention in mentions if mention.table == "fixtures"]
        at = fixtures[0] if fixtures else None
        if listing is not None:
            at = self.seen(listing.furniture, listing.states, at, room, name)
        for mention in mentions:
            if mention.table == "objects":
                self.thing(mention, room, at, name, is_room_told=bool(told.room))
        if listing is not None and at is not None and at.category == listing.furniture:
            counts = Counter((thing.category, thing.states) for thing in listing.things)
            for (category, states), number in counts.items():
                item = Item(line=0, category=category, count=number, states=frozenset(states))
                self.add_thing(item, room.name, at, name, is_room_told=bool(told.room))

    def is_person(self, mention: Mention) -> bool:
        return mention.table == "fixtures" and mention.meanings[0] == self.domain.person

    def room(self, told: Told, mentions: Sequence[Mention], seen: str | None) -> Room | None:
        """Return the room of a picture: the one that is told, or one where such furniture usually is."""
        if told.room:
            return self.room_called(told.room, told.kind, is_own=told.is_own_room)
        words = [m.meanings[0] for m in mentions if m.table == "fixtures"] + ([seen] if seen else [])
        kinds = [kind for word in words for kind in self.domain.fixtures[word].rooms]
        if not kinds:
            at = [place for m in mentions for place in self.domain.objects[m.meanings[0]].at]
            kinds = [kind for place in at for kind in self.domain.fixtures[place].rooms]
        for kind in kinds:
            known = next((room for room in self.rooms if room.kind == kind), None)
            if known is not None:
                return known
        if self.rooms and not words:
            return self.rooms[0]
        kind = (kinds or list(self.domain.rooms))[0]
        return self.room_called(kind, kind)

    def room_called(self, name: str, kind: str, *, is_own: bool = False) -> Room | None:
        """Return the room that a picture calls so: a known one, or a new one; None if there are too many."""
        of_kind = [room for room in self.rooms if room.kind == kind]
        if name not in self.called:
            plain = [room for room in of_kind if room.name.removeprefix(kind).strip(" 0123456789") == ""]
            free = [room for room in plain if room not in self.called.values()]
            known = [room for room in self.rooms if room.name == name] or (free if is_own and name != kind else plain)
            known = known or ([] if is_own else of_kind)
            if not known:
                if len(self.rooms) == MAX_ROOMS:
                    return None
                known = [Room(name=name, kind=kind, rect=(0.0, 0.0, 0.0, 0.0))]
                self.rooms += known
                self.furniture[name] = []
            self.called[name] = known[0]
        return self.called[name]

    def fixture(self, mention: Mention, room: Room, picture: str) -> _Fixture:
        """Return the piece of furniture that is mentioned: one of the room that is called alike, or a new one."""
        here = [fixture.category for fixture in self.furniture[room.name]]
        meanings = sorted(
            mention.meanings,
            key=lambda m: (room.kind not in self.domain.fixtures[m].rooms, m not in here),
        )
        category = meanings[0]
        states = self.states(mention, category)
        properties = _one_of_each(mention.properties, self.domain)
        first = None
        for number in range(max(mention.number, 1), max(mention.number, 1) + mention.count):
            fixture = self.matching(room.name, category, number, mention.number, properties)
            if fixture is None:
                taken = [f.number for f in self.furniture[room.name] if f.category == category]
                own_number = max(taken, default=0) + 1 if number in taken else number
                fixture = _Fixture(category, own_number, properties, states)
                self.furniture[room.name].append(fixture)
            fixture.states |= states
            fixture.properties = fixture.properties or properties
            if picture not in fixture.pictures:
                fixture.pictures.append(picture)
            first = first or fixture
        assert first is not None
        return first

    def states(self, mention: Mention, category: str) -> frozenset[str]:
        """Return the states that are told and that such things can have, without those that exclude an earlier one."""
        states: list[str] = []
        for state in mention.states:
            is_excluded = any(state in pair and set(pair) & set(states) for pair in self.domain.exclusive)
            if state in self.reader.possible_states(category) and not is_excluded:
                states.append(state)
        return frozenset(states)

    def matching(
        self, room: str, category: str, number: int, given: int, properties: tuple[str, ...]
    ) -> _Fixture | None:
        """Return the known piece that a mention means: of its number, or of its looks."""
        alike = [fixture for fixture in self.furniture[room] if fixture.category == category]
        if given == 0 and properties:
            same = [fixture for fixture in alike if fixture.properties in ((), properties)]
            return same[0] if same else None
        return next((fixture for fixture in alike if fixture.number == number), None)

    def seen(self, furniture: str, states: Sequence[str], at: _Fixture | None, room: Room, picture: str) -> _Fixture:
        """Return the piece of furniture that a picture shows, as it is told or, if it is not, as it is seen."""
        if at is None:
            at = self.fixture(Mention(meanings=(furniture,), table="fixtures"), room, picture)
        elif at.category != furniture:
            self.leave_out(f"sight sees a {furniture} where the name says {at.category}; the name counts", picture)
            return at
        at.states |= {state for state in states if self.domain.fixtures[at.category].can_be(state)}
        return at

    def thing(self, mention: Mention, room: Room, at: _Fixture | None, picture: str, *, is_room_told: bool) -> None:
        category = mention.meanings[0]
        item = Item(
            line=0, category=category, count=mention.count, states=self.states(mention, category),
            properties=_one_of_each(mention.properties, self.domain),
        )  # fmt: skip
        self.add_thing(item, room.name, at, picture, is_room_told=is_room_told)

    def add_thing(self, item: Item, room: str, at: _Fixture | None, picture: str, *, is_room_told: bool) -> None:
        """Add things, unless another picture shows the same ones there: then there are as many as most of them show."""
        for thing in self.things:
            if thing.fixture is at and thing.room == room and replace(thing.item, count=1) == replace(item, count=1):
                thing.item = replace(thing.item, count=max(thing.item.count, item.count))
                if picture not in thing.pictures:
                    thing.pictures.append(picture)
                return
        self.things.append(_Thing(item, room, at, [picture], is_room_told))

    def leave_out(self, reason: str, subject: str) -> None:
        subjects = self.left_out.setdefault(reason, [])
        if subject not in subjects:
            subjects.append(subject)

    # -- the home ------------------------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        """Return the home, with each thing where it has room."""
        self.furnish()
        draft = Draft(name=self.name, domain=self.domain, base=self.domain, rooms=self.rooms)
        names: dict[int, str] = {}
        numbers: Counter[str] = Counter()
        n_fixtures = 0
        for room in self.rooms:
            pieces = draft.furniture.setdefault(room.name, [])
            order = list(dict.fromkeys(fixture.category for fixture in self.furniture[room.name]))
            for fixture in sorted(self.furniture[room.name], key=lambda f: (order.index(f.category), f.number)):
                if n_fixtures == MAX_FIXTURES:
                    self.leave_out(f"more than {MAX_FIXTURES} fixtures", fixture.category)
                    continue
                n_fixtures += 1
                numbers[fixture.category] += 1
                names[id(fixture)] = f"{fixture.category} {numbers[fixture.category]}"
                item = Item(line=0, category=fixture.category, states=fixture.states, properties=fixture.properties)
                seen = ", ".join(sources(fixture.pictures))
                pieces.append(Piece(item=item, comment=f"guessed, for {seen}" if fixture.is_guess else seen))
        places = Places(draft.fixtures(), self.domain)
        n_objects = 0
        for thing in self.things:
            left = min(thing.item.count, MAX_OBJECTS - n_objects)
            own = names.get(id(thing.fixture)) if thing.fixture is not None else None
            rooms = [thing.room, *(room.name for room in self.rooms if room.name != thing.room)]
            usual = places.usual(thing.item, rooms)
            for name in dict.fromkeys([own, *usual] if own else usual):
                number = min(left, places.room_for(thing.item, name), MAX_COUNT)
                if number > 0:
                    part = replace(thing.item, count=number)
                    places.take(part, name)
                    draft.add(name, part, self.comment(thing, name, own, places.fixtures[name]))
                    left, n_objects = left - number, n_objects + number
                if left == 0:
                    break
            if left:
                what = thing.item.category if left == 1 else f"{left} {thing.item.category}"
                self.leave_out(f"no furniture has room for: {what}", thing.pictures[0])
        return draft

    def furnish(self) -> None:
        """Give a room a usual surface for things that are told to be there and could be nowhere else in it."""
        for thing in self.things:
            kind = next(room.kind for room in self.rooms if room.name == thing.room)
            category = self.domain.objects[thing.item.category]
            rooms = [thing.room] if thing.is_room_told else [room.name for room in self.rooms]
            pieces = [self.domain.fixtures[fixture.category] for room in rooms for fixture in self.furniture[room]]
            if thing.fixture is not None or any(_may_be(category, piece) for piece in pieces):
                continue
            usual = sorted(self.domain.fixtures.values(), key=lambda piece: piece.name not in category.at)  # stable
            surface = next((f.name for f in usual if kind in f.rooms and _is_surface(f)
                            and _may_be(category, f)), None)  # fmt: skip
            if surface is not None:
                piece = _Fixture(surface, 1, (), frozenset(), list(thing.pictures), is_guess=True)
                self.furniture[thing.room].append(piece)

    def comment(self, thing: _Thing, name: str, own: str | None, fixture: FixtureSpec) -> str:
        """Return where things come from, and whether their place is a guess."""
        is_guess = name != own
        where = "" if not is_guess else "; place guessed" if fixture.room == thing.room else "; room and place guessed"
        return ", ".join(sources(thing.pictures)) + where

    def notes(self) -> Iterator[str]:
        """Yield what could not be used, a line for each reason."""
        if self.left_out:
            yield "Not placed or not certain:"
        for reason, subjects in list(self.left_out.items())[:MAX_NOTES]:
            yield printable(f"  {', '.join(sources(subjects))}: {reason}")
        if len(self.left_out) > MAX_NOTES:
            yield f"  and {len(self.left_out) - MAX_NOTES} more"


def _is_surface(piece: FixtureCategory) -> bool:
    return piece.relation == "on" and not piece.accepts and not piece.underfoot


def _may_be(category: ObjectCategory, piece: FixtureCategory) -> bool:
    """Whether a thing may be at furniture that nobody told of: where such things are kept, or on a surface."""
    return (piece.name in category.at or _is_surface(piece)) and fits_in(category, piece)


def _one_of_each(properties: Sequence[str], domain: Domain) -> tuple[str, ...]:
    """Return at most one property of each kind, in the domain's order."""
    chosen: dict[str, str] = {}
    for name in properties:
        chosen.setdefault(domain.property_group[name], name)
    return tuple(chosen[group] for group in domain.properties if group in chosen)


def _short(name: str) -> str:
    text = printable(" ".join(name.split()))
    return text if len(text) <= MAX_NAME else f"…{text[-MAX_NAME:]}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
