"""Files from outside are read up to a size limit, or refused with an error that names them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from envs.files import safe_yaml
from envs.files.bounded_files import ReadError, read_bytes, read_text
from envs.files.safe_yaml import YamlError

BOMB = "a0: &a0 [x, x, x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}]\n" for n in range(40))


def test_a_compressed_file_is_unpacked_and_its_byte_order_mark_dropped(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress("\ufeffone".encode()))
    assert read_text(path, 100) == "one"
    assert read_bytes(path, 100) == "\ufeffone".encode()


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    with pytest.raises(ReadError, match=r"x\.gz: larger than 1 kB"):
        read_text(path, 1000)


def test_an_endless_device_is_refused() -> None:
    with pytest.raises(ReadError, match="larger than"):
        read_text("/dev/zero", 1000)


@pytest.mark.parametrize("name", ["none", "", "a\0b", "x" * 5000, "."])
def test_an_unreadable_file_is_named(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReadError) as caught:
        read_text(name, 1000)
    assert str(caught.value).startswith(name[:300]) and len(str(caught.value)) < 500


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\x80"])
def test_a_file_that_is_not_text_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(ReadError, match="not a text file"):
        read_text(tmp_path / "x", 1000)


@pytest.mark.parametrize("cut", [0, 5, 20])
def test_a_truncated_archive_is_named(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"one two three" * 9)[:cut] or b"no archive")
    with pytest.raises(ReadError, match=r"x\.gz"):
        read_text(path, 1000)


# YAML


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "line 1: anchors and aliases"),
        ("[" * 5000, "line 1: nested more than 20 deep"),
        ("- a\n" * 70_000, "more than 60000 entries"),
        ("x" * 1_000_001, "larger than 1000 kB"),
        ("a: [", "not YAML"),
        ("a: b\n\tc: d", "line 2: not YAML"),
        ("\0", "not YAML"),
        ("!!python/object/apply:os.system [id]", "not YAML"),
        ("!!bool maybe", "not what its tag says"),
        ("!!int x", "not what its tag says"),
        ("a: " + "9" * 5000, "not what its tag says"),
    ],
)
def test_yaml_that_is_too_large_or_invalid_is_refused_quickly(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, parse = list[yaml.Event](), yaml.parse

    def counted(text: str, Loader: type[yaml.CSafeLoader]) -> Iterator[yaml.Event]:
        for event in parse(text, Loader=Loader):
            read.append(event)
            yield event

    monkeypatch.setattr(yaml, "parse", counted)
    with pytest.raises(YamlError, match=message):
        safe_yaml.load(text)
    assert len(read) <= safe_yaml.MAX_NODES + 1  # at once: no more of it is looked at


def test_plain_yaml_is_read() -> None:
    assert safe_yaml.load("a: [1, 2.5, true, x]\nb: {c: ~}") == {"a": [1, 2.5, True, "x"], "b": {"c": None}}
    assert safe_yaml.load("") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1E5", 1e5), (".5", 0.5), ("+1e3", 1e3), ("-.5e-2", -0.005), ("5.", 5.0), ("2.5", 2.5),
        ("1_000", 1000), ("1_000.5", 1000.5), ("010", 10), ("-7", -7), ("0x1F", 31), ("0o17", 15), ("0b101", 5),
        (".inf", float("inf")), ("-.INF", float("-inf")),
    ],
)  # fmt: skip
def test_numbers_are_those_of_yaml_1_2(text: str, value: float) -> None:
    loaded = safe_yaml.load(f"a: {text}")
    assert loaded == {"a": value}
    assert isinstance(loaded, dict) and type(loaded["a"]) is type(value)


@pytest.mark.parametrize("text", ["1:30", "1e", "e5", "1.2.3", "1__0", "_1", "1,000", "1_e3", '"1e-3"', "1e3x"])
def test_what_only_looks_like_a_number_stays_text(text: str) -> None:
    assert safe_yaml.load(f"a: {text}") == {"a": text.strip('"')}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' is given twice; first in line 1"),
        ("x:\n- {b: 1,\n   'b': 2}", "line 3: the key 'b' is given twice; first in line 2"),
        ("x: {y: {1: a, 1: b}}", "line 1: the key '1' is given twice; first in line 1"),
    ],
)
def test_a_key_given_twice_is_refused_with_both_lines(text: str, message: str) -> None:
    with pytest.raises(YamlError, match=message):
        safe_yaml.load(text)


def test_files_of_the_project_may_use_anchors_and_have_the_same_numbers() -> None:
    text = "a: &a [1e-3, 010]\nb: *a\n"
    assert safe_yaml.load(text, bundled=True) == {"a": [0.001, 10], "b": [0.001, 10]}
    with pytest.raises(YamlError, match="line 1: anchors"):
        safe_yaml.load(text)
    with pytest.raises(YamlError, match="line 2: the key 'a' is given twice; first in line 1"):
        safe_yaml.load("a: 1\na: 2", bundled=True)
