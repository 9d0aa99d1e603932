r"""Splits the text of a plan into steps, however a person or `planner.plan` wrote it.

Between steps may stand a new line, an arrow (`→`, `->`, `=>`, `>`), `;`, `|` or `[SEP]`; within a piece, `,`, `.`,
`then`, `and`, `&`, `+`, `/` and a dash separate steps if each part is one (planner/plans/typed_steps.py). Numbers and
bullets of lists, `Step 1:`, quotes, code fences, blank lines and comments (`# ...`) are left out. JSON is a list of
steps, or an object of `planner.plan --json`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from envs.errors import quoted
from envs.files.strict_json import JsonError, parse_json
from planner.errors import PlanTextError

MAX_PLAN = 1_000_000  # characters

_SEPARATOR = re.compile(
    r"[-=~–—]{1,20}>+|(?<!\S)>+(?!\S)|[→⇒⇨⟶➔➙➜➝➞➡▶»;|]|\[(?:SEP|CLS|EOS)\]|\\r\\n|\\n", re.IGNORECASE
)
_MARK = re.compile(
    r"(?:[-*•+–—·]?\s*\[[ xX]?\]\s|[-*•+–—·]\s|\[\s*\d+(?:\s*/\s*\d+)?\]|\(?#?\d+\s*[.):]|[(#]\d+\)?\s|\d+\s+(?=[a-z])"
    r"|(?:step|action)\s*#?\d*\s*[.):,-])\s*",
    re.IGNORECASE,
)
_LIST = re.compile(r"\[\s*(?:[\"'{\[\]-]|\d+\s*,|\d+\s*\]\s*$|null|true|false|$)")
_COMMENT = re.compile(r"(?:^|\s)#(?!\s*\d).*$|^#+\s.*$")
_LABEL = re.compile(r"(?:the\s+)?(?:plan|steps|subtasks|actions)\s*:\s*", re.IGNORECASE)
_FENCE = re.compile(r"(?:`{3,}|~{3,})\w*\s*\n(.*)\n\s*(?:`{3,}|~{3,})", re.DOTALL)
_STATUS = re.compile(
    r"nothing to do(?: for phase \d+)?: .*|(?:verified|scheduled|unverified)\b.*\(\d+\.\d+ s\b[^()]*\)$"
)
QUOTES = "\"'`“”\u2018’«»*"


@dataclass(frozen=True, kw_only=True)
class TypedStep:
    """One step of a plan as it was typed.

    Attributes:
        text: The words, without list marks and quotes.
        line: Its line, from 1; None if the plan is one line, or JSON.
        listed: Whether it is certainly a step: it has a number or a bullet, or is an entry of a JSON list.
    """

    text: str
    line: int | None = None
    listed: bool = False


@dataclass(frozen=True, kw_only=True)
class PlanText:
    """The steps of a plan as typed, and the goal if the text has one.

    Attributes:
        steps: The steps; the first may be the instruction that the plan is for.
        goal: The goal in the goal language, if the text states it.
        labeled: Whether the text is marked as `plan: ...`, as `planner.plan` prints it: with the instruction in front.
    """

    steps: tuple[TypedStep, ...]
    goal: str | None = None
    labeled: bool = False


def split_plan(text: str) -> PlanText:
    """Split the text of a plan into steps.

    Raises:
        PlanTextError: It is too long, or JSON that is no plan, or a refusal of `planner.plan`.
    """
    if len(text) > MAX_PLAN:
        raise PlanTextError(f"the plan has more than {MAX_PLAN} characters")
    text = _visible(text).strip()
    if fenced := _FENCE.fullmatch(text):
        text = fenced[1].strip()
    if text.startswith("{") or _LIST.match(text):
        return _from_json(text)
    lines = text.splitlines()
    steps: list[TypedStep] = []
    goal: str | None = None
    labeled = False
    for number, raw_line in enumerate(lines, start=1):
        line = _COMMENT.sub("", raw_line).strip()
        if line.startswith(("```", "~~~")) or _STATUS.match(line):
            continue
        if line.startswith("words:"):
            continue
        if line.lower().startswith("goal:"):
            goal = line[len("goal:") :].strip() or goal
            continue
        if label := _LABEL.match(line.lstrip(QUOTES)):
            line = line.lstrip(QUOTES)[label.end() :]
            labeled = labeled or bool(line.strip(QUOTES + " ") and not steps)
        for part in (part for entry in _entries(line) for part in _SEPARATOR.split(entry)):
            if step := _step(part, number if len(lines) > 1 else None):
                steps.append(step)
    return PlanText(steps=tuple(steps), goal=goal, labeled=labeled)


def _entries(line: str) -> Iterator[str]:
    """Yield the entries of a numbered list on one line, such as `1. open cabinet 1 2. pick up plate 1`."""
    number = 2
    while line.startswith((f"{number - 1}.", f"{number - 1})")) and (
        match := re.search(rf"\s(?={number}[.)]\s)", line)
    ):
        yield line[: match.start()]
        line, number = line[match.end() :], number + 1
    yield line


def _visible(text: str) -> str:
    """Return text without characters that are invisible, such as a byte order mark or a joiner."""
    if text.isascii():
        return text
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _step(text: str, line: int | None) -> TypedStep | None:
    bare = " ".join(text.split()).lstrip(QUOTES.replace("*", "")).rstrip(",")
    mark = _MARK.match(bare)
    words = (bare[mark.end() :] if mark else bare).strip(QUOTES + " ").rstrip(",.! -–—").rstrip(QUOTES)
    return TypedStep(text=words, line=line, listed=mark is not None) if words else None


def _from_json(text: str) -> PlanText:
    if re.match(r"\[\s*'", text):
        raise PlanTextError('the plan is a list in single quotes; JSON needs double quotes: ["open cabinet 1", ...]')
    try:
        data = parse_json(text)
    except JsonError as error:
        hint = "; give one plan at a time" if "Extra data" in str(error) else ""
        raise PlanTextError(f"the plan is not the JSON of planner.plan: {error}{hint}") from None
    goal = None
    if isinstance(data, dict):
        if "plan" not in data:
            raise PlanTextError(
                f"the plan is not the JSON of planner.plan: it has no key 'plan', only {quoted(sorted(data))}"
            )
        data, goal, status, reason = data["plan"], data.get("goal"), data.get("status"), data.get("reason")
        if goal is not None and not isinstance(goal, str):
            raise PlanTextError(f"the JSON's goal must be a text, found {quoted(goal)}")
        if data == [] and status in ("refused", "ask", "answered", "noted"):
            raise PlanTextError(f"the JSON holds no plan: the answer of planner.plan is {status}: {reason}")
    if not isinstance(data, list) or not all(isinstance(step, str) for step in data):
        raise PlanTextError(
            f'the JSON\'s plan must be a list of subtasks, such as ["open cabinet 1"]; found {quoted(data)}'
        )
    steps = (_step(step, None) for step in data)
    return PlanText(
        steps=tuple(TypedStep(text=step.text, listed=True) for step in steps if step is not None), goal=goal
    )
