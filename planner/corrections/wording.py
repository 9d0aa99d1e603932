"""Tells what corrects the last answer from a new instruction.

Four things can be said about a plan: put everything back (`undo`), do the same again (`again`), take another object
(`other`), or that something else was meant (`instead`). The first three are short phrases; the last begins or ends
with words such as "no", "i meant" or "too". Some beginnings also begin new instructions ("sorry, ...", "and ..."): they
are told apart by reading both ways (planner/corrections/conversation.py).
"""

from __future__ import annotations

import re
from typing import Literal

from planner.language.mentions import bare
from planner.language.normalization import normalize
from planner.language.realization import VERBS

Kind = Literal["undo", "again", "other", "instead", "perhaps instead", "unmarked", "no"]


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


_FILLER = _any(
    "please", "no", "nope", "hey", "robot", "ok", "okay", "oh", "sorry", "wait", "stop", "now", "just", "thanks",
    "actually", "then", "well", "hm+", "nvm", "and", "great", "good", "dear", "but",
)  # fmt: skip
_POLITE = rf"(?:\W*\b{_FILLER}\b\W*)*"
_IT = _any(
    "it", "that", "this", "them", "those", "these", "everything", "all of it", "all of that", "all", "things",
    "the things?",
)  # fmt: skip
_THERE = "where (?:(?:it|they) (?:was|were|came from)|(?:you|u) (?:found|got|took) (?:it|them))"
_BEFORE = r"(?:as|like|the way|how) it was(?: before)?"
_UNDO = _any(
    rf"undo(?: {_any(_IT, 'the last (?:one|step|thing|command|action)', 'what you did')})?",
    rf"take {_IT} back",
    rf"revert(?: {_IT})?",
    rf"(?:put|bring|set|change|turn|move) {_IT} back(?: {_any('again', _THERE, f'(?:to )?{_BEFORE}')})?",
    rf"put back {_IT}",
    rf"(?:make|leave) it {_BEFORE}",
    rf"(?:(?:everything )?back |everything )?(?:to )?{_BEFORE}",
    rf"(?:would you mind )?revers(?:e|ing) {_any(_IT, 'what you (?:just )?did')}",
    rf"return {_IT} to (?:its|their|the) (?:old|former|usual|original)? ?(?:spot|place|position)s?",
    r"(?:ctrl|control)[ +-]?z",
    rf"go back(?: one)?|roll (?:it )?back|reverse {_IT}",
)
_ONCE_MORE = _any("again", "once more", "one more time", "another time")
_AGAIN = _any(
    _ONCE_MORE,
    rf"(?:repeat|redo)(?: {_IT})?",
    "encore",
    rf"(?:do )?{_any(_IT, '(?:the )?same(?: thing)?')} {_ONCE_MORE}",
    "(?:the )?same(?: thing)?",
    rf"try (?:{_IT} )?again",
)
_NOT_THIS = (
    r"(?:not|(?:that|it) (?:is|was) not|that (?:isn|wasn)'t|i do(?: not|n't) want) (?:this|that|the|the right) one"
)
_TAKE = _any(
    "that is", "that was", "it is", "you took", "i meant", "i mean", "i want", "i wanted", "take", "use", "bring",
    "get", "give me", "with", "try",
)  # fmt: skip
_OTHER_ONE = _any(
    "the other(?: ones?)?", "another(?: one)?", "(?:an?|some|the) (?:different|other) one", "other one",
    "the second(?: one)?",
    "is(?:n't|nt| not) there another(?: one)?", "the others",
    "one of the others", "(?:the )?wrong one",
)  # fmt: skip
_OTHER = _any(rf"(?:{_NOT_THIS}\W*(?:but )?)?(?:{_TAKE} )?{_OTHER_ONE}", _NOT_THIS)
_NO = _any(
    "no+", "nope", "nah", "wrong", "(?:that is|that was|this is|it is|all) (?:all )?wrong",
    "not (?:that|this|like that|so)", "not what i (?:said|meant|wanted)",
    "(?:that is|that was) not (?:what i (?:said|meant|wanted|asked for)|it|right)",
    "you (?:misunderstood(?: me)?|got (?:it|that) wrong)",
)  # fmt: skip
_WHOLE: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(_POLITE + pattern + _POLITE), kind)  # type: ignore[misc]
    for pattern, kind in ((_UNDO, "undo"), (_AGAIN, "again"), (_OTHER, "other"), (_NO, "no"))
)
_STATES = _any("on", "off", "warm", "hot", "cold", "clean", "dark", "bright")
_INSTEAD = re.compile(
    _any(
        # "no lamp on", "no more noise" are wishes, and no corrections.
        r"(?:no|nope|nah|nay)\b(?!\s+(?:\w+\s+)*(?:on|off|open|closed|in|left|anymore|more)\b)",
        r"(?:not|wrong|correction|oops|my mistake)\b",
        r"i (?:said|meant|mean|told you|asked|wanted|did say|didn't|did not)\b",
        r"(?:that|this|it) (?:(?:is|was|isn't|wasn't) )?(?:not|wrong)\b",
        r"that is (?:the|an?|my)\b",
        rf"make (?:that|it) (?!{_STATES}\b)",
        r"(?:rather|better) (?:the|an?|in|on|to)\b",
        r"(?:the )?other way (?:a?round)",
        r"(?:it )?should (?:be|have been)\b",
        r"you (?:forgot|missed|took|brought|put)\b",
        r"(?:and|but) not\b",
        r"nobody (?:said|asked|spoke)",
    )
)
_THING = "(?:the |that |this |in |on )?[a-z]+(?: [a-z]+)?"
_INSTEAD_AT_END = re.compile(r".*\b" + _any("instead", "too", "as well", "i said", "i meant", "also", f"not {_THING}"))
_PERHAPS = re.compile(
    _any(
        "sorry", "actually", "wait", "and", "also", "plus", "oh", "hm+", "listen", "excuse me", "leave", "forget",
        "skip", "without", "never mind", "don't forget", "what about", "(?:do )?(?:the )?same (?:for|with)", "only",
        "just", "both", "all of them", "all", "two", "three", "four", "five", "six",
    )
    + r"\b"
)  # fmt: skip
_CLAUSE = re.compile(r"[.,;:!?]+|\b(?:and|then|but|so)\b")
_REQUEST = re.compile(r"(?:can|could|would|will|may) (?:you|i)\b|i(?:'d| would) (?:like|love)\b|i (?:want|need)\b")
_NOUN = r"(?P<noun>[\w' -]+?)"
_THE_OTHER = re.compile(rf"{_POLITE}(?:{_TAKE} )?the other {_NOUN}{_POLITE}")
_BACK = re.compile(
    rf"{_POLITE}(?:put|bring|take) (?:(?:the|my|that|this) {_NOUN} back|back (?:the|my|that) (?P<behind>[\w' -]+?))"
    rf"(?: {_THERE})?{_POLITE}"
)


def kind_of(line: str) -> Kind | None:
    """Return what a line says about the plan before it; None: it is an instruction of its own."""
    text = re.sub(r"\b(that|it)'s\b", r"\1 is", _plain(line))
    if not text:
        return None
    clauses = [clause.strip() for clause in re.split(r"[.,;:!?]+", text) if clause.strip()]
    for pattern, kind in _WHOLE:
        if pattern.fullmatch(text):
            return kind
        saying = [clause for clause in clauses if pattern.fullmatch(clause)]
        if kind != "no" and saying and not any(orders(clause) for clause in clauses if clause not in saying):
            return kind
    if _INSTEAD.match(text):
        return "instead"
    return "perhaps instead" if _PERHAPS.match(text) or _INSTEAD_AT_END.fullmatch(text) else None


def orders(line: str) -> bool:
    """Whether a clause of a line begins as an instruction does: with a verb for a task, or with "could you"."""
    clauses = _CLAUSE.split(_plain(line))
    return any(_REQUEST.match(rest) or bare(rest.split(" ")[0]) in VERBS for c in clauses if (rest := _opened(c)))


def asks_anew(line: str) -> bool:
    """Whether a line that begins like a correction asks for something of its own: "sorry, open the door"."""
    return orders(line) and re.match(r"(?:leave|forget|skip|without)\b", _opened(_plain(line))) is None


def _opened(clause: str) -> str:
    return re.sub(rf"^(?:\W*\b{_FILLER}\b\W*)+", "", clause.strip()).strip()


def other_noun(line: str) -> str:
    """Return the noun of "the other mug", if a line says nothing more; otherwise nothing."""
    plain = _plain(line)
    match = _THE_OTHER.fullmatch(plain) or _THE_OTHER.fullmatch(re.split(r"[.,;:!?]+", plain)[0].strip())
    return match["noun"] if match else ""


def named_back(line: str) -> str:
    """Return the noun of "put the mug back", if a line says nothing more; otherwise nothing."""
    match = _BACK.fullmatch(_plain(line))
    return (match["noun"] or match["behind"] or "") if match else ""


def _plain(line: str) -> str:
    return normalize(line).lower().strip(" .!")
