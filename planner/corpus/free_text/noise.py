"""Noise of keyboards and of speech: what hurried people type, and what a recognizer of speech writes.

Each function changes words and keeps their tags; a word that is inserted is context.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable

from planner.corpus.free_text.sentences import Sentence, Tag

Tagged = list[tuple[str, Tag]]
RATES = (0.04, 0.1, 0.2, 0.33)  # share of words with a typing error
NEIGHBORS = {
    letter: around
    for letter, around in zip(
        "qwertyuiopasdfghjklzxcvbnm",
        ("wa", "qes", "wrd", "etf", "ryg", "tuh", "yij", "uok", "ipl", "ol", "qsz", "awdx", "sefc", "drgv", "fthb",
         "gyjn",
         "hukm", "jil", "kop", "asx", "zsdc", "xdfv", "cfgb", "vghn", "bhjm", "njk"),
        strict=True,
    )
}  # fmt: skip
FILLERS = (
    "um",
    "uh",
    "er",
    "uhm",
    "like",
    "well",
    "so",
    "you know",
    "hmm",
    "ah",
    "erm",
    "ok so",
    "let's see",
    "i mean",
)
PHONETIC = (
    ("ph", "f"), ("ck", "k"), ("ee", "ea"), ("ea", "ee"), ("ie", "ei"), ("ei", "ie"), ("igh", "i"), ("tion", "shun"),
    ("ough", "o"), ("wh", "w"), ("kn", "n"), ("qu", "kw"), ("c", "k"), ("s", "z"), ("ou", "oo"), ("ai", "ay"),
    ("er", "a"), ("le", "el"), ("y", "ie"), ("x", "ks"), ("th", "d"), ("v", "w"), ("oa", "o"), ("tch", "ch"),
    ("dge", "ge"), ("mb", "m"),
)  # fmt: skip
HOMOPHONES = {
    "to": ("too", "two"), "two": ("to", "too"), "four": ("for",), "for": ("four",), "the": ("teh", "da", "de", "th"),
    "and": ("an", "n", "&", "nd"), "you": ("u",), "your": ("ur",), "please": ("pls", "plz", "pleas"), "are": ("r",),
    "there": ("their", "theyre"), "their": ("there",), "it's": ("its",), "its": ("it's",),
    "with": ("wiht", "w/", "wit"), "wine": ("whine",), "pear": ("pair",), "pan": ("pam",), "sink": ("sync", "zink"),
    "knife": ("nife",), "plate": ("plait",), "bowl": ("bole", "bowel"), "mug": ("mugg",), "flour": ("flower",),
    "close": ("clothes", "cloze"), "clothes": ("close",), "put": ("putt",), "off": ("of",), "of": ("off",),
    "bread": ("bred",), "meat": ("meet",), "red": ("read",), "blue": ("blew",), "hot": ("hott",), "right": ("rite",),
    "one": ("won",), "eight": ("ate",), "by": ("buy",), "in": ("inn",), "tv": ("t v",), "because": ("cuz", "cause"),
    "tonight": ("tonite",), "want": ("wanna",), "something": ("sth",), "kitchen": ("kichen",),
    "fridge": ("frige", "fridg"), "shelf": ("shelve",), "drawer": ("draw", "drawr"), "drawers": ("draws",),
    "tea": ("tee",), "table": ("tabel",), "mirror": ("mirrow",), "through": ("thru",), "cupboard": ("cubbord",),
    "vase": ("vaze",), "on": ("om",), "from": ("form",), "is": ("iz",), "that": ("dat",), "them": ("em", "dem"),
    "this": ("dis",), "going to": ("gonna",), "coffee": ("coffe", "cofee"), "bring": ("brign",), "me": ("mee",),
    "my": ("mi",), "turn": ("tern",),
}  # fmt: skip


def noisy(sentence: Sentence, rng: random.Random) -> Sentence:
    """Return a sentence with one to three kinds of noise."""
    words: Tagged = list(zip(sentence.words, sentence.tags, strict=True))
    kinds: list[Callable[[Tagged, random.Random], Tagged]] = [
        typed, typed, typed, unpunctuated, without_articles, run_together, with_fillers, homophones, restarted,
        phonetic,
    ]  # fmt: skip
    for kind in rng.sample(kinds, rng.choice((1, 1, 2, 3))):
        words = kind(words, rng)
    words = [(word, tag) for word, tag in words if word]
    if not words:
        return sentence
    return sentence.with_words(*zip(*words, strict=True))


def typed(words: Tagged, rng: random.Random) -> Tagged:
    """Transpose, omit, double or mistake letters in some words."""
    rate = rng.choice(RATES)
    return [(_mistyped(word, rng) if rng.random() < rate else word, tag) for word, tag in words]


def _mistyped(word: str, rng: random.Random) -> str:
    places = [i for i, letter in enumerate(word) if letter in string.ascii_lowercase]
    if len(places) < 3:
        return word
    i = rng.choice(places[1:] if rng.random() < 0.8 else places)
    kind = rng.randrange(5)
    if kind == 0:
        return word[:i] + word[i + 1 :]
    if kind == 1:
        return word[:i] + word[i] + word[i:]
    if kind == 2 and i + 1 < len(word):
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    letter = rng.choice(NEIGHBORS[word[i]])
    return word[:i] + letter + word[i + (kind == 3) :]


def unpunctuated(words: Tagged, rng: random.Random) -> Tagged:
    """Drop all punctuation, as in dictation."""
    marks = '[,.;:?!"()-]' if rng.random() < 0.5 else "[,.;:?!'\"()-]"
    return [(re.sub(marks, "", word), tag) for word, tag in words]


def without_articles(words: Tagged, rng: random.Random) -> Tagged:
    """Drop articles, as in notes."""
    return [(word, tag) for word, tag in words if word not in ("the", "a", "an") or rng.random() < 0.15]


def run_together(words: Tagged, rng: random.Random) -> Tagged:
    """Forget the space between some words."""
    joined: Tagged = []
    for word, tag in words:
        if joined and joined[-1][1] == tag and rng.random() < 0.07:
            joined[-1] = (joined[-1][0] + word, tag)
        else:
            joined.append((word, tag))
    return joined


def with_fillers(words: Tagged, rng: random.Random) -> Tagged:
    """Say some fillers."""
    filled: Tagged = []
    for word, tag in words:
        if rng.random() < 0.08:
            filler = rng.choice(FILLERS) + rng.choice(("", ",", "...", ""))
            filled += [(part, "context") for part in filler.split(" ")]
        filled.append((word, tag))
    return filled


def homophones(words: Tagged, rng: random.Random) -> Tagged:
    """Write another word that sounds the same, or the short form of messages."""
    changed: Tagged = []
    for word, tag in words:
        new = rng.choice(HOMOPHONES[word]) if word in HOMOPHONES and rng.random() < 0.35 else word
        changed += [(part, tag) for part in new.split(" ")]
    return changed


def restarted(words: Tagged, rng: random.Random) -> Tagged:
    """Say a few words twice."""
    start = rng.randrange(len(words))
    stop = min(len(words), start + rng.randrange(1, 4))
    again: Tagged = [(word, "context") for word, _ in words[start:stop]]
    return [*words[:start], *again, *words[start:]]


def phonetic(words: Tagged, rng: random.Random) -> Tagged:
    """Spell some words as they sound."""
    rate = rng.choice(RATES)

    def spelled(word: str) -> str:
        options = [(old, new) for old, new in PHONETIC if old in word[1:]] if len(word) > 3 else []
        if not options or rng.random() >= rate:
            return word
        old, new = rng.choice(options)
        return word[0] + word[1:].replace(old, new, 1)

    return [(spelled(word), tag) for word, tag in words]
