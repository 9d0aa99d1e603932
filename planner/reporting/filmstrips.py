"""Three episodes as filmstrips: reached by the direct pass, reached only by the full planner, and failed.

An episode's plan is executed again in the physical home, and a few stills are rendered. Without physics, the plan is
replayed in the symbolic home, and each still is a card with the changes in words.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tqdm import tqdm

from envs.errors import EnvsError
from envs.evaluation.state_comparison import Difference, differences
from envs.symbolic.actions import State, format_action, parse_action, successor, unmet_precondition
from envs.symbolic.goals import Goal, format_condition, parse_goal
from envs.symbolic.scoring import holds
from planner.io.json_lines import Record
from planner.learning.proposing.proposals import initial_state_of
from planner.reporting.run_folder import failure_of
from planner.reporting.table import escaped

if TYPE_CHECKING:
    from envs.recording.video import Frame as Picture
    from envs.symbolic.actions import Action
    from envs.symbolic.home_protocol import OutcomeLike
    from planner.reporting.run_folder import Cycle

MAX_STILLS = 6  # of a strip, including the start
SIZE = (320, 240)  # width, height [px]
QUALITY = 72  # of WebP
MAX_PREFERRED_LENGTH = 14  # subtasks; shorter plans are preferred to longer ones
MAX_FILMED = 30  # subtasks executed for a strip: one takes about a second
MAX_CHANGES = 4  # listed on a card

EPISODE_TYPES: tuple[tuple[str, Callable[[Record], bool]], ...] = (
    ("The direct pass reached it", lambda e: bool(e["direct"]) and bool(e["kept"])),
    ("Only the slow planner reached it", lambda e: bool(e["kept"]) and not e["direct"]),
    ("Not reached", lambda e: not e["kept"] and not e["direct"]),
)


@dataclass(frozen=True, kw_only=True)
class Still:
    """The home after a subtask, or at the start.

    Attributes:
        title: The subtask with its number.
        words: The changes, or why the subtask failed.
        failed: Whether the subtask failed.
        image: A data URI; empty without a rendering.
    """

    title: str
    words: str = ""
    failed: bool = False
    image: str = ""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """An episode's stills.

    Attributes:
        title: The type of the episode.
        cycle: The number of its cycle.
        episode: Its record.
        stills: Its stills in order; empty if the home cannot be built.
        note: Remarks for the reader.
    """

    title: str
    cycle: int
    episode: Record
    stills: Sequence[Still]
    note: str = ""

    def html(self) -> str:
        """Return the strip with its instruction and goal above it and the whole plan below."""
        plan = [str(step) for step in _plan(self.episode)]
        steps = "".join(f"<li>{escaped(step)}</li>" for step in plan)
        length = f"{len(plan)} subtask{'s' * (len(plan) != 1)}"
        details = f"<details><summary>The plan: {length}</summary><ol>{steps}</ol></details>" if plan else ""
        note = f'<p class="note">{escaped(self.note)}</p>' if self.note else ""
        instruction, goal = escaped(self.episode["instruction"]), escaped(self.episode["goal"])
        return (
            f'<article class="strip"><h3>{escaped(self.title)} <small>cycle {self.cycle}</small></h3>'
            f"<p><q>{instruction}</q><br><code>{goal}</code></p>{note}"
            f'<ol class="stills">{"".join(map(_card, self.stills))}</ol>{details}</article>'
        )


def _card(still: Still) -> str:
    title, picture = escaped(still.title), ""
    if still.image:
        picture = f'<img src="{still.image}" alt="The home: {title}" width="{SIZE[0]}" height="{SIZE[1]}">'
    words = f"<p>{escaped(still.words)}</p>" if still.words else ""
    return f'<li class="{"failed" if still.failed else "done"}">{picture}<b>{title}</b>{words}</li>'


def _plan(episode: Record) -> list[object]:
    plan = episode["plan"]
    return plan if isinstance(plan, list) else []


def choose(cycles: Sequence[Cycle]) -> Iterator[tuple[str, int, Record]]:
    """Yield a title, a cycle and an episode for each episode type, from the latest cycle that has one.

    Among several, prefer plans of at most `MAX_PREFERRED_LENGTH` subtasks, of these the one with the most conditions;
    if all are longer, the shortest.
    """
    for title, matches in EPISODE_TYPES:
        for cycle in reversed(cycles):
            episodes = [e for e in cycle.episodes if matches(e)]
            if episodes:
                yield title, cycle.number, min(episodes, key=_rank)
                break


def _rank(episode: Record) -> tuple[bool, bool, int]:
    length, conditions = len(_plan(episode)), episode.get("conditions")
    fits = length <= MAX_PREFERRED_LENGTH
    return not length, not fits, -conditions if fits and isinstance(conditions, int) else length


def strips(cycles: Sequence[Cycle], *, pictures: bool) -> list[Strip]:
    """Return the filmstrips of a run; with `pictures`, rendered in the physical home if possible."""
    chosen = list(choose(cycles))
    shown = tqdm(chosen, desc="filmstrips", unit="episode", disable=None)
    return [_strip(Strip(title=t, cycle=c, episode=e, stills=()), pictures) for t, c, e in shown]


def _strip(strip: Strip, pictures: bool) -> Strip:
    episode = strip.episode
    failure = failure_of(episode)
    notes = [f"{failure}."] if failure else []
    try:
        goal, home = parse_goal(str(episode["goal"])), int(str(episode["home"]))
        furnished_for = parse_goal(str(episode.get("furnished_for") or episode["goal"]))
        initial_state = initial_state_of(home, furnished_for)
        cards, final_state = _symbolic_stills(initial_state, _actions(episode, initial_state))
    except (EnvsError, KeyError, ValueError) as error:  # e.g. a home of another version, or a damaged record
        return replace(strip, note=" ".join([*notes, f"Not shown: {error}."]))
    length, stills = len(_plan(episode)), [cards[k] for k in _evenly_spaced(len(cards))]
    if cards[-1].failed:
        notes.append(f"Subtask {len(cards) - 1} of {length} cannot be done.")
    notes.append(_unmet_text(goal, initial_state, final_state))
    if pictures:
        try:
            physical_state = initial_state_of(home, furnished_for, geometry=True)
            stills = _physical_stills(physical_state, _actions(episode, physical_state))
            if stills[-1].failed and not cards[-1].failed:
                notes.append("The robot of the physical home did not get to the plan's end.")
            elif length > MAX_FILMED:
                notes.append(f"The first {MAX_FILMED} of {length} subtasks are filmed.")
        except EnvsError as error:  # no PyBullet, or the furniture does not fit a floor plan
            notes.append(f"Not drawn: {error}.")
    return replace(strip, stills=stills, note=" ".join(filter(None, notes)))


def _actions(episode: Record, initial_state: State) -> list[Action]:
    return [parse_action(initial_state.world, str(step)) for step in _plan(episode)]


def _symbolic_stills(initial_state: State, actions: Sequence[Action]) -> tuple[list[Still], State]:
    """Return a card for each subtask in the symbolic home, up to an inapplicable one, and the final state."""
    state, stills = initial_state, [Still(title="Start")]
    for number, action in enumerate(actions, start=1):
        reason = unmet_precondition(state, action)
        after = state if reason is not None else successor(state, action)
        stills.append(_still(number, action, reason or "", state, after))
        state = after
        if reason is not None:
            break
    return stills, state


def _physical_stills(initial_state: State, actions: Sequence[Action]) -> list[Still]:
    """Return stills of the physical home, up to the first subtask that fails."""
    from envs.simulation.physical_home import PhysicalHome

    home = PhysicalHome(initial_state.world.scene)
    try:
        camera = copy(home.camera)  # an unused camera takes its pose at once

        def capture() -> str:
            home.camera = copy(camera)
            return data_uri(home.render(*SIZE, view="room"))

        actions = actions[:MAX_FILMED]
        shown = set(_evenly_spaced(len(actions) + 1))
        stills = [Still(title="Start", image=data_uri(home.render(*SIZE, view="overhead")))]
        for number, action in enumerate(actions, start=1):
            before = home.state()
            outcome: OutcomeLike = home.execute(action)
            failed = outcome.status != "done"
            if failed or number in shown:
                reason = outcome.reason if failed else ""
                stills.append(replace(_still(number, action, reason, before, home.state()), image=capture()))
            if failed:
                break
        return stills
    finally:
        home.close()


def _still(number: int, action: Action, reason: str, before: State, after: State) -> Still:
    subtask = format_action(before.world, action)
    if reason:
        return Still(title=f"{number}. {subtask}", words=f"failed: {reason}", failed=True)
    changed = [d for d in differences(before, after) if d.name != "robot"]
    opposite = {word: negation for negation, word in before.world.domain.negations.items()}
    words = [_change_text(d, opposite) for d in changed[:MAX_CHANGES]]
    more = [f"{len(changed) - MAX_CHANGES} more"] if len(changed) > MAX_CHANGES else []
    return Still(title=f"{number}. {subtask}", words="; ".join(words + more))


def _change_text(difference: Difference, opposite: Mapping[str, str]) -> str:
    if difference.found in ("true", "false"):
        word = (
            difference.atom if difference.found == "true" else opposite.get(difference.atom, f"not {difference.atom}")
        )
        return f"{difference.name} {word}"
    return f"{difference.name}: {difference.expected} → {difference.found}"


def _unmet_text(goal: Goal, initial_state: State, final_state: State) -> str:
    """Return the conditions of the goal that do not hold at the end, in words."""
    unmet = [format_condition(c) for c in goal.phases[-1] if not holds(final_state, c, initial_state)]
    return f"Not true at the end: {' ; '.join(unmet)}." if unmet else ""


def _evenly_spaced(count: int) -> list[int]:
    """Return the indices to show: the first, the last, and some evenly between."""
    if count <= MAX_STILLS:
        return list(range(count))
    return [round(k * (count - 1) / (MAX_STILLS - 1)) for k in range(MAX_STILLS)]


def data_uri(picture: Picture) -> str:
    """Return a picture (H, W, 3) as a WebP in a data URI."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="WEBP", quality=QUALITY, method=6)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
