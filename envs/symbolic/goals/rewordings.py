"""Words that people use and the grammar does not have, with those of the grammar; for `suggestions.py`.

Each change is a regular expression and what it is replaced with. They are made in the order in which they stand here.
What stands in angle brackets is filled in with the words of a domain: `<state>` is any state of furniture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from envs.symbolic.domain import Domain
from envs.symbolic.domain.achievers import own_skills
from envs.symbolic.goals.state_words import state_words

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TIME = r"\d{1,2}:\d{2}"
_DELAY = r"\d+(?:\.\d+)? ?(?:s|min|h)\b"
_DAILY = r"(?:(?:every|each) (?:day|morning|evening|night|noon)|everyday|daily)"
_NEXT = r" ?(?:[;,]|\bthen\b) ?(?:and )?(?:then )?(?!.* then )"
_FIRST = r"(?:^|( ?(?:[;,]|\bthen\b) ?(?:and )?(?:then )?))"
_STATES, _OBJECT_STATES, _RESULTS, _MATERIALS = "<state>", "<object state>", "<result>", "<material>"
_OWN_FIXTURE_STATES, _OWN_OBJECT_STATES = "<own state>", "<own object state>"
_GERUNDS = r"\b(open|clos|pick|put|turn|slic|pour|wip|fold|giv|go)t?ing\b"
_STEMS = {"clos": "close", "slic": "slice", "wip": "wipe", "giv": "give"}

Change = tuple[str, str | Callable[[re.Match[str]], str]]


def _minutes(match: re.Match[str]) -> str:
    return f"{int(match[1]) * 60 + int(match[2])} min"


def _of_day(match: re.Match[str]) -> str:
    hours = int(match[1]) % 12 + 12 * (match[3].lower() == "pm")
    return f"{hours}:{match[2] or '00'}"


def _timed(when: str) -> Callable[[re.Match[str]], str]:
    """Return what writes a time at the beginning of a phase."""
    return lambda match: (" then " if match[1] else "") + match.expand(when) + " : "


def _number(match: re.Match[str]) -> str:
    return str(_NUMBERS.index(match[0].lower()))


# Words that the grammar does not have, or not there; made in this order, always.
_CHANGES: tuple[Change, ...] = (
    (r"[\"“”`]|[.!?;, ]+$", ""),
    (r"’", "'"),
    (r" ?[:=] ?(?=(?:on|off|open|closed)$)", " "),
    (r"[#()\[\]{}]", " "),
    (r"^'(.*)'$", r"\1"),
    (r"^(?:[-*•]|\d+[.)]|(?:goal|task|todo):) *", ""),
    (rf" ?(?:-+>|→) ?(?={_STATES}\b|{_OBJECT_STATES}\b)", " is "),
    (r" ?(?:-*>|→) ?", " then "),
    (r" ?&+ ?| \+ ", " and "),
    (r" ?==? ?", " "),
    (r" ?@ ?(?=\d)", " at "),
    (r"\b(\w+) \1\b", r"\1"),
    (r"^while (never [^:]+?) ?: ?(.+)$", r"\2 while \1"),
    (r"^([^:]+?) while (never [^:]+?) then (.+)$", r"\1 then \3 while \2"),
    (r"^(if [^:?]+?) ?\? ?(?=\w)", r"\1 : "),
    (r"\bthere(?:'s| is| are)\b", ""),
    (r"\bare\b", "is"),
    (r"^(?:please|first),? ", ""),
    (r"\bme\b", "person"),
    (r"^(?:hand|give|bring|get|pass) person ([^;:]+)$", r"\1 with person"),
    (r"^(?:throw away|throw out|discard) ([^;:]+)$", r"\1 in garbage can"),
    (r"^(?:have )?([^;:]+?) in (?:the |my |your |its )?hands?$", r"holding \1"),
    (r"^fill ([^;:]+?) with ", r"\1 of "),
    (r"(?<!never )\bpour (\w+) (?:into|in|to) ([^;:]+?)(?= *(?:;|$))", r"\2 of \1"),
    (r"\b(\w+) poured (?:into|in|to) ([^;:]+?)(?= *(?:;|$))", r"\2 of \1"),
    (r"^more (?!than\b)", "1 more "),
    (r"^every ([^;:]+?) (?:has|gets) (?:an? )?([^;:]+)$", r"\2 in every \1"),
    (r"\b(?:not |un|non-?)clean\b", "dirty"),
    (r"\b(?:not |non-?)dirty\b", "clean"),
    (rf"\b(?:becomes?|gets?|should be) (?={_RESULTS}\b)", "is "),
    (r"\bsomewhere in\b", "in"),
    (r",? except ([^,;:]+?), ", r" except \1 "),
    (r"\b(?:if|when|whenever) (?:the |an? )?([\w' ]+?) (is|are|open|closed|on|off)\b(.*?(?:[:,]| then\b).*?)"
     r"\b(?:it|them)\b", r"if \1 \2\3\1"),
    (r"\b(?:all|every) (?:the )?([^;:]+?) (?:but|except) (\d+|one|two|three)\b(?= *(?:on|in|with|beside|is|;|$))",
     r"all but \2 of \1"),
    (r"\b((?:every|all|each|half|\d)(?: of)?) ([^;:]+?) (?:except|but)(?: for)? (?:the )?(?:ones?|those|that)\b",
     r"\1 \2 except \2"),
    (r"\b(every|all) (?:non-?|not )(\w+) (\w+)", r"\1 \3 except \2 \3"),
    (r"\b(every|all) ([^;:]+?) (?:that |which )?(?:is not|isn't|are not|aren't|not) (?!from|on|in|with|beside)(\w+)",
     r"\1 \2 except \3 \2"),
    (r"\b(every|all|half of|\d of) ([^;:]+?) (?:except|but|not) from ", r"\1 \2 except \2 from "),
    (r"\bevery ?thing\b", "every anything"),
    (r"\ball-but\b", "all but"),
    (rf"(^|[;:] )(?:an?|one) ({_OBJECT_STATES}) ([^;:]+?) (?:is )?({_OBJECT_STATES})$", r"\g<1>1 of \2 \3 is \4"),
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
    (r"\b(?:after|in) (\d+)(?= ?:|$)", r"after \1 min"),
    (r"\bat (\d{1,2}) ?h ?(\d{2})\b", r"at \1:\2"),
    (r"\bat (\d{1,2}) ?h\b", r"at \1:00"),
    (r"\b(\d+) ?h (?:and )?(\d+) min\b", _minutes),
    (r"\b(\d+)h(\d{1,2})\b", _minutes),
    (r"\bnoon\b", "12:00"),
    (r"\bmidnight\b", "00:00"),
    (r"\b(\d{1,2})(?:[:.](\d{2}))? ?([ap]m)\b", _of_day),
    (r"\bat (\d{1,2})\.(\d{2})\b", r"at \1:\2"),
    (r"\bat (\d{2})(\d{2})\b", r"at \1:\2"),
    (r"\bat (\d{1,2})(?: ?o'?clock)?(?![:\d])(?= ?[:,]| |$)", r"at \1:00"),
    (rf"{_FIRST}{_DAILY}(?: at)? ({_TIME})[ :,]*", _timed(r"every day at \2")),
    (rf"{_FIRST}at ({_TIME}) {_DAILY}[ :,]*", _timed(r"every day at \2")),
    (rf"{_FIRST}at ({_TIME})[ :,]*(?=\w)", _timed(r"at \2")),
    (rf"{_FIRST}(?:in|after|within) ({_DELAY})[ :,]*(?=\w)", _timed(r"after \2")),
    (rf"{_FIRST}({_DELAY}) (?:later|from now)[ :,]*", _timed(r"after \2")),
    (rf"{_FIRST}wait (?:for )?({_DELAY})[ ,:;]*(?:and )?(?:then )?", _timed(r"after \2")),
    (rf"^(.+?){_NEXT}([^;,:]+?) (?:in|after) ({_DELAY})(?: from now| later)?$", r"\1 then after \3 : \2"),
    (rf"^(.+?){_NEXT}([^;,:]+?) at ({_TIME})$", r"\1 then at \3 : \2"),
    (rf"^([^:;]+?),? (?:in|after) ({_DELAY})(?: from now| later)?$", r"after \2 : \1"),
    (rf"^([^:;]+?),? {_DAILY} at ({_TIME})$", r"every day at \2 : \1"),
    (rf"^([^:;]+?),? at ({_TIME}) {_DAILY}$", r"every day at \2 : \1"),
    (rf"^([^:;]+?),? at ({_TIME})$", r"at \2 : \1"),
    # phases, tests and rules
    (r"[,;]? *\b(?:and )?(?:then|afterwards|after that|followed by|before)\b *[,;]?(?: then\b)*", " then "),
    (r"\b(?:when|whenever|in case|as long as)\b", "if"),
    (r"\bunless ", "if not "),
    (r"^(?!if )([^:;]+?),? if ([^:;,]+)$", r"if \2 : \1"),
    (r"\bif ([^:]*?)(?:,| then ) ?(?!.* : )", r"if \1 : "),
    (rf"\b(if|and|whether) ([^;:]+?) (?:is |are )?not ({_STATES})\b", r"\1 not \2 \3"),
    (r" while ([^;:]+?) never (?=\w+$)", r" while never \1 "),
    (r"[,;]? while (?:not|no|don't|avoid|never)\b", " while never"),
    (r"(?<!while)(?<!while )[,;]? ?\b(?:but |and )?(?:never|do not|don't|without)\b", " while never"),
    (r"( while never .*?) while never", r"\1 ; never"),
    (r"( while never [^;]+?)(?: ?[,;] ?| and )(?:never )?", r"\1 ; never "),
    (r"\bnever (?:be )?(?:in|at) ", "never go to "),
    (_GERUNDS, lambda match: _STEMS.get(match[1], match[1])),
    (r"\bnever (?:touch|take|grab|move)\b", "never pick up"),
    (r"\bnever use\b", "never turn on"),
    (r"\bnever ever\b", "never"),
    (r"\bnever switch (?=on\b|off\b)", "never turn "),
    (r"\bnever pick(?: ?up)? ", "never pick up "),
    (r"\bnever (?:put|place|bring|give|carry|move) ([^;:]+?) (?=(?:on|in|with|to|into|onto|beside) )", r"never \1 "),
    (r"\bnever (?:enter|visit|go(?: into| in)?) (?!to )", "never go to "),
    (r"\bwhile (?!never)([^;:]+?) (?:is |stays? |remains? )?(<opposed>)$", "<forbidden>"),
    # amounts and choices
    (r"\b(?:that|which|who) is\b", ""),
    (r"\b(?:the|an?|my|your|our|some|that|this|these|those)\b ", ""),
    (r"^((?:(?!turn|switch)[^;:])+?) (?:off|out of) (?!in |on )(?=[^;:]+ (?:on|in|to|into|onto) )", r"\1 from "),
    (r"^(?:remove|take|clear) ([^;:]+?) (?:from|off|out of) (?![^;:]* (?:on|in|to|into|onto) )", r"no \1 on "),
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
    (r"\b(?:less|fewer) than (\d+)\b", lambda match: f"at most {max(int(match[1]) - 1, 0)}"),
    (r"\b(exactly|at most) (\d+) of\b", r"\1 \2"),
    (r"\b(?:at ?least|minimum(?: of)?) ", ""),
    (r"\b(?:exact|just|only) (?=\d)", "exactly "),
    (r"\b(\d+) (\w+) more\b", r"\1 more \2"),
    (r"\b(?:each|all)(?: of)?\b(?! but)", "every"),
    (r"\bboth(?: of)?\b", "2"),
    (r"\bhalf(?: of)?\b", "half of"),
    (r"\b(?:none(?: of)?|not any|(?<![.:])0(?![.:]))\b", "no"),
    (r"\bany (?!of\b)", ""),
    (r"(^|[;:] )not (?!.* : )", r"\1no "),
    (r"\bsomething\b", "anything"),
    (r"\bnothing\b", "no anything"),
    (r" in (?:house|home|flat|apartment)\b", ""),
    (r"(^|[;:] )([^;:]+?) (?:is )?(?:empty|clear)(?= *(?:;|:| then | while |$))", r"\1no anything on \2"),
    (r"(^|[;:] )(?:empty|clear) ((?:(?! on | in )[^;:])+?)(?= *(?:;|:| then | while |$))", r"\1no anything on \2"),
    (r"\b(?:half of )?(?:half )?full (?!of\b)([^;:]+?)(?= *(?:;|:| (?:on|in|with|beside|then|while|by) |$))",
     r"\1 of water"),
    (r"\b(?:half of )?full of\b", "of"),
    (r"(?<!all )\bbut\b|\bapart from\b|\bother than\b|\bexcluding\b|\bexcept for\b", "except"),
    # relations, verbs, properties
    (r"(?<!never go )\b(?:into|inside|within|to)\b", "in"),
    (r"\b(?:onto|upon|on top of)\b", "on"),
    (r"\b(?:next(?: to| in)?|near(?: in)?|besides|beside of|close in|adjacent in)\b", "beside"),
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
    (r"(?<!never )\bfold\b", "folded"),
    (r"\bshut\b|\bclose(?= *(?:;|:| then | while |$))", "closed"),
    (r"\bopened\b", "open"),
    (r"\b(?:switched|turned) (?=on\b|off\b)", ""),
    (r"\bwater plants\b", "every plant watered"),
    (r"\bwater plant\b", "plant watered"),
    (r"\b(?:heat|warm)(?:ed)?(?: up)?\b", "hot"),
    (r"\b(?:cool|chill)(?:ed)?(?: down)?\b", "cold"),
    (r"\b(?:fry|fried|boil|boiled|bake|baked|roast|roasted)\b", "cooked"),
    (r"(?<!never )\b(?:slice|cut)(?: up)?\b", "sliced"),
    (r"^(?:hold|grab|pick up)\b", "holding"),
    (r"(^|[;:] )(microwave) ([^;:]+?)(?= *(?:;|:| then | while |$))", r"\1hot \3 by \2"),
)  # fmt: skip

_PLACE = r"(?:on|in|with|beside) (?:every )?[^;:]+?"
END = r"(?= *(?:;| then | while |$))"
# Changes that may be right; the parser tries them one by one and together.
_OPTIONAL: tuple[Change, ...] = (
    (rf"\b(every [^;:]+?) (is {_OBJECT_STATES})(?: ;)?(?: and| ?,)? ({_PLACE}){END}", r"\1 \2 ; \1 \3"),
    (r" is\b", ""),
    (rf"(^|[;:] )({_OBJECT_STATES}) ([^;:]+?) (?:is )?({_OBJECT_STATES}){END}", r"\1every \2 \3 is \4"),
    (rf"(^|[;:] )({_OBJECT_STATES}) (every|half of|\d+ of) ([^;:]+?){END}", r"\1\3 \4 is \2"),
    (r" by (\w+(?: \w+)?) is (\w+)", r" is \2 by \1"),
    (r" (in|on|beside) (?!every )([^;:]+?) (in|on|with|beside) every ", r" \1 every \2 \3 "),
    (r" then ", " in "),
    (r" is (\w+) with ", r" is \1 by "),
    (r" by ", " beside "),
    (r"(?<=[a-z])-(?=[a-z])", " "),
    (rf"\b(\w+) (?:made )?of ({_MATERIALS})\b", r"\2 \1"),
    (r"\b(\w+) of (hot|cold) ", r"\2 \1 of "),
    (rf"(^|[;:] )(\d+) ([^;:]+? is {_OBJECT_STATES}){END}", r"\1\2 of \3"),
    (rf"(^|[;:] )(on|in|beside) (\w+) (\w+){END}", r"\1\4 \2 \3"),
    (r" (\w+) , (\w+)$", r" \1 in \2"),
    (r" door\b", ""),
    (r"(^|[;:] )(water|tea|wine|soda) in (\w+)", r"\1\3 of \2"),
    (r"(^|[;:] )(water|wine|soda)(?= with| on| in|$)", r"\1glass of \2"),
    (r"(^|[;:] )tea(?= with| on| in|$)", r"\1cup of tea"),
    (rf"(^|[;:] )({_OWN_FIXTURE_STATES}) (every |no |)([^;:]+?){END}", r"\1\3\4 \2"),
    (
        rf"(^|[;:] |if |and |not )no ([^;:]+?) (?:is )?({_OWN_OBJECT_STATES})"
        r"(?= *(?:;|:| (?:on|in|with|beside|then|while) |$))",
        r"\1no \3 \2",
    ),
    (
        rf"(^|[;:] |if |and |not )([^;:]+?) (?:is )?({_OBJECT_STATES})(?= *(?:;|:| and | by | then | while |$))",
        r"\1\3 \2",
    ),
    (rf"(^|[;:] )([^;:]+?) (?:on|in) ([^;:]+?) ({_PLACE}){END}", r"\1\2 from \3 \4"),
    (rf"(^|[;:] )([\w']+)(?: and| ?,) ([\w']+) (\w+(?: \w+)?) ({_PLACE}){END}", r"\1\2 \4 \5 ; \3 \4 \5"),
    (rf"(^|[;:] )(?:wipe|clean) ([^;:]+?){END}", r"\1\2 clean"),
    (rf"(^|; |: )([^;:]+?)(?:,| and| &) ([^;:]+?) ({_PLACE}){END}", r"\1\2 \4 ; \3 \4"),
    (r" ?(?:,| and |\. | / ?| /) ?", " ; "),
    (rf"({_STATES}) (in [^;:]+?){END}", r"\2 \1"),
    (rf" ({_STATES}) except ([^;:]+?){END}", r" except \2 \1"),
    (rf"\b((?:every|of) [^;:]+?) ({_PLACE}) except ([^;:]+?){END}", r"\1 except \3 \2"),
    (rf"\b(every|\d+ of|half of) ([^;:]+?) (\w+){END}", r"\1 \2 is \3"),
    (r"\b([a-z]\w*) ([a-z]\w*) (?=(?:on|in|with|beside)\b)", r"\2 \1 "),
    (r"([a-z]\w*) ([A-Z]\w*'s) (?=(?:on|in|with|beside)\b)", r"\2 \1 "),
    (r"\b(every|of) (.*?)(\w+) except ([\w']+)(?<!')", r"\1 \2\3 except \4 \3"),
    (r"(?<=[a-z])[ #]\d+(?= (?:on|in|with|beside|;|then)\b| ;|$)", ""),
    (rf"\b({_RESULTS}) ([^;:]+?) with ", r"\1 \2 by "),
    (rf"(^|[;:] )([^;:]+?) (on|in|with|beside) ([^;:]+?) and ([^;:]+?){END}", r"\1\2 \3 \4 ; \2 \3 \5"),
    (r" with ", " of "),
    (r" with ", " in "),
    (r"\bhalf of (?=half)", ""),
    (r" is ", " in "),
)
QUESTIONS: tuple[Change, ...] = (
    (r"^\?? *", "? "),
    (r"^\? (?:where|where's)(?: (?:is|are))? ", "? where "),
    (r"^\? (?:what|whats|what's)(?: (?:is|are))? ", "? what "),
    (r"^\? (?:how much|number of|count(?: of)?) ", "? how many "),
    (r"^\? what (?:objects?|things?|items?|stuff) (?:is |are )?", "? what "),
    (r"^\? how many (.+?) (?:is|are)(?: there)?\b", r"? how many \1"),
    (r"^\? (?:is|are)(?: there)? ", "? whether "),
    (r"^\? who has (.+)$", r"? where \1"),
    (r"^\? do (?:we|you) have (.+)$", r"? how many \1"),
    (r"^\? (?!where|what|how|whether|is|are|when|why|who)", "? where "),
)


@dataclass(frozen=True, kw_only=True)
class Rewordings:
    """The changes for the texts of one domain.

    Attributes:
        always: Words that the grammar does not have, or not there.
        optional: What may be right; the parser tries these one by one and together.
        states: A pattern for the states of furniture.
    """

    always: tuple[Change, ...]
    optional: tuple[Change, ...]
    states: str


@lru_cache(maxsize=32)
def rewordings(domain: Domain) -> Rewordings:
    """Return the changes for the texts of a domain."""
    words = state_words(domain)
    patterns = {
        _STATES: words.of_fixtures, _OBJECT_STATES: words.of_objects, _RESULTS: words.results,
        _OWN_FIXTURE_STATES: [word for word in words.of_fixtures if word in words.own],
        _OWN_OBJECT_STATES: [word for word in words.of_objects if word in words.own],
        _MATERIALS: tuple(domain.properties.get("material", ())),
        "<opposed>": tuple(word for word in words.opposites),
    }  # fmt: skip

    def forbidden(match: re.Match[str]) -> str:
        return f"while never {match[1]} {words.opposites[match[2].lower()]}"

    def filled_in(changes: Iterable[Change]) -> tuple[Change, ...]:
        filled = list[Change]()
        for pattern, replacement in changes:
            for name, known in patterns.items():
                pattern = pattern.replace(name, _any_of(known))  # noqa: PLW2901
            filled.append((pattern, forbidden if replacement == "<forbidden>" else replacement))
        return tuple(filled)

    return Rewordings(
        always=(*_by_skills(domain), *filled_in(_CHANGES)),
        optional=filled_in(_OPTIONAL),
        states=_any_of(words.of_fixtures),
    )


def _by_skills(domain: Domain) -> Iterator[Change]:
    """Yield what brings the verbs of a domain's own skills into the states that they set: `vacuum kitchen`."""
    words, end = state_words(domain), r"(?= *(?:;|:| then | while |$))"
    for skill in own_skills(domain):
        effects = (e.atom for e in skill.effects if e.atom.predicate == "state" and e.atom.terms[0].parameter == 0)
        for atom in effects:
            state = atom.word if atom.positive else words.opposites.get(atom.word)
            if state is None:
                continue
            verb = rf"(?:^|(?<=: )|(?<=; ))(?:please )?{re.escape(skill.name)}"
            if state in words.of_objects:
                yield rf"{verb} (?:all|each)(?: of)?(?: the)? ([^;:]+?){end}", rf"every \1 is {state}"
                yield rf"{verb} (every|half of|\d of) ([^;:]+?){end}", rf"\1 \2 is {state}"
                yield rf"{verb} (?:the |an? |my )?([^;:]+?){end}", rf"{state} \1"
            else:
                yield rf"{verb} ([^;:]+?){end}", rf"\1 {state}"
            break


def _any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of some words; for none, one that nothing matches."""
    return f"(?:{'|'.join(map(re.escape, words)) or '(?!)'})"
