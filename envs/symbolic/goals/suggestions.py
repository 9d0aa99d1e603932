"""What a person probably meant to type: other wordings of a text that is no goal, for the hint of its error message.

People half remember the grammar: `all mugs into the sink, fan off after 10 minutes`. The rules below bring such words
into those of the grammar, one small change each. `parser.py` offers the first wording that it can read; it never takes
one for what was said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches

from envs.symbolic.domain import Domain
from envs.symbolic.goals.values import Condition, Count, FixtureIs
from envs.words import names_by_word, singulars

MAX_LENGTH = 300  # characters; longer texts get no suggestion
MAX_WORDINGS = 120
MAX_WORDS_JOINED = 7  # of a text in which a missing `in` is looked for
MAX_EXACT = 3  # letters of a word that is not taken for a misspelled one
MAX_CHANGES = 3  # optional changes that are combined
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NAMES_AT_MOST = 3  # words of a name
_TIME = r"\d{1,2}:\d{2}"
_DELAY = r"\d+(?:\.\d+)? ?(?:s|min|h)\b"
_DAILY = r"(?:(?:every|each) (?:day|morning|evening|night|noon)|everyday|daily)"
_OBJECT_STATES = r"(?:dirty|clean|hot|cold|sliced|cooked|folded)"
_STATES = r"(?:open|closed|on|off|dirty|clean|watered)"
_OPPOSITES = {a: b for pair in (("open", "closed"), ("on", "off"), ("clean", "dirty")) for a, b in (pair, pair[::-1])}
_GERUNDS = r"\b(open|clos|pick|put|turn|slic|pour|wip|fold|giv|go)t?ing\b"
_VERBS = frozenset(
    ["put", "move", "bring", "place", "take", "carry", "get", "set", "leave", "make", "give", "keep", "turn", "switch",
     "close", "open", "wash", "hold", "please", "empty", "where", "what", "who", "is", "are"]
)  # fmt: skip
_AFTER_NAMES = "on|in|with|beside|from|by|then|while|is|and|has|gets|or|if|except"
_STEMS = {"clos": "close", "slic": "slice", "wip": "wipe", "giv": "give"}

Change = tuple[str, str | Callable[[re.Match[str]], str]]


def _minutes(match: re.Match[str]) -> str:
    return f"{int(match[1]) * 60 + int(match[2])} min"


def _of_day(match: re.Match[str]) -> str:
    hours = int(match[1]) % 12 + 12 * (match[3].lower() == "pm")
    return f"{hours}:{match[2] or '00'}"


def _forbidden(match: re.Match[str]) -> str:
    return f"while never {match[1]} {_OPPOSITES[match[2].lower()]}"


def _number(match: re.Match[str]) -> str:
    return str(_NUMBERS.index(match[0].lower()))


# Words that the grammar does not have, or not there; made in this order, always.
CHANGES: tuple[Change, ...] = (
    (r"[\"“”`]|[.!?;, ]+$", ""),
    (r"’", "'"),
    (r" ?[:=] ?(?=(?:on|off|open|closed)$)", " "),
    (r"[#()\[\]{}]", " "),
    (r"-+>|→", " then "),
    (r"\bthere(?:'s| is| are)\b", ""),
    (r"\bare\b", "is"),
    (r"^(?:please|first),? ", ""),
    (r"\bme\b", "person"),
    (r"\b(?:if|when|whenever) (?:the |an? )?([\w' ]+?) (is|are|open|closed|on|off)\b(.*?(?:[:,]| then\b).*?)"
     r"\b(?:it|them)\b", r"if \1 \2\3\1"),
    (r"\b(?:all|every) (?:the )?([^;:]+?) (?:but|except) (\d+|one|two|three)\b(?= *(?:on|in|with|beside|is|;|$))",
     r"all but \2 of \1"),
    (r"\b((?:every|all|each|half|\d)(?: of)?) ([^;:]+?) (?:except|but)(?: for)? (?:the )?(?:ones?|those|that)\b",
     r"\1 \2 except \2"),
    (r"\bevery ?thing\b", "every anything"),
    (r";(?: *;)+", ";"),
    (r"^[;, ]+", ""),
    # numbers and times
    (r"\b(?:half an hour|half hour)\b", "30 min"),
    (r"\b(?:a )?quarter of an hour\b", "15 min"),
    (r"\b(?:an|one) (?=(?:hour|minute|second)\b)", "1 "),
    (r"\bplease\b", ""),
    (r"\bhalf a dozen\b", "6"),
    (r"\ba dozen\b", "12"),
    (r"\b(?:a pair of|a couple of|a couple)\b", "2"),
    (r"\b(?:a few|several)\b", "3"),
    (r"\b(?:another|one more|an extra|an additional)\b", "1 more"),
    (rf"\b(?:{'|'.join(_NUMBERS)})\b", _number),
    (r"(?<=\d),(?=\d)", "."),
    (r"(?<=\d) ?(?:minutes?|mins?|m)\b\.?", " min"),
    (r"(?<=\d) ?(?:hours?|hrs?)\b\.?", " h"),
    (r"(?<=\d) ?(?:seconds?|secs?)\b\.?", " s"),
    (r"\b(\d+) h (?:and )?(\d+) min\b", _minutes),
    (r"\bnoon\b", "12:00"),
    (r"\bmidnight\b", "00:00"),
    (r"\b(\d{1,2})(?:[:.](\d{2}))? ?([ap]m)\b", _of_day),
    (r"\bat (\d{1,2})\.(\d{2})\b", r"at \1:\2"),
    (r"\bat (\d{2})(\d{2})\b", r"at \1:\2"),
    (r"\bat (\d{1,2})(?: ?o'?clock)?(?![:\d])(?= ?[:,]| |$)", r"at \1:00"),
    (rf"^{_DAILY}(?: at)? ({_TIME})[ :,]*", r"every day at \1 : "),
    (rf"^at ({_TIME}) {_DAILY}[ :,]*", r"every day at \1 : "),
    (rf"^at ({_TIME})[ :,]*", r"at \1 : "),
    (rf"^(?:in|after|within) ({_DELAY})[ :,]*", r"after \1 : "),
    (rf"^(.+?),? (?:in|after) ({_DELAY})(?: from now| later)?$", r"after \2 : \1"),
    (rf"^([^:]+?),? {_DAILY} at ({_TIME})$", r"every day at \2 : \1"),
    (rf"^([^:]+?),? at ({_TIME}) {_DAILY}$", r"every day at \2 : \1"),
    (rf"^([^:]+?),? at ({_TIME})$", r"at \2 : \1"),
    # phases, tests and rules
    (r",? *\b(?:and )?(?:then|afterwards|after that|followed by|before)\b,?(?: then\b)*", " then "),
    (r"\b(?:when|whenever|in case|as long as)\b", "if"),
    (r"\bunless ", "if not "),
    (r"^(?!if )([^:;]+?),? if ([^:;,]+)$", r"if \2 : \1"),
    (r"\bif ([^:]*?)(?:,| then ) ?(?!.* : )", r"if \1 : "),
    (rf"\b(if|and|whether) ([^;:]+?) (?:is |are )?not ({_STATES})\b", r"\1 not \2 \3"),
    (r"[,;]? while (?:not|no|don't|avoid|never)\b", " while never"),
    (r"(?<!while)(?<!while )[,;]? ?\b(?:but |and )?(?:never|do not|don't|without)\b", " while never"),
    (r"( while never .*?) while never", r"\1 ; never"),
    (_GERUNDS, lambda match: _STEMS.get(match[1], match[1])),
    (r"\bnever (?:touch|take|grab|move)\b", "never pick up"),
    (r"\bnever use\b", "never turn on"),
    (r"\bnever (?:enter|visit|go(?: into| in)?) (?!to )", "never go to "),
    (r"\bwhile (?!never)([^;:]+?) (?:is |stays? |remains? )?(open|closed|on|off|clean|dirty)$", _forbidden),
    # amounts and choices
    (r"\b(?:that|which|who) is\b", ""),
    (r"\b(?:the|an?|my|your|our|some|that|this|these|those)\b ", ""),
    (r"^(?:remove|take|clear) ([^;:]+?) (?:from|off|out of) ", r"no \1 on "),
    (r"^([^;:]+?) (?:not on|not in|out of|away from) (?=\w)", r"no \1 on "),
    (r"^((?:(?!turn|switch|then)[^;:])+?) off (?!in |on |at |after |except |then |while )(?=\w)", r"no \1 on "),
    (r"\b(?:heat|warm)(?: up)? ([^;:]+?) in (microwave|oven)\b", r"hot \1 by \2"),
    (r"\b(\d+) (?:additional|extra|other|further)\b", r"\1 more"),
    (r"\b(\d+) of \d+\b", r"\1 of"),
    (r"\bset ([^;:]+?) to (?=on\b|off\b|open\b|closed\b)", r"\1 "),
    (r"\bfor(?= [A-Z])", "with"),
    (r"\ball (?:but|except) (\d+)(?: of)?\b", r"all but \1 of"),
    (r"\b(?:no|not) more than\b|\bup to\b|\batmost\b|\bmaximum(?: of)?\b", "at most"),
    (r"\bmore than (\d+)\b", lambda match: str(int(match[1]) + 1)),
    (r"\b(?:at ?least|minimum(?: of)?) ", ""),
    (r"\b(?:exact|just|only) (?=\d)", "exactly "),
    (r"\b(\d+) (\w+) more\b", r"\1 more \2"),
    (r"\b(?:each|all)(?: of)?\b(?! but)", "every"),
    (r"\bboth(?: of)?\b", "2"),
    (r"\bhalf(?: of)?\b", "half of"),
    (r"\b(?:none(?: of)?|not any|0)\b", "no"),
    (r"\bany (?!of\b)", ""),
    (r"(^|[;:] )not (?!.* : )", r"\1no "),
    (r"\bsomething\b", "anything"),
    (r"\bnothing\b", "no anything"),
    (r" in (?:house|home|flat|apartment)\b", ""),
    (r"(^|[;:] )([^;:]+?) (?:is )?empty(?= *(?:;|:| then | while |$))", r"\1no anything on \2"),
    (r"(^|[;:] )empty ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1no anything on \2"),
    (r"\b(?:half of )?(?:half )?full ([^;:]+?)(?= *(?:;|:| (?:on|in|with|beside|then|while|by) |$))", r"\1 of water"),
    (r"\b(?:half of )?full of\b", "of"),
    (r"(?<!all )\bbut\b|\bapart from\b|\bother than\b|\bexcluding\b|\bexcept for\b", "except"),
    # relations, verbs, properties
    (r"(?<!never go )\b(?:into|inside|within|to)\b", "in"),
    (r"\b(?:onto|upon|on top of)\b", "on"),
    (r"\b(?:next (?:to|in)|near(?: in)?|besides|close in|adjacent in)\b", "beside"),
    (r"\b(?:using|with help of|by means of|via)\b", "by"),
    (r"\b(?:full of|filled with|containing)\b", "of"),
    (r"\b(?:i want|i need|put|move|bring|place|take|carry|get|set|leave|make|give|keep|ensure)\b (?!up)", ""),
    (r"\b(?:goes|go|belongs?|should be|must be|comes?) (?=(?:on|in|with|beside)\b)", ""),
    (r"\b(?:is|are|be|stays?|remains?) (?=(?:on|in|with|beside)\b)", ""),
    (r"\bgr[ea]y\b", "gray"),
    (r"\b(?:large|huge)\b", "big"),
    (r"\b(?:little|tiny)\b", "small"),
    (r"\bwood\b", "wooden"),
    (r"\b(?:steel|iron|metallic|silver)\b(?! \w*ware)", "metal"),
    (r"\b(?:china|porcelain)\b", "ceramic"),
    (r"\bcolou?r(?:ed)? ", ""),
    (r"(?<!never )\b(?:turn|switch) ([^;:]+?) (on|off)(?= *(?:;|:| then | while |$))", r"\1 \2"),
    (r"(?<!never )\b(?:turn|switch) (on|off) ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\2 \1"),
    (r"(?<!never )\b(?:close|shut) ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1 closed"),
    (r"(?<!never )(?:^|(?<=: )|(?<=; ))open ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1 open"),
    (r"(?<!never )\b(?:wash|clean) (every|half of|\d of) ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1 \2 is clean"),
    (r"(?<!never )\b(?:wash|clean) (\d+) dirty ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1 of dirty \2 is clean"),
    (r"(?<!never )\bwash\b", "clean"),
    (r"\bshut\b", "closed"),
    (r"\bopened\b", "open"),
    (r"\b(?:switched|turned) (?=on\b|off\b)", ""),
    (r"\bwater plants?\b", "plant watered"),
    (r"\b(?:heat|warm)(?:ed)?(?: up)?\b", "hot"),
    (r"\b(?:cool|chill)(?:ed)?(?: down)?\b", "cold"),
    (r"\b(?:fry|fried|boil|boiled|bake|baked|roast|roasted)\b", "cooked"),
    (r"(?<!never )\b(?:slice|cut)(?: up)?\b", "sliced"),
    (r"^(?:hold|grab|pick up)\b", "holding"),
    (r"(^|[;:] )(microwave) ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1hot \3 by \2"),
)  # fmt: skip

_PLACE = r"(?:on|in|with|beside) (?:every )?[^;:]+?"
_END = r"(?= *(?:;| then | while |$))"
# Changes that may be right; the parser tries them one by one and together.
OPTIONAL: tuple[Change, ...] = (
    (r" is\b", ""),
    (rf"\b(every [^;:]+?) (is \w+)(?: and| ?,) ({_PLACE}){_END}", r"\1 \2 ; \1 \3"),
    (rf"(^|[;:] )({_OBJECT_STATES}) ([^;:]+?) (?:is )?({_OBJECT_STATES}){_END}", r"\1every \2 \3 is \4"),
    (rf"(^|[;:] )({_OBJECT_STATES}) (every|half of|\d+ of) ([^;:]+?){_END}", r"\1\3 \4 is \2"),
    (r" by (\w+(?: \w+)?) is (\w+)", r" is \2 by \1"),
    (r" then ", " in "),
    (rf"(^|[;:] |if |and |not )([^;:]+?) (?:is )?({_OBJECT_STATES})(?= *(?:;|:| and | then | while |$))", r"\1\3 \2"),
    (rf"(^|[;:] )([^;:]+?) (?:on|in) ([^;:]+?) ({_PLACE}){_END}", r"\1\2 from \3 \4"),
    (rf"(^|[;:] )(\w+) and (\w+) (\w+) ({_PLACE}){_END}", r"\1\2 \4 \5 ; \3 \4 \5"),
    (rf"(^|[;:] )(?:wipe|clean) ([^;:]+?){_END}", r"\1\2 clean"),
    (rf"(^|; |: )([^;:]+?)(?:,| and| &) ([^;:]+?) ({_PLACE}){_END}", r"\1\2 \4 ; \3 \4"),
    (r" ?(?:,| and | & |&|\. | / ?| /) ?", " ; "),
    (rf"({_STATES}) (in [^;:]+?){_END}", r"\2 \1"),
    (rf" ({_STATES}) except ([^;:]+?){_END}", r" except \2 \1"),
    (rf"\b((?:every|of) [^;:]+?) ({_PLACE}) except ([^;:]+?){_END}", r"\1 except \3 \2"),
    (rf"\b(every|\d+ of|half of) ([^;:]+?) (\w+){_END}", r"\1 \2 is \3"),
    (r"\b([a-z]\w*) ([a-z]\w*) (?=(?:on|in|with|beside)\b)", r"\2 \1 "),
    (r"\b(every|of) (.*?)(\w+) except (\w+)\b", r"\1 \2\3 except \4 \3"),
    (r"(?<=[a-z])[ #]\d+(?= (?:on|in|with|beside|;|then)\b| ;|$)", ""),
    (r"\b(hot|cold|cooked|clean|sliced|folded) ([^;:]+?) with ", r"\1 \2 by "),
    (r" with ", " of "),
    (r" with ", " in "),
    (r"\bhalf of (?=half)", ""),
)
_QUESTIONS: tuple[Change, ...] = (
    (r"^\?? *", "? "),
    (r"^\? (?:where|where's)(?: (?:is|are))? ", "? where "),
    (r"^\? (?:what|whats|what's)(?: (?:is|are))? ", "? what "),
    (r"^\? how many (.+?) (?:is|are)(?: there)?\b", r"? how many \1"),
    (r"^\? (?:is|are)(?: there)? ", "? whether "),
    (r"^\? who has (.+)$", r"? where \1"),
    (r"^\? do (?:we|you) have (.+)$", r"? how many \1"),
)


def wordings(text: str, domain: Domain, people: Sequence[str], vocabulary: Sequence[str]) -> Iterator[str]:
    """Yield other wordings of a text, the likeliest first.

    Args:
        text: The text.
        domain: The domain.
        people: Names of the people of the home; without any, other words that begin with a capital letter are names.
        vocabulary: Names and keywords of the language, in small letters.
    """
    if len(text) > MAX_LENGTH:
        return
    said = text
    speller = _Speller(domain, people, vocabulary)
    people = people or [word for word in re.findall(r"\b[A-Z][a-z]+\b", text) if speller.is_name(word)]
    text = _about_people(text, people)
    changes = (*_QUESTIONS, *CHANGES) if re.match(r"\?|(?:where|what|how many|is|are)\b", text, re.I) else CHANGES
    for pattern, replacement in changes:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    text = speller.every_fixture(speller.room_first.sub(r"\2 in \1", text))
    queue = deque([(text, 0)])
    seen, yielded = set[str](), {said}
    while queue and len(seen) < MAX_WORDINGS:
        changed, n_changes = queue.popleft()
        wording = speller.spell(changed)
        if wording in seen:
            continue
        seen.add(wording)
        if wording not in yielded:
            yielded.add(wording)
            yield wording
        if n_changes < MAX_CHANGES and len(queue) < MAX_WORDINGS:
            queue.extend((other, n_changes + 1) for other in _changed(wording))


def may_be_meant(condition: Condition, domain: Domain) -> bool:
    """Whether a person may mean this: it says more than that something exists, and does not contradict itself."""
    if isinstance(condition, FixtureIs):
        return not _is_contradiction(condition.states, domain)
    thing, place = condition.thing, getattr(condition, "place", None)
    is_said = place is not None or thing.states or thing.liquid
    if isinstance(condition, Count) and condition.amount == "at least" and not is_said:
        return False
    while place is not None:
        if place.thing is not None and not place.beside:
            kinds = domain.members.get(place.thing.word, (place.thing.word,))
            if not any(domain.relation(kind) for kind in kinds):
                return False
        place = place.inside
    return not any(_is_contradiction(states, domain) for states in (thing.states, getattr(condition, "become", ())))


def _is_contradiction(states: Sequence[str], domain: Domain) -> bool:
    positive = [domain.negations.get(state, state) for state in states]
    return len({*positive}) < len(states) or any({*pair} <= {*states} for pair in domain.exclusive)


def _changed(text: str) -> Iterator[str]:
    for pattern, replacement in OPTIONAL:
        other = re.sub(pattern, replacement, text)
        if other != text:
            yield other
    words = text.split()
    if len(words) <= MAX_WORDS_JOINED:
        yield from (" ".join([*words[:i], "in", *words[i:]]) for i in range(1, len(words)))
    if words and words[0] == "if" and ":" not in words:
        yield from (" ".join([*words[:i], ":", *words[i:]]) for i in range(3, len(words)))


def _about_people(text: str, people: Sequence[str]) -> str:
    """Return a text with names of people where the grammar has them: `Anna's phone`, `apple with Anna`."""
    for name in people:
        for pattern, replacement in (
            (rf"\b{name}s\b", f"{name}'s"),
            (rf"\b(\w+) of {name}\b", rf"{name}'s \1"),
            (rf"\b(?:give|bring|hand|get) {name} ([^;:]+?){_END}", rf"\1 with {name}"),
            (rf"\b{name} (?:has|gets|with) ([^;:]+?){_END}", rf"\1 with {name}"),
            (rf"\b(?:to|for) {name}\b", f"with {name}"),
            (rf"\b{name} (?!(?:{_AFTER_NAMES})\b)(?=\w)", f"{name}'s "),
        ):
            text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return text


class _Speller:
    """Writes words as the domain does: singular, its own name for a thing, the nearest spelling."""

    def __init__(self, domain: Domain, people: Sequence[str], vocabulary: Sequence[str]) -> None:
        names = (*domain.objects, *domain.members, *domain.fixtures, *domain.fixture_members, *domain.states)
        names = (*names, *domain.negations, *domain.liquids, *domain.rooms, *domain.property_group, *domain.skills)
        self.names = {name.lower(): name for name in (*names, *people, *vocabulary)}
        self.people = people
        self.words = {word for name in self.names for word in name.split()}
        self.joined = {name.replace(" ", ""): name for name in self.names}
        self.fixtures = {*domain.fixtures, *domain.fixture_members}
        fixtures = "|".join(map(re.escape, sorted(self.fixtures, key=len, reverse=True)))
        self.room_first = re.compile(rf"\b({'|'.join(domain.rooms)}) ((?:{fixtures})s?)\b", re.IGNORECASE)
        self.attributes = {*domain.property_group, *domain.states, *domain.negations}
        self.known: dict[tuple[str, int], str | None] = {}

    def is_name(self, word: str) -> bool:
        """Whether a word with a capital letter may be somebody's name."""
        plain = word.lower()
        forms = {*singulars(plain)}
        return forms.isdisjoint(self.words) and forms.isdisjoint(names_by_word()) and plain not in _VERBS

    def every_fixture(self, text: str) -> str:
        """Write `every window closed` for `windows closed`."""

        def written(match: re.Match[str]) -> str:
            words = match[2].split()
            for length in range(len(words), 0, -1):
                noun = " ".join(words[:length])
                if noun.lower() not in self.fixtures and (name := self.name(noun, length)) in self.fixtures:
                    is_plural = noun.endswith("s") and not (name or "").endswith("s")
                    return f"{match[1]}every {match[2]}" if is_plural else match[0]
            return match[0]

        return re.sub(rf"(^|[;:] |then )((?!every\b|no\b|\d|if\b)[^;:]+? {_STATES}){_END}", written, text)

    def spell(self, text: str) -> str:
        tokens = re.findall(r"'s\b|[\w.:'-]*\w|[^\w\s]", text)
        written = []
        while tokens:
            for length in range(min(_NAMES_AT_MOST, len(tokens)), 0, -1):
                phrase = " ".join(tokens[:length])
                if (phrase, length) not in self.known:
                    self.known[phrase, length] = self.name(phrase, length)
                if (name := self.known[phrase, length]) is not None:
                    break
            written.append(name if name is not None else phrase)
            del tokens[:length]
        return " ".join(written)

    def name(self, phrase: str, length: int) -> str | None:
        """Return the name of the language that a phrase of so many words may be meant for, or None."""
        plain = phrase.lower()
        if (known := plain if plain in self.names else self.joined.get(plain.replace(" ", ""))) is not None:
            return self.names[known]
        if not re.fullmatch(r"[^\W\d][\w' -]*", plain):
            return phrase if length == 1 else None
        first, _, rest = plain.partition(" ")
        if rest and first in self.attributes:  # "glass bowls" are bowls, of glass
            return None
        forms = (*singulars(plain), re.sub("ves$", "fe", plain), re.sub("ves$", "f", plain), f"{plain}es", f"{plain}s")
        if (form := next((form for form in forms if form in self.names), None)) is not None:
            return self.names[form]
        called = [name for form in forms for name in names_by_word().get(form, ()) if name.lower() in self.names]
        if called:
            return called[0]
        if plain.endswith("'s"):
            return f"{next(iter(get_close_matches(phrase[:-2], self.people, n=1, cutoff=0.7)), phrase[:-2])}'s"
        if length > 1 or plain in self.words:
            return phrase if length == 1 else None
        return self.nearest(phrase)

    def nearest(self, word: str) -> str | None:
        """Return the name that a misspelled word may be meant for, or None."""
        plain = word.lower()
        if word[0].isupper():
            if self.people:
                close = get_close_matches(word, self.people, n=1, cutoff=0.7)
                if close:
                    return close[0]
            elif self.is_name(word):
                return word
        close = [name for name in self.words if sorted(name) == sorted(plain)]  # two letters swapped
        if not close and len(plain) > MAX_EXACT:
            close = get_close_matches(plain, [*self.names, *self.words], n=3, cutoff=0.75)
            close = [name for name in close if name[0] == plain[0]]
        if close:
            return self.names.get(close[0], close[0])
        called = get_close_matches(plain, names_by_word(), n=1, cutoff=0.85) if len(plain) > MAX_EXACT else []
        return next((name for word in called for name in names_by_word()[word] if name.lower() in self.names), None)
