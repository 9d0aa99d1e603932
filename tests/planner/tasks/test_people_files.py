"""What people said (datasets/people): valid task files that share no ids and no sentences."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from planner.io.paths import datasets_dir
from planner.language.normalization import normalize
from planner.tasks.task_files import read_tasks

PEOPLE = datasets_dir() / "people"
SETS = {"training": PEOPLE, "tuning": PEOPLE / "tuning", "held_out": PEOPLE / "held_out"}
FILES = sorted(path for folder in SETS.values() for path in folder.glob("*.jsonl"))
SHORT = 7  # words; "make it stop" is what anyone may say


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(path: Path) -> list[str]:
    return [normalize(str(line["instruction"])) for line in lines_of(path)]


@pytest.fixture(scope="module")
def sentences() -> dict[str, set[str]]:
    return {name: {text for path in folder.glob("*.jsonl") for text in said(path)} for name, folder in SETS.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_file_is_a_task_file(path: Path) -> None:
    for task in read_tasks(path):
        assert task.home is not None
        assert task.answer not in ("ask", "refuse") or task.extra.get("say")


def test_every_id_is_used_once() -> None:
    ids = Counter(str(line["id"]) for path in FILES for line in lines_of(path))
    assert [name for name, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_context_and_unread_words_are_quoted_from_the_sentence(path: Path) -> None:
    for line in lines_of(path):
        for key in ("context", "unread"):
            spans = line.get(key, [])
            assert isinstance(spans, list)
            assert all(str(span).strip() and str(span) in str(line["instruction"]) for span in spans), line["id"]


def test_every_author_is_in_one_set() -> None:
    authors = [path.stem for path in FILES]
    assert len(authors) == len({*authors}) >= 31
    assert all(any(path.parent == folder for path in FILES) for folder in SETS.values())


@pytest.mark.parametrize(("one", "other"), [("training", "tuning"), ("training", "held_out"), ("tuning", "held_out")])
def test_no_sentence_is_in_two_sets(sentences: dict[str, set[str]], one: str, other: str) -> None:
    both = sentences[one] & sentences[other]
    assert not any(len(text.split(" ")) > SHORT for text in both)
    assert len(both) <= 0.005 * len(sentences[other])


def test_no_sentence_is_one_of_a_published_benchmark(sentences: dict[str, set[str]], shared_dir: Path) -> None:
    published: set[str] = set()
    for path in (*shared_dir.rglob("*.jsonl"), *shared_dir.rglob("*.jsonl.gz")):
        text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
        for line in text.splitlines():
            published.add(normalize(str(json.loads(line).get("instruction", ""))))
    for name, texts in sentences.items():
        both = texts & published
        assert not any(len(text.split(" ")) > SHORT for text in both), name
        assert len(both) <= 0.001 * len(texts), name
