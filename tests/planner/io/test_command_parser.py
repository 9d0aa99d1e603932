"""Flags of every command: a mistake is one line that helps, and nothing is overwritten in silence."""

from __future__ import annotations

import pytest

from planner.io.command_parser import CommandParser, finite_number


@pytest.fixture
def parser() -> CommandParser:
    parser = CommandParser(prog="prog")
    parser.add_argument("text", nargs="?")
    parser.add_argument("--home", default="flat")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=finite_number)
    parser.add_argument("--model", action="append")
    parser.add_argument_group("more").add_argument("--execute", action="store_true")
    return parser


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--hoem x", "unknown flag --hoem; did you mean --home"),
        ("--homes=x", "unknown flag --homes; did you mean --home"),
        ("--exekute", "did you mean --execute?"),
        ("--xyzzy", "unknown flag --xyzzy (-h lists all flags)"),
        ("open the fridge", "too many arguments: the fridge; put a text of several words in quotes"),
        ("x —home a", "too many arguments: —home a; a flag begins with two hyphens, not with a long dash"),
        ("x –seed", "a flag begins with two hyphens"),
        ("-open", "unknown flag -open; a text that begins with a dash stands after --"),
        ("--home a --home b", "--home is given twice"),
        ("--home a --seed 1 --home=a", "--home is given twice"),
        ("--seed 1.5", "argument --seed: expected a whole number, found '1.5'"),
        ("--seed", "argument --seed: expected one argument"),
        ("--share nan", "argument --share: expected a number, found 'nan'"),
        ("--share -inf", "argument --share: expected "),
        ("--share 1e999", "argument --share: expected a number, found '1e999'"),
        ("--share x", "argument --share: expected a number, found 'x'"),
    ],
)
def test_a_mistake_is_one_line_that_helps(
    parser: CommandParser, line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(line.split())
    out, err = capsys.readouterr()
    assert (stopped.value.code, out) == (2, "")
    assert err.count("\n") == 1 and err.startswith("prog: ") and says in err


def test_right_flags_are_read_each_time_anew(parser: CommandParser) -> None:
    for _ in range(2):
        args = parser.parse_args(["--home", "a", "--model", "m", "--model", "n", "--execute", "--execute", "x y"])
        assert (args.home, args.model, args.execute, args.text) == ("a", ["m", "n"], True, "x y")
    assert parser.parse_args(["--", "-x"]).text == "-x"
    assert parser.parse_args(["- x"]).text == "- x"
