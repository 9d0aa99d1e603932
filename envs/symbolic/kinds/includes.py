"""Reads the files that a home includes: kinds that several homes share."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from envs.data_folder import data_folder
from envs.errors import nearest, quoted
from envs.files.bounded_files import ReadError, read_text
from envs.files.safe_yaml import MAX_BYTES
from envs.files.yaml_nodes import HomeFileError, Problem, describe, parse_nodes
from envs.symbolic.kinds.values import ValueReader

INCLUDE_KEYS = ("include", "things", "furniture", "classes", "states", "negations", "processes", "skills")
MAX_FILES, MAX_DEPTH = 20, 5
MAX_LISTED = 1000  # files of a folder that are compared with a name that is not there
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Included:
    """The sections of one file, the file's name in messages, and the folder that its paths are relative to."""

    file: str
    folder: Path | None
    parts: Mapping[str, yaml.Node]


class IncludeReader(ValueReader):
    """Reads included files, each once, those that it includes itself before it."""

    def included(self, parts: Mapping[str, yaml.Node], folder: Path | None) -> list[Included]:
        """Return the files that a home includes, in the order in which their kinds are read."""
        files: dict[str, Included | None] = {}
        if "include" in parts:
            self._include(parts["include"], folder, (), files)
        return [file for file in files.values() if file is not None]

    def _include(
        self, node: yaml.Node, folder: Path | None, chain: tuple[str, ...], files: dict[str, Included | None]
    ) -> None:
        for each, word in self.words(node, "include"):
            path = self._path(each, word, folder)
            if path is None:
                continue
            shown = (
                word
                if not self.file or folder is None
                else os.path.normpath(os.path.join(os.path.dirname(self.file), word))
            )
            key = os.path.realpath(path)
            if key in chain:
                self.problem(each, f"include: {quoted(word)} includes itself")
            elif key in files:
                continue
            elif len(files) >= MAX_FILES:
                self.problem(each, f"include: more than {MAX_FILES} files")
                return
            elif len(chain) >= MAX_DEPTH:
                self.problem(each, f"include: files include each other more than {MAX_DEPTH} deep")
            else:
                files[key] = None
                content = self._content(each, path, shown)
                if content is None:
                    continue
                with self.reading(shown):
                    if "include" in content:
                        self._include(content["include"], path.parent, (*chain, key), files)
                del files[key]  # behind those that it includes
                files[key] = Included(file=shown, folder=path.parent, parts=content)

    def _path(self, node: yaml.Node, word: str, folder: Path | None) -> Path | None:
        """Return the path of an included file: one beside this file, or a bundled one by its name."""
        if "/" not in word and "." not in word:
            bundled = {path.stem: path for path in sorted((data_folder() / "kinds").glob("*.yaml"))}
            if word in bundled:
                return bundled[word]
            hint = nearest(word, bundled) or f"; bundled are: {', '.join(bundled)}"
            if folder is not None and any((folder / f"{word}{suffix}").is_file() for suffix in SUFFIXES):
                suffix = next(suffix for suffix in SUFFIXES if (folder / f"{word}{suffix}").is_file())
                hint = f"; did you mean '{word}{suffix}'?"
            self.problem(node, f"include: no bundled file of kinds is called {word!r}{hint}")
            return None
        path = Path(word).expanduser() if word.startswith("~") else Path(word)
        if path.is_absolute():
            return path
        if folder is None:
            self.problem(node, f"include: {quoted(word)} is relative to a home file; this home is a text without one")
            return None
        return folder / path

    def _content(self, node: yaml.Node, path: Path, shown: str) -> dict[str, yaml.Node] | None:
        """Return the sections of a file; None if it cannot be read."""
        try:
            root = parse_nodes(read_text(path, MAX_BYTES))
        except ReadError as error:
            reason = str(error).removeprefix(f"{path}: ")
            self.problem(node, f"include: {shown}: {reason}{_file_hint(path)}")
            return None
        except HomeFileError as error:
            for problem in error.problems:
                text = problem.text.replace("a home has `rooms:` and `objects:`", "it has `things:` and `furniture:`")
                self.problems.append(Problem(line=problem.line, text=text, file=shown))
            return None
        with self.reading(shown):
            if not isinstance(root, yaml.MappingNode):
                text = f"an included file has `things:` and `furniture:`; this one has neither: it is {describe(root)}"
                self.problem(root, text)
                return None
            keys = [key.value for key, _ in root.value if isinstance(key, yaml.ScalarNode)]
            if "rooms" in keys or "objects" in keys:
                self.problem(root, f"{shown} is a home; an included file has only: {', '.join(INCLUDE_KEYS)}")
                return None
            return self.options(root, shown, INCLUDE_KEYS)


def _file_hint(path: Path) -> str:
    """Return a hint about what may have been meant by a path at which there is no file."""
    try:
        if path.exists() or not path.parent.is_dir():
            return ""
        with os.scandir(path.parent) as entries:
            names: Collection[str] = sorted(e.name for e, _ in zip(entries, range(MAX_LISTED), strict=False))
        return nearest(path.name, [name for name in names if name.endswith(SUFFIXES)])
    except (OSError, ValueError):  # not the path of anything
        return ""
