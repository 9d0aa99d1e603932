"""Read the description of one skill after another, and check each as a whole."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from envs.errors import nearest, quoted
from envs.symbolic.skills.consistency import contradictions, with_implied
from envs.symbolic.skills.phrases import ALIKE, PhraseReader, Vocabulary, kind_of, state_that_is_set
from envs.symbolic.skills.statements import Path, StatementReader, seen
from envs.symbolic.skills.values import Effect, Parameter, Skill

KEYS = ("text", "duration_s", "when", "sets", "clears", "moves", "at")
DEFAULT_DURATION_S = 10.0
MAX_DURATION_S = 86_400.0
MAX_SKILLS = 100
MAX_NAME = 40  # characters
_NAME = re.compile(r"[a-z]+(?:[ -][a-z]+)*")
_GOAL_WORDS = frozenset(
    [
        *("no", "not", "never", "every", "if", "and", "or", "then", "while", "after", "at", "exactly", "half", "all"),
        *("holding", "on", "in", "with", "beside", "from", "of", "by", "except", "is", "where", "how", "what"),
    ]
)
_BRACES = re.compile(r"\{([^{}]*)\}")


class SkillReader(StatementReader):
    """Reads skills from plain Python values."""

    new_states: tuple[str, ...] = ()

    def skills(self, raw: object) -> dict[str, Skill]:
        """Read a mapping from names to descriptions."""
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.problem((), f"expected `name: {{text: …}}` entries, found {seen(raw)}")
            return {}
        if len(raw) > MAX_SKILLS:
            self.problem((), f"{len(raw)} skills; at most {MAX_SKILLS}")
            return {}
        self.new_states = states_set(raw, self.vocabulary)
        skills, labels = dict[str, Skill](), dict[str, str]()
        for label, entry in raw.items():
            skill = self.skill(label, entry)
            if skill is None:
                continue
            if (first := labels.setdefault(skill.name, str(label))) != label:
                text = f"{quoted(skill.text)} begins like that of {first!r}; begin it with other words"
                self.problem((str(label), "text"), text)
            skills[skill.name] = skill
        return skills

    def skill(self, label: object, raw: object) -> Skill | None:
        """Read one description; None if it has a problem. A skill's name is what its text begins with."""
        n_problems = len(self.problems)
        path: Path = (cut(str(label)),)
        if not isinstance(label, str) or not label.isprintable() or len(label) > MAX_NAME:
            self.problem(path, f"a skill is called by words, at most {MAX_NAME} characters; found {seen(label)}")
            return None
        if isinstance(raw, str):
            raw = {"text": raw}
        if not isinstance(raw, dict):
            self.problem(path, f"expected {{text: …, when: […], sets: […]}}, found {seen(raw)}")
            return None
        for key in raw:
            if key not in KEYS:
                hint = nearest(str(key), KEYS) or f"; known: {', '.join(KEYS)}"
                self.problem((*path, key), f"unknown key {quoted(key)}{hint}")
        argument = next(iter(_BRACES.findall(f"{raw.get('sets')}{raw.get('when')}")), "object")
        text, parameters = self._text(path, label, raw.get("text"), argument)
        duration_s = self._duration(path, raw.get("duration_s", DEFAULT_DURATION_S))
        if not parameters:
            return None
        reader = PhraseReader(self.vocabulary, parameters, self.new_states)
        preconditions = self.preconditions((*path, "when"), raw.get("when"), reader)
        effects = [
            *self.effects((*path, "moves"), raw.get("moves"), reader),
            *self.effects((*path, "sets"), raw.get("sets"), reader),
            *self.effects((*path, "clears"), raw.get("clears"), reader),
        ]
        at = self._at((*path, "at"), raw.get("at"), parameters, effects)
        if len(self.problems) == n_problems:
            for place, text_of_problem in contradictions(preconditions, effects, self.vocabulary.fixtures):
                self.problem((*path, *place), text_of_problem)
        if len(self.problems) > n_problems:
            return None
        sorts = [self.vocabulary.sort_of(parameter.kind) or "place" for parameter in parameters]
        preconditions = with_implied(preconditions, effects, parameters, sorts)
        return Skill(
            name=text.partition("{")[0].strip(),
            text=text,
            duration_s=duration_s,
            parameters=parameters,
            preconditions=tuple(preconditions),
            effects=tuple(effects),
            at=at,
        )

    def _text(self, path: Path, label: str, raw: object, argument: str) -> tuple[str, tuple[Parameter, ...]]:
        where = (*path, "text")
        example = f"such as `{label} {{{argument}}}`"
        if not isinstance(raw, str) or not raw.strip():
            self.problem(where if raw is not None else path, f"needs a text, {example}; found {seen(raw)}")
            return "", ()
        text = " ".join(raw.split())
        pieces = [piece.strip() for piece in _BRACES.split(text)]
        words, names = pieces[::2], [" ".join(p.split()) for p in pieces[1::2]]
        if "{" in "".join(words) or "}" in "".join(words):
            self.problem(where, f"{quoted(text)}: braces do not match; {example}")
            return text, ()
        name = words[0]
        if name.split() and name.split()[0] in _GOAL_WORDS:
            self.problem(where, f"{name.split()[0]!r} is a word of the goal language; begin with another verb")
            return text, ()
        if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
            rule = f"lower-case words of letters before its argument, at most {MAX_NAME} characters"
            self.problem(where, f"{quoted(text)}: it begins with {rule}, {example}")
            return text, ()
        if name in self.vocabulary.skills:
            self.problem(where, f"{quoted(text)} begins like the built-in skill {name!r}; begin it with other words")
            return text, ()
        has_relation = "relation" in names
        arguments = [n for n in names if n != "relation"]
        if not arguments or len(arguments) > 2:
            count = "no argument" if not arguments else f"{len(arguments)} arguments"
            self.problem(where, f"{quoted(text)} has {count}; a skill has one or two, {example}")
            return text, ()
        if words[-1]:
            self.problem(where, f"{quoted(text)} ends with {words[-1]!r}; it ends with an argument, {example}")
            return text, ()
        if has_relation and (len(arguments) != 2 or names[1] != "relation"):
            self.problem(where, f"{quoted(text)}: {{relation}} stands between two arguments")
            return text, ()
        if len(arguments) == 2 and not has_relation and not re.fullmatch(r"[a-z]+(?: [a-z]+)*", words[1]):
            self.problem(
                where, f"{quoted(text)}: words stand between two arguments, such as `{{object}} with {{place}}`"
            )
            return text, ()
        if len(set(arguments)) < len(arguments):
            first = arguments[0]
            self.problem(where, f"{quoted(text)} has {{{first}}} twice; call them {{{first} 1}} and {{{first} 2}}")
            return text, ()
        parameters = []
        for argument in arguments:
            kind = kind_of(argument, self.vocabulary)
            if kind is None:
                known = self.vocabulary.kinds
                hint = (
                    nearest(argument, known, alike=ALIKE)
                    or "; it is object, fixture, place, person, room, a kind or a class"
                )
                self.problem(where, f"{{{argument}}} is no kind of argument{hint}")
                return text, ()
            parameters.append(Parameter(name=argument, kind=kind))
        return text, tuple(parameters)

    def _duration(self, path: Path, raw: object) -> float:
        is_number = isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)
        if not is_number or not 0 < float(raw) <= MAX_DURATION_S:  # type: ignore[arg-type]
            self.problem(
                (*path, "duration_s"),
                f"expected seconds, more than 0 and at most {MAX_DURATION_S:g}; found {seen(raw)}",
            )
            return DEFAULT_DURATION_S
        return float(raw)  # type: ignore[arg-type]

    def _at(self, path: Path, raw: object, parameters: Sequence[Parameter], effects: Sequence[Effect]) -> int:
        """Return the parameter where the robot ends: `at`, or the last one."""
        if raw is None:
            arrived = [e.atom.terms[0].parameter for e in effects if e.atom.predicate == "robot at"]
            return arrived[0] if arrived and arrived[0] is not None else len(parameters) - 1
        names = [f"{{{p.name}}}" for p in parameters]
        if raw not in names:
            self.problem(path, f"expected an argument in quotes ({' or '.join(names)}), found {seen(raw)}")
            return 0
        return names.index(str(raw))


def states_set(raw: Mapping[object, object], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the states that described skills set and the domain lacks, without slips of the pen."""
    known, words = (*vocabulary.states, *vocabulary.negations), list[str]()
    for entry in raw.values():
        sets = entry.get("sets") if isinstance(entry, dict) else None
        for item in sets if isinstance(sets, list) else [sets]:
            text = item.get("set") if isinstance(item, dict) else item
            word = state_that_is_set(text) if isinstance(text, str) else None
            if word is not None and word not in known and not _is_slip(word, known):
                words.append(word)
    return tuple(dict.fromkeys(words))


def _is_slip(word: str, known: Sequence[str]) -> bool:
    """Whether a word is so near a known one that it is meant for it; `unfolded` is another word than `folded`."""
    return any(not word.endswith(near) for near in get_close_matches(word, known, n=1, cutoff=0.83))


def cut(text: str) -> str:
    """Shorten a long name for a message."""
    return text if len(text) <= MAX_NAME else text[:MAX_NAME] + "…"
