"""Robot files: which skills a robot has, what its hand can hold, where it reaches, and skills of its own.

    name: hallway helper
    skills: [go to, pick up, put, give, open, close]     # absent: all skills of the home
    without: [slice]                                     # and what it lacks all the same
    hand: {width_m: 0.08, payload_kg: 1.5}               # absent: no limit beyond those of the physics
    reach: {min_m: 0.2, max_m: 1.2}                      # heights of the shelves and tables that it reaches
    own skills:                                          # in the notation of docs/skills.md
      vacuum: {text: "vacuum {room}", when: ["hand empty"], sets: ["{room} vacuumed"], duration_s: 120}

Every problem of a file is found at once, with its line. A text without `/` and `.` names a bundled robot of
`datasets/robots/`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from envs.data_folder import data_folder
from envs.errors import RobotError, nearest, quoted
from envs.files.bounded_files import ReadError, named_after, read_text
from envs.files.yaml_nodes import HomeFileError, NodeReader, Problem, is_null, parse_nodes
from envs.symbolic.domain import Hand, load_domain
from envs.symbolic.embodiment import Robot, equipped_state
from envs.symbolic.skills.notation import read_skills

if TYPE_CHECKING:
    from typing import TypeAlias

    from envs.symbolic.domain import Domain, Skill
    from envs.symbolic.state import State

    AnyRobot: TypeAlias = Robot | str | os.PathLike[str]

KEYS = ("name", "skills", "without", "hand", "reach", "own skills")
MAX_BYTES = 100_000
MAX_NAME = 60  # characters
MAX_WIDTH_M, MAX_PAYLOAD_KG, MAX_HEIGHT_M = 1.0, 100.0, 3.0
SUFFIXES = (".yaml", ".yml")


class RobotFileError(RobotError):
    """A robot file is invalid; `problems` lists every problem found."""

    def __init__(self, problems: tuple[Problem, ...], where: str = "") -> None:
        self.problems = problems
        super().__init__("\n".join(f"{where}{problem}" for problem in problems))


def load_robot(robot: AnyRobot, *, domain: Domain | None = None) -> Robot:
    """Return a robot: itself, a bundled one by its name, or that of a file.

    Args:
        robot: The robot, the name, or the path of the file.
        domain: The domain whose skills it may have; None: the default one.

    Raises:
        RobotError: It names no robot, or the file cannot be read; or a `RobotFileError` with one line per problem.
    """
    if isinstance(robot, Robot):
        return robot
    if not isinstance(robot, str | os.PathLike) or not isinstance(os.fspath(robot), str):
        raise RobotError(f"a robot is a robot file, a Robot, or one of: {', '.join(bundled_robots())}; not {robot!r}")
    path = _path_of(robot)
    try:
        text = read_text(path, MAX_BYTES)
    except ReadError as error:
        raise RobotError(f"{error}{_file_hint(path)}") from None
    stem = named_after(path)
    try:
        return parse_robot(text, name=stem[:MAX_NAME] or "robot", domain=domain)
    except RobotFileError as error:
        raise RobotFileError(error.problems, f"{path}: ") from None


def with_robot(state: State, robot: AnyRobot | None) -> State:
    """Return the state of a home, as it is now, with a robot; with None, as it is.

    Raises:
        RobotError: As in `load_robot`.
        DomainError: An own skill of the robot contradicts the home's domain.
    """
    return state if robot is None else equipped_state(state, load_robot(robot, domain=state.world.domain))


def bundled_robots() -> dict[str, Path]:
    """Return the files of the bundled robots, by name."""
    return {path.stem: path for path in sorted((data_folder() / "robots").glob("*.yaml"))}


def parse_robot(text: str, *, name: str = "robot", domain: Domain | None = None) -> Robot:
    """Return the robot that a text describes; `name` is what it is called if the text does not say.

    Raises:
        RobotFileError: The text is no robot; the message has one line per problem.
    """
    reader = NodeReader()
    try:
        if not text.strip("\ufeff \t\r\n"):
            raise HomeFileError([Problem(line=None, text="the file is empty; a robot has a `name:` and `skills:`")])
        robot = _RobotReader(reader, domain or load_domain()).robot(parse_nodes(text), name)
        if reader.problems:
            raise HomeFileError(reader.problems)
    except HomeFileError as error:
        raise RobotFileError(error.problems) from None
    return robot


class _RobotReader:
    def __init__(self, reader: NodeReader, domain: Domain) -> None:
        self.reader, self.domain = reader, domain
        self.labels: dict[str, str] = {}  # the names of its own skills, by their keys

    def robot(self, root: yaml.Node, name: str) -> Robot:
        if not isinstance(root, yaml.MappingNode):
            self.reader.problem(root, f"a robot file has the keys {', '.join(KEYS)}")
            return Robot()
        values = self.reader.options(root, "a robot", KEYS)
        own = self._own_skills(values.get("own skills"))
        skills = self._names(values.get("skills"), "skills", own)
        without = self._names(values.get("without"), "without", own) or ()
        for skill in without:
            if skills is not None and skill not in skills:
                self.reader.problem(values["without"], f"without: {skill!r} is not among its `skills` anyway")
            if skill in own:
                self.reader.problem(values["without"], f"without: {skill!r} is one of its own skills")
        return Robot(
            name=self._name(values.get("name"), name),
            skills=None if skills is None else tuple(skill for skill in skills if skill not in own),
            without=without,
            hand=self._hand(values.get("hand"), values.get("reach")),
            own_skills=own,
        )

    def _name(self, node: yaml.Node | None, name: str) -> str:
        text = None if node is None or is_null(node) else self.reader.text(node, "name")
        if node is not None and text is not None and len(text) > MAX_NAME:
            self.reader.problem(node, f"name: {len(text)} characters; at most {MAX_NAME}")
        return text or name

    def _names(self, node: yaml.Node | None, key: str, own: dict[str, Skill]) -> tuple[str, ...] | None:
        """Read a list of skills; None if there is none."""
        if node is None:
            return None
        known = (*self.domain.all_skills, *own)
        names: list[str] = []
        for item in self.reader.sequence(node, key):
            text = self.reader.text(item, key)
            name = None if text is None else self.labels.get(text) or text.lower()
            if name is None:
                continue
            if name not in known:
                hint = nearest(name, known) or f"; known: {', '.join(known)}; others are described in `own skills`"
                self.reader.problem(item, f"{key}: no skill is called {quoted(name)}{hint}")
            elif name in names:
                self.reader.problem(item, f"{key}: {name!r} appears twice")
            else:
                names.append(name)
        return tuple(names)

    def _own_skills(self, node: yaml.Node | None) -> dict[str, Skill]:
        if node is None or is_null(node):
            return {}
        self._note_labels(node)
        return read_skills(self.reader, node, replace(self.domain.vocabulary, unknown_kinds=True))

    def _note_labels(self, node: yaml.Node) -> None:
        """Note the name of each own skill: what its text begins with (`play: {text: "play with {toy}"}`)."""
        for key_node, entry in node.value if isinstance(node, yaml.MappingNode) else ():
            pairs = entry.value if isinstance(entry, yaml.MappingNode) else ()
            text = next((str(value.value) for key, value in pairs if key.value == "text"), "")
            self.labels[str(key_node.value)] = " ".join(text.partition("{")[0].split())

    def _hand(self, hand: yaml.Node | None, reach: yaml.Node | None) -> Hand | None:
        values = {} if hand is None else self.reader.options(hand, "hand", ("width_m", "payload_kg"))
        width = self._measure(values.get("width_m"), "hand.width_m", "m", MAX_WIDTH_M)
        payload = self._measure(values.get("payload_kg"), "hand.payload_kg", "kg", MAX_PAYLOAD_KG)
        heights = {} if reach is None else self.reader.options(reach, "reach", ("min_m", "max_m"))
        low = self._measure(heights.get("min_m"), "reach.min_m", "m", MAX_HEIGHT_M, least=0.0)
        high = self._measure(heights.get("max_m"), "reach.max_m", "m", MAX_HEIGHT_M, least=0.0)
        if reach is not None and low is not None and high is not None and low >= high:
            self.reader.problem(reach, f"reach: min_m ({low:g}) must be below max_m ({high:g})")
        limits = None if low is None and high is None else (low or 0.0, MAX_HEIGHT_M if high is None else high)
        if width is None and payload is None and limits is None:
            return None
        return Hand(width_m=width, payload_kg=payload, reach_m=limits)

    def _measure(
        self, node: yaml.Node | None, key: str, unit: str, most: float, *, least: float | None = None
    ) -> float | None:  # fmt: skip
        """Read a number above 0, or of at least `least`; None if there is none."""
        if node is None or is_null(node):
            return None
        number = self.reader.number(node, key, limit=1e9)
        if number is None:
            return None
        if number > most:
            hint = f"; {number:g} looks like {'centimeters' if unit == 'm' else 'grams'}"
            self.reader.problem(node, f"{key}: at most {most:g} {unit}, found {number:g}{hint}")
            return None
        if number < 0.0 or (least is None and number == 0.0):
            self.reader.problem(node, f"{key}: expected {'more than 0' if least is None else 'at least 0'} {unit}, "
                                f"found {number:g}")  # fmt: skip
            return None
        return number


def _path_of(robot: str | os.PathLike[str]) -> Path:
    text = os.fspath(robot)
    word = text.strip()
    robots = bundled_robots()
    if isinstance(robot, str) and word and not set("/\\.") & set(word):
        plain = word.lower().replace(" ", "_").replace("-", "_")
        if plain in robots:
            return robots[plain]
        file = Path(f"{word}.yaml")
        hint = f"; did you mean the file {quoted(f'./{file}')}?" if file.is_file() else nearest(plain, robots)
        raise RobotError(f"no robot is called {quoted(word)}{hint}; give a robot file, or one of: {', '.join(robots)}")
    if not word:
        raise RobotError(f"a robot's name is empty; give a robot file, or one of: {', '.join(robots)}")
    try:
        return Path(text).expanduser()
    except (RuntimeError, ValueError):
        return Path(text)


def _file_hint(path: Path) -> str:
    try:
        if path.is_dir():
            return "; name a robot file in it"
        longer = next((other for s in SUFFIXES if (other := path.with_name(path.name + s)).is_file()), None)
        if longer is not None:
            return f"; did you mean {quoted(str(longer))}?"
    except (OSError, ValueError):  # not the path of anything
        return ""
    return f"; the bundled robot is called {path.stem!r}" if path.stem in bundled_robots() else ""
