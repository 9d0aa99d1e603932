"""Reads goals, questions and rules. What cannot be read is an error that offers what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from envs.errors import GoalError
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals.parser import GoalParser
from envs.symbolic.goals.suggestions import may_be_meant, rule_wordings, wordings
from envs.symbolic.goals.values import Goal, Query, Rule, format_goal, format_query, format_rule
from envs.symbolic.kinds.spoken_words import with_kinds_for_words

if TYPE_CHECKING:
    from envs.symbolic.scene import Scene

Value = TypeVar("Value")


def parse_goal(text: str, domain: Domain | None = None, *, scene: Scene | None = None) -> Goal:
    """Parse a goal.

    Args:
        text: The goal, in any spacing.
        domain: The domain; if None, that of the home, or the default one.
        scene: The home that it is about, for names of its rooms and people. Without it, rooms are known by their kinds
            and people by their capital letter.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain (the message offers the nearest).
    """
    return _read(text, domain, scene, GoalParser.goal, format_goal)


def parse_query(text: str, domain: Domain | None = None, *, scene: Scene | None = None) -> Query:
    """Parse a question such as `? where wallet`; the arguments are those of `parse_goal`.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain.
    """
    return _read(text, domain, scene, GoalParser.query, format_query)


def parse_rule(text: str, domain: Domain | None = None, *, scene: Scene | None = None) -> Rule:
    """Parse a rule such as `never knife with person`; the arguments are those of `parse_goal`.

    Raises:
        GoalError: The text does not parse, or has a word unknown to the domain.
    """
    return _read(text, domain, scene, GoalParser.one_rule, format_rule, rule_wordings)


def with_home_rules(goal: Goal, scene: Scene) -> Goal:
    """Return a goal with the rules that its home has for every plan."""
    rules = tuple(parse_rule(text, scene=scene) for text in scene.rules)
    return replace(goal, rules=tuple(dict.fromkeys((*goal.rules, *rules)))) if rules else goal


def _read(
    text: str,
    domain: Domain | None,
    scene: Scene | None,
    parse: Callable[[GoalParser, str], Value],
    write: Callable[[Value, Domain], str],
    other_wordings: Callable[[str, Domain, Sequence[str], Sequence[str]], Iterator[str]] = wordings,
) -> Value:
    """Parse a text, or raise an error that offers the wording that was probably meant."""
    domain = domain or (load_domain() if scene is None else scene.domain)
    parser = GoalParser(domain, scene)
    if (spelled := _as_goals_spell(text, domain)) != text:
        with suppress(GoalError):
            return parse(parser, spelled)
    try:
        return parse(parser, text)
    except GoalError as error:
        reason = str(error)
        if (renamed := with_kinds_for_words(text, domain)) != text:
            with suppress(GoalError):
                return parse(GoalParser(domain, scene), renamed)

        def suggestion() -> str:
            parser.is_trial = True
            for wording in other_wordings(" ".join(text.split()), domain, parser.people, sorted(parser.names)):
                try:
                    if wording.startswith("?"):
                        return format_query(parser.query(wording), domain)
                    value = parse(parser, wording)
                    if not isinstance(value, Goal) or all(may_be_meant(c, domain) for c in value.conditions):
                        return write(value, domain)
                except GoalError:
                    continue
            return ""

        raise _UnreadError(reason, suggestion) from None


def _as_goals_spell(text: str, domain: Domain) -> str:
    """Return a text with the names of own kinds as goals spell them: `ball-of-yarn` for `ball of yarn`."""
    for kind, words in domain.words.items():
        for word in words:
            if re.sub("[-' ]", "", word.lower()) == re.sub("[- ]", "", kind.lower()):
                text = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", kind, text, flags=re.IGNORECASE)
    return text


class _UnreadError(GoalError):
    """A text that is no goal; what was probably meant is looked for when the message is read."""

    def __init__(self, reason: str, suggestion: Callable[[], str]) -> None:
        super().__init__(reason)
        self._reason, self._suggestion = reason, suggestion
        self._message: str | None = None

    def __str__(self) -> str:
        if self._message is None:
            meant = self._suggestion()
            self._message = _with_suggestion(self._reason, meant) if meant else self._reason
        return self._message

    def __reduce__(self) -> tuple[type[GoalError], tuple[str]]:
        return GoalError, (str(self),)


def _with_suggestion(reason: str, meant: str) -> str:
    """Return a reason with the goal that was probably meant; it offers no word that is not in that goal."""
    if repr(meant) in reason:
        return reason
    head, separator, words = reason.partition("; did you mean ")
    words = " or ".join(word for word in words.rstrip("?").split(" or ") if word.strip("'\"") in meant)
    return f"{head}{separator}{words}? Perhaps {meant!r}" if words else f"{head}; perhaps {meant!r}"
