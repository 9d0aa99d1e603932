"""Times in goals: when a phase is due, what it chooses then, and homes whose clocks count."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from envs.errors import ArgumentError, GoalError
from envs.simulation.disturbed_home import DisturbedHome
from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import State, parse_action
from envs.symbolic.goals import format_time, parse_goal, parse_time, when_as_dict, words_of_when
from envs.symbolic.home_protocol import TimedHome
from envs.symbolic.progress import Progress, advance, begin, score
from tests.envs.homes_for_tests import after, state

SEVEN, EIGHT = parse_time("07:00"), parse_time("08:00")


@pytest.fixture(scope="module")
def home() -> State:
    return state(
        ["countertop 1", "desk 1", "shelf 1", "window 1: open", "ceiling light 1", "desk lamp 1: on"],
        {"mug 1": "countertop 1", "mug 2": "desk 1", "book 1": "desk 1", "book 2": "countertop 1"},
    )


def waiting(goal: str, now: State, start: str = "06:50") -> Progress:
    return begin(parse_goal(goal), now, time_s=parse_time(start), waits=True)


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00", 0), ("7:05", 25_500), ("06:50", 24_600), ("23:59", 86_340), ("12:00", 43_200)]
)
def test_a_time_of_day_is_seconds_since_midnight(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "24:00", "12:60", "7", "noon", "7:5", "-1:00", "07:00:00", " 07:00", "\u0660\u0667:\u0660\u0660", 7]
)
def test_what_is_no_time_of_day_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ArgumentError, match="06:50"):
        parse_time(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "at 7 : window closed", "at 07:00 window closed", "after 10 minutes : window closed",
        "after 10 : window closed",
        "every day : window closed", "every day at 7 : window closed", "after a while : window closed",
        "at \u0660\u0667:\u0660\u0660 : window closed", "window closed then after ten min : window open",
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_read_is_an_error_that_shows_how_times_are_written(text: str) -> None:
    with pytest.raises(GoalError, match=r"after 10 min : .*at 07:00 : .*every day at 07:00 : "):
        parse_goal(text)


@pytest.mark.parametrize("delay", ["123456.7 s", "0.001 s", "0.00001 s", "2057.6 min", "1.5 h", "604800 s", "0.1 min"])
def test_delays_are_written_to_the_millisecond(delay: str) -> None:
    goal = parse_goal(f"after {delay} : window closed")
    assert parse_goal(str(goal)) == goal


@pytest.mark.parametrize(
    "text",
    [
        "if window open : at 07:00 : window closed", "window closed at 07:00", "at 07:00 : after 5 min : window closed",
        "window closed in 10 min", "window closed every day at 07:00", "daily at 07:00 : window closed",
        "mug on desk after 5 min", "mug on desk in 0.5 h",
    ],
)  # fmt: skip
def test_a_time_that_does_not_stand_first_is_an_error_that_says_so(text: str) -> None:
    with pytest.raises(GoalError, match="a time stands first in its phase, before a test: `at 07:00 : "):
        parse_goal(text)


@pytest.mark.parametrize("text", ["at 07:00:window closed", "At 07:00 :window closed", "AT 7:00: Window closed"])
def test_spaces_around_the_colon_and_upper_case_do_not_matter(text: str) -> None:
    assert str(parse_goal(text)) == "at 07:00 : window closed"


def test_a_number_at_most_is_no_time() -> None:
    assert not parse_goal("at most 3 mug on desk").is_timed


def test_times_are_written_with_the_day_and_the_seconds_that_they_need() -> None:
    assert [format_time(t) for t in (SEVEN, SEVEN + 12, 86_400, 111_600, 86_399.9)] == [
        "07:00", "07:00:12", "00:00 on day 2", "07:00 on day 2", "23:59:59",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        ("after 10 min", {"after_s": 600}, "in 10 minutes"),
        ("after 1 h", {"after_s": 3600}, "in 1 hour"),
        ("after 25 h", {"after_s": 90_000}, "in 25 hours"),
        ("after 168 h", {"after_s": 604_800}, "in 7 days"),
        ("after 90 s", {"after_s": 90}, "in 90 seconds"),
        ("after 0.5 s", {"after_s": 0.5}, "in 0.5 seconds"),
        ("at 7:00", {"at": "07:00"}, "at 07:00"),
        ("every day at 19:30", {"every": "day 19:30"}, "every day at 19:30"),
    ],
)
def test_a_time_is_written_as_data_and_in_words(text: str, data: dict[str, object], words: str) -> None:
    when = parse_goal(f"{text} : window closed").guards[0].when
    assert when is not None
    assert (when_as_dict(when), words_of_when(when)) == (data, words)


@pytest.mark.parametrize(
    ("goal", "start", "due"),
    [
        ("at 07:00 : window closed", "06:50", "07:00"),
        ("at 07:00 : window closed", "07:01", "07:00 on day 2"),  # it has passed today
        ("every day at 07:00 : window closed", "23:30", "07:00 on day 2"),
        ("at 00:00 : window closed", "23:59", "00:00 on day 2"),
        ("after 10 min : window closed", "06:50", "07:00"),
        ("after 2 h : window closed", "23:00", "01:00 on day 2"),
        ("after 168 h : window closed", "06:50", "06:50 on day 8"),
    ],
)
def test_a_phase_waits_until_it_is_due(goal: str, start: str, due: str, home: State) -> None:
    progress = waiting(goal, home, start)
    assert progress.due_s is not None and format_time(progress.due_s) == due
    assert not score(progress).success


@pytest.mark.parametrize(
    "goal", ["at 06:50 : window open", "after 0 s : window open", "every day at 6:50 : window open"]
)
def test_what_is_due_now_waits_for_nothing(goal: str, home: State) -> None:
    progress = waiting(goal, home)
    assert progress.due_s is None and score(progress).success


def test_what_holds_before_its_time_is_not_reached_before_its_time(home: State) -> None:
    progress = waiting("at 07:00 : desk lamp on", home)
    assert not score(progress).success
    progress = advance(progress, home, time_s=SEVEN - 1)
    assert not score(progress).success
    assert score(advance(progress, home, time_s=SEVEN)).success


def test_a_delay_counts_from_when_the_phase_before_it_is_reached(home: State) -> None:
    progress = waiting("desk lamp off then after 10 min : window closed", home)
    assert progress.due_s is None
    progress = advance(progress, home, time_s=parse_time("06:55"))
    now = after(home, "turn off desk lamp 1")
    progress = advance(progress, now, parse_action(now.world, "turn off desk lamp 1"), time_s=SEVEN)
    assert progress.due_s == SEVEN + 600


def test_without_a_given_time_an_action_takes_the_duration_of_its_skill(home: State) -> None:
    progress = waiting("after 10 s : window closed", home)
    now = after(home, "turn off desk lamp 1")  # 7 s
    progress = advance(progress, now, parse_action(now.world, "turn off desk lamp 1"))
    assert progress.due_s is not None and progress.time_s == parse_time("06:50") + 7
    now = after(now, "turn on desk lamp 1")
    assert advance(progress, now, parse_action(now.world, "turn on desk lamp 1")).due_s is None


def test_a_time_of_day_that_passes_while_the_phase_before_it_is_done_is_not_missed(home: State) -> None:
    progress = waiting("desk lamp off then at 07:00 : window closed", home)
    now = after(home, "turn off desk lamp 1")
    progress = advance(progress, now, parse_action(now.world, "turn off desk lamp 1"), time_s=SEVEN + 300)
    assert progress.due_s is None and progress.phase == 1


def test_two_phases_at_the_same_time_keep_their_order(home: State) -> None:
    progress = waiting("at 07:00 : desk lamp off then at 07:00 : window closed", home)
    progress = advance(progress, home, time_s=SEVEN)
    assert (progress.phase, progress.due_s) == (0, None)
    now = after(home, "turn off desk lamp 1")
    progress = advance(progress, now, parse_action(now.world, "turn off desk lamp 1"), time_s=SEVEN + 7)
    assert (progress.phase, progress.due_s) == (1, None)


def test_a_time_of_day_counts_from_the_last_time_of_the_goal(home: State) -> None:
    progress = waiting("at 07:00 : desk lamp off then window closed then at 07:00 : ceiling light on", home)
    progress = advance(progress, home, time_s=SEVEN)
    for seconds, text in ((7, "turn off desk lamp 1"), (17, "close window 1")):
        now = after(progress.state, text)
        progress = advance(progress, now, parse_action(now.world, text), time_s=SEVEN + seconds)
    assert (progress.phase, progress.due_s) == (2, None)


def test_an_earlier_time_of_day_behind_then_means_the_next_day(home: State) -> None:
    progress = waiting("at 07:00 : desk lamp on then at 06:55 : window closed", home)
    progress = advance(progress, home, time_s=SEVEN)
    assert progress.due_s is not None and format_time(progress.due_s) == "06:55 on day 2"


def test_tests_are_made_when_the_time_has_come(home: State) -> None:
    goal = "at 07:00 : if window open : window closed"
    progress = waiting(goal, home)
    shut = after(home, "close window 1")
    progress = advance(progress, shut, parse_action(shut.world, "close window 1"), time_s=SEVEN - 60)
    progress = advance(progress, shut, time_s=SEVEN)
    assert progress.left_out == {0} and score(progress).success
    progress = advance(waiting(goal, home), home, time_s=SEVEN)
    assert not progress.left_out and not score(progress).success


def test_choices_are_made_when_the_time_has_come(home: State) -> None:
    progress = waiting("after 10 min : every book from desk on shelf", home)
    now = after(home, "pick up book 2", "put book 2 on desk 1")  # somebody tidies meanwhile
    progress = advance(progress, now, time_s=SEVEN)
    now = after(now, "pick up book 1", "put book 1 on shelf 1")
    assert not score(advance(progress, now, time_s=SEVEN + 20)).success
    now = after(now, "pick up book 2", "put book 2 on shelf 1")
    assert score(advance(progress, now, time_s=SEVEN + 40)).success


def test_one_more_is_counted_from_when_the_time_has_come(home: State) -> None:
    now = after(home, "pick up mug 1", "put mug 1 on desk 1")
    progress = advance(waiting("after 1 min : 1 more mug on desk", home), now, time_s=SEVEN)
    assert not score(progress).success


def test_rules_hold_while_waiting(home: State) -> None:
    progress = waiting("at 07:00 : window closed while never desk lamp off", home)
    now = after(home, "turn off desk lamp 1")
    progress = advance(progress, now, time_s=SEVEN - 60)
    assert score(progress).broken == ((0, 0),)


def test_a_proof_jumps_to_the_time(home: State) -> None:
    goal = parse_goal("desk lamp off then after 10 min : window closed then at 07:00 : ceiling light on")
    progress, now = begin(goal, home, time_s=EIGHT), home
    for text in ("turn off desk lamp 1", "close window 1", "turn on ceiling light 1"):
        now = after(now, text)
        progress = advance(progress, now, parse_action(now.world, text))
    assert score(progress).success
    assert format_time(progress.time_s) == "07:00:07 on day 2"  # the light takes 7 s


def test_goals_without_times_count_none(home: State) -> None:
    now = after(home, "close window 1")
    progress = advance(begin(parse_goal("window closed"), home), now, parse_action(now.world, "close window 1"))
    assert (progress.time_s, progress.due_s) == (0.0, None)


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf"), "60", None])
def test_only_a_number_of_seconds_can_be_waited(seconds: Any, home: State) -> None:
    simulated = SymbolicHome(home)
    with pytest.raises(ArgumentError, match="a number of seconds, 0 or more"):
        simulated.wait(seconds)
    assert simulated.time_s == parse_time("08:00")


def test_the_clock_of_the_symbolic_home_counts_durations_and_waits(home: State) -> None:
    running = SymbolicHome(home, start_time="06:50")
    assert running.time_s == parse_time("06:50") and isinstance(running, TimedHome)
    running.execute(parse_action(home.world, "close window 1"))
    assert running.time_s == parse_time("06:50") + 10
    running.execute(parse_action(home.world, "close window 1"))  # it is closed: fails at once
    assert running.time_s == parse_time("06:50") + 10
    other = copy.deepcopy(running)
    other.wait(600)
    assert (running.time_s, other.time_s) == (parse_time("06:50") + 10, SEVEN + 10)
    assert SymbolicHome(home).time_s == EIGHT


def test_a_disturbed_home_has_the_time_of_the_home_that_it_wraps(home: State) -> None:
    disturbed = DisturbedHome(SymbolicHome(home), probability=0.0)
    disturbed.execute(parse_action(home.world, "close window 1"))
    disturbed.wait(5)
    assert disturbed.time_s == EIGHT + 15
