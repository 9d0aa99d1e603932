"""What an answer chooses, and nouns that the domain lacks: what is a blender like? That makes a kind of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from envs.files.yaml_nodes import HomeFileError
from envs.scenes.home_file import parse_home
from envs.scenes.home_files.entries import Item
from envs.symbolic.domain import Domain
from envs.symbolic.kinds.names import KindNames
from envs.symbolic.kinds.spoken_words import spoken_words
from envs.symbolic.kinds.writing import kinds_text, word
from planner.errors import InputError
from planner.new_homes.asking import NOTHING, Asker, Choice, numbered, numbers_in, read_choice
from planner.new_homes.entries import Table, Unread, read_entry

MAX_OPTIONS = 8
MIN_LIKENESS = 0.8  # of two spellings
# What most things that a home has besides the built-in ones are like, if nothing in their name tells.
COMMON: dict[Table, tuple[str, ...]] = {
    "fixtures": ("side table", "shelf", "cabinet", "cart", "countertop", "floor lamp", "dining table"),
    "objects": ("box", "book", "cup", "spray bottle", "cloth", "ball", "remote control", "basket"),
}


def likely_kinds(noun: str, table: Table, domain: Domain) -> list[str]:
    """Return the kinds that something may be like, the likeliest first: a dog bowl is like a bowl."""
    known = domain.fixtures if table == "fixtures" else domain.objects
    words = noun.lower().split()
    kinds: dict[str, None] = {}
    for k in range(1, len(words)):
        kinds |= dict.fromkeys(spoken_words(domain).names_of(" ".join(words[k:]), table))
    for k in range(len(words) - 1, 0, -1):
        kinds |= dict.fromkeys(spoken_words(domain).names_of(" ".join(words[:k]), table))
    kinds |= dict.fromkeys(get_close_matches(noun.lower(), known, n=3, cutoff=0.75))
    kinds |= dict.fromkeys(name for name in COMMON[table] if name in known)
    kinds |= dict.fromkeys(known)
    return [name for name in kinds if name in known][:MAX_OPTIONS]


def extended(domain: Domain, noun: str, kind: str, table: Table, base: Domain) -> Domain:
    """Return a domain with one more kind, which is like a known one.

    Args:
        domain: The domain.
        noun: What the kind is called.
        kind: What it is like.
        table: Whether it is furniture or an object.
        base: The domain without kinds of one's own.

    Raises:
        InputError: Nothing can be called so.
    """
    if problem := KindNames(domain).problem(noun):
        raise InputError(problem)
    entry = f"  {word(noun)}: {{like: {word(kind)}}}"
    section = "furniture" if table == "fixtures" else "things"
    lines = kinds_text(domain, base)
    if f"{section}:" in lines:
        lines.insert(lines.index(f"{section}:") + 1, entry)
    else:
        lines += [f"{section}:", entry]
    room = next(iter(domain.rooms))
    try:
        return parse_home("\n".join([*lines, f"rooms: {{{word(room)}: []}}"]), geometry=False, domain=base).domain
    except HomeFileError as error:
        raise InputError(error.problems[0].text) from None


def ask_spelling(asker: Asker, noun: str, table: Table, domain: Domain) -> str:
    """Ask whether a known word is meant that is spelled nearly so; return it, or the noun."""
    known = domain.fixtures if table == "fixtures" else domain.objects
    close = get_close_matches(noun.lower(), (*known, *spoken_words(domain).words_of(table)), n=1, cutoff=MIN_LIKENESS)
    if close and asker.agrees(f"Do you mean {close[0]!r} by {noun!r}?", default=True):
        return str(close[0])
    return noun


def ask_kind(
    asker: Asker, noun: str, table: Table, domain: Domain, base: Domain, people: Sequence[str] = ()
) -> Domain | None:
    """Ask what something is like, and return the domain with it; None if it is left out."""
    if problem := KindNames(domain, people).problem(noun):
        asker.say(f"  {problem}")
        return None
    options = likely_kinds(noun, table, domain)
    known = domain.fixtures if table == "fixtures" else domain.objects

    def read(text: str) -> str | None:
        if text.lower() in NOTHING:
            return None
        if (numbers := numbers_in(text, len(options))) is not None:
            return options[numbers[0]]
        names = (text,) if text in known else spoken_words(domain).names_of(text, table)
        if len(names) != 1:
            other: Table = "objects" if table == "fixtures" else "fixtures"
            kinds = domain.objects if table == "fixtures" else domain.fixtures
            if not names and (text in kinds or spoken_words(domain).names_of(text, other)):
                what = "a thing, which can be carried" if table == "fixtures" else "furniture, which stays where it is"
                asked = "furniture" if table == "fixtures" else "things"
                raise InputError(f"{text!r} is {what}, and these are {asked}; give one of the list, or none")
            meant = f"; it may be {' or '.join(names)}" if names else ""
            raise InputError(f"nothing is called {text!r}{meant}; give a number or a name of the list, or none")
        return names[0]

    article = "an" if noun[:1].lower() in "aeiou" else "a"
    for line in numbered(options):
        asker.say(line)
    kind = asker.ask_until(f"What is {article} {noun!r} like? (none: leave it out)", options[0], read)
    return None if kind is None else extended(domain, noun, kind, table, base)


def ask_meaning(asker: Asker, noun: str, meanings: tuple[str, ...]) -> str:
    """Ask which of several kinds is meant."""

    def read(text: str) -> str:
        if (numbers := numbers_in(text, len(meanings))) is not None:
            return meanings[numbers[0]]
        if text not in meanings:
            raise InputError(f"it is {' or '.join(meanings)}")
        return text

    for line in numbered(meanings):
        asker.say(line)
    return asker.ask_until(f"Which is the {noun!r}?", meanings[0], read)


class Chooser:
    """Asks what furniture or things are chosen of some that are offered, and of all others by their words.

    Args:
        asker: Who asks.
        domain: The kinds of things; it gets what is asked about.
    """

    def __init__(self, asker: Asker, domain: Domain) -> None:
        self.asker, self.domain, self.base = asker, domain, domain

    def offer(self, options: Sequence[str], example: str, change: str) -> None:
        """Print what can be chosen."""
        self.asker.say("")
        for line in numbered(options) if options else ():
            self.asker.say(line)
        self.asker.say(f"  Give numbers and names (`{example}`), or what is more or less (`{change}`), or none.")

    def chosen(
        self, question: str, offers: Sequence[Item], n_default: int, table: Table, people: Sequence[str]
    ) -> Iterator[Item]:
        """Yield what an answer chooses of furniture."""
        choice = self.ask_choice(question, n_default, len(offers))
        dropped = self.dropped(choice, offers, table, people)
        for picked in choice.picked:
            if isinstance(picked, str):
                item = self.item(picked, table, people)
                yield from () if item is None else (item,)
            elif picked not in dropped:
                yield offers[picked]

    def ask_choice(self, question: str, n_default: int, n_offers: int) -> Choice:
        """Ask what is chosen of some offers, of which the first are chosen by default."""
        default = "none" if n_default == 0 else "1" if n_default == 1 else f"1-{n_default}"
        return self.asker.ask_until(question, default, lambda text: read_choice(text, n_default, n_offers))

    def dropped(self, choice: Choice, offers: Sequence[Item], table: Table, people: Sequence[str]) -> set[int]:
        """Return the numbers of the offers that an answer leaves out."""
        numbers = {number for number in choice.dropped if isinstance(number, int)}
        for words in choice.dropped:
            if isinstance(words, str):
                item = read_entry(words, table, self.domain, people)
                meant = (item.category,) if isinstance(item, Item) else spoken_words(self.domain).names_of(words, table)
                called = [number for number, offer in enumerate(offers) if offer.category in meant]
                if not called:
                    self.asker.say(f"  {words!r} is not in the list.")
                numbers |= set(called)
        return numbers

    def item(self, words: str, table: Table, people: Sequence[str]) -> Item | None:
        """Return what words mean; a noun that nothing is called is asked about, a problem is explained."""
        words = words.rstrip(" ?!.")
        entry = read_entry(words, table, self.domain, people)
        if isinstance(entry, Unread) and self.asker.source is not None:
            if len(entry.meanings) > 1:
                name = ask_meaning(self.asker, entry.noun, entry.meanings)
                entry = read_entry(entry.words.replace(entry.noun, name), table, self.domain, people)
            elif entry.noun:
                name = ask_spelling(self.asker, entry.noun, table, self.domain)
                if name == entry.noun:
                    domain = ask_kind(self.asker, entry.noun, table, self.domain, self.base, people)
                    if domain is None:
                        return None
                    self.domain = domain
                entry = read_entry(entry.words.replace(entry.noun, name), table, self.domain, people)
        if isinstance(entry, Item):
            return entry
        self.asker.say(f"  {entry.problem}")
        other = self.asker.ask(f"What instead of {entry.words!r}? (Enter: leave it out)")
        return self.item(other, table, people) if other and other.lower() not in NOTHING else None
