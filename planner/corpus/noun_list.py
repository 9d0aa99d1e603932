"""`python -m planner.corpus.noun_list`: choose rare nouns of WordNet for homes with own kinds.

Writes `datasets/nouns/nouns.txt` from the folder of WordNet 3.0 (Debian package `wordnet-base`): names of concrete
things (artifacts, animals, plants, food) that WordNet never saw in its tagged texts, that no phrase and no category of
this project uses, and whose article and plural follow the rules. Offensive words are left out by their definitions.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envs.files.bounded_files import ReadError, read_text
from envs.symbolic.domain import load_domain
from envs.words import names_by_word, plurals, words_of
from gpt.files import write_text_atomically
from planner.errors import PlannerError
from planner.io.command import run_command, writable_file
from planner.io.command_parser import CommandParser
from planner.io.paths import datasets_dir
from planner.tasks.renaming.nouns import is_regular

PROG = "python -m planner.corpus.noun_list"
SINGLE_WORDS, COMPOUNDS = 7000, 4000  # at most, so that the file stays below 300 kB
MAX_BYTES = 40_000_000  # of one WordNet file
CONCRETE = frozenset(["05", "06", "13", "20"])  # WordNet's files of animals, artifacts, food and plants
_PERSONS = "18"
_WORD = re.compile(r"[a-z]{4,11}")
# Definitions of what nobody hands to a robot at home: sex, body waste, drugs, weapons, torture, slurs.
_UNFIT = re.compile(
    r"\b(?:offensive|slang|slurs?|obscen\w+|vulgar|disparag\w+|derog\w+|insult\w*|sex\w*|genital\w*|penis|vagina\w*|"
    r"prostitut\w+|contracepti\w+|intercourse|erotic\w*|breasts?|buttocks?|anus|excre\w+|feces|urin\w+|narcotic\w*|"
    r"drugs?|opium|cannabis|hallucino\w+|poison\w*|toxic|torture\w*|executi\w+|hang(?:ing|ed)|whip\w*|flog\w*|"
    r"weapons?|bombs?|guns?|firearms?|explosi\w+|grenades?|missiles?|ammunition|bullets?|nazi\w*|racial\w*|slav\w+|"
    r"criminals?|medicines?|medication|trade names?|prison\w*|corpses?|coffins?|"
    r"burial|parasit\w+|lice|infest\w*|extinct|fossil)\b"
)
_UNFIT_PARTS = re.compile(
    r"cock|bitch|slut|nig|fag|dick|shit|fuck|cunt|puss|whor|rape|nazi|kike|spic|coon|wank|bugger|bastard|dyke|tit|homo|"
    r"arse|jap|negr|squaw|coolie|hooker|crap|damn|turd|fart|piss|boob|knob|hump|screw|suck|bang|cum|anal|ass\Z|vibrat"
)


@dataclass(frozen=True, kw_only=True)
class _WordNet:
    """The parts of WordNet's folder that are read: noun synsets, and how often a lemma occurs in tagged texts."""

    folder: Path

    def _lines(self, name: str) -> Iterator[str]:
        try:
            text = read_text(self.folder / name, MAX_BYTES)
        except ReadError as error:
            raise PlannerError(f"--wordnet: {error}; install Debian's wordnet-base, or give its folder") from None
        return (line for line in text.splitlines() if line and not line.startswith("  "))

    def lemmas(self, part_of_speech: str) -> dict[str, int]:
        """Return each lemma of `noun`, `verb`, `adj` or `adv` with the number of its senses in tagged texts."""
        counts = {}
        for line in self._lines(f"index.{part_of_speech}"):
            fields = line.split()
            counts[fields[0]] = int(fields[5 + int(fields[3])])
        return counts

    @cached_property
    def irregular(self) -> frozenset[str]:
        """Nouns with a plural that no rule gives."""
        return frozenset(word for line in self._lines("noun.exc") for word in line.split()[1:])

    def synsets(self) -> Iterator[tuple[str, list[str], str]]:
        """Yield each noun synset: the number of its file, its words as they are written, its definition."""
        for line in self._lines("data.noun"):
            head, _, definition = line.partition(" | ")
            fields = head.split()
            number = int(fields[3], 16)
            yield fields[1], [fields[4 + 2 * i] for i in range(number)], definition.lower()


def used_words() -> frozenset[str]:
    """Return every word that the phrases, the domain or the word lists use, in small letters; plurals, too."""
    domain = load_domain()
    names = [*domain.objects, *domain.fixtures, *domain.classes, *domain.states, *domain.negations, *domain.liquids]
    names += [*domain.rooms, *domain.property_group, *names_by_word(), *words_of("rooms"), *words_of("properties")]
    texts = [*names, *(form for name in names for form in plurals(name))]
    texts += [path.read_text(encoding="utf-8") for path in sorted((datasets_dir() / "phrases").glob("*.yaml"))]
    return frozenset(re.findall(r"[a-z]+", " ".join(texts).lower()))


def _forbidden_first_words() -> frozenset[str]:
    """Words that mean something before the name of a thing: states, properties, liquids, words of goals, numbers."""
    domain = load_domain()
    words = [*domain.states, *domain.negations, *domain.property_group, *domain.liquids, *domain.classes]
    words += words_of("properties")
    grammar = "every no except is of holding then on in with from by at most exactly more all but half any not if and"
    return frozenset([*words, *grammar.split(), "one", "two", "three", "four", "five", "six"])


def choose_nouns(folder: Path, *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return single words and compounds, each in alphabetical order; the same for the same WordNet and seed."""
    wordnet = _WordNet(folder=folder)
    nouns = wordnet.lemmas("noun")
    others = {lemma for part in ("verb", "adj", "adv") for lemma in wordnet.lemmas(part)}
    files: dict[str, set[str]] = {}
    unfit: set[str] = set()
    persons: set[str] = set()
    for file, words, definition in wordnet.synsets():
        is_unfit = bool(_UNFIT.search(definition))
        for word in words:
            name = word.lower()
            files.setdefault(name, set()).add(file if word == name else "proper name")
            if is_unfit:
                unfit.add(name)
            if file == _PERSONS and word != name:
                persons.update(name.split("_"))
    known, first = used_words(), _forbidden_first_words()

    def is_usable(word: str) -> bool:
        return is_regular(word) and word not in wordnet.irregular

    singles, compounds = [], []
    for name, categories in files.items():
        parts = name.split("_")
        if nouns.get(name, 1) or not categories <= CONCRETE or name in unfit or not all(map(_WORD.fullmatch, parts)):
            continue
        if any(_UNFIT_PARTS.search(part) or part in persons or part in unfit for part in parts):
            continue
        if not (is_usable(parts[0]) and is_usable(parts[-1])):
            continue
        if len(parts) == 1 and name not in known and name not in others:
            singles.append(name)
        elif len(parts) == 2 and parts[0] not in first and any(part not in known for part in parts):
            compounds.append(" ".join(parts))
    rng = random.Random(seed)
    chosen = [rng.sample(sorted(names), k=min(len(names), most))
              for names, most in ((singles, SINGLE_WORDS), (compounds, COMPOUNDS))]  # fmt: skip
    return sorted(chosen[0]), sorted(chosen[1])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = CommandParser(prog=PROG, description="Choose rare nouns of WordNet 3.0 for homes with own kinds.")
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), metavar="FOLDER",
                        help="folder of WordNet 3.0 (default: where Debian's wordnet-base puts it)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="seed of the choice (default: 0)")
    parser.add_argument("--out", type=Path, help="output file (default: the project's file)")
    args = parser.parse_args(argv)
    return run_command(lambda: _run(args), PROG)


def _run(args: argparse.Namespace) -> int:
    out = writable_file(args.out or datasets_dir() / "nouns" / "nouns.txt")
    singles, compounds = choose_nouns(args.wordnet, seed=args.seed)
    heading = "# Nouns of WordNet 3.0, Copyright 2006 by Princeton University; license: LICENSE beside this file\n"
    write_text_atomically(out, heading + "".join(f"{name}\n" for name in (*singles, *compounds)))
    print(f"{out}: {len(singles)} words, {len(compounds)} compounds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
