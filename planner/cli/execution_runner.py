"""Execute a plan with progress lines, score, video and pictures; shared by `plan` and `run`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeAlias

from envs.simulation.symbolic_home import SymbolicHome
from envs.symbolic.actions import Action, State
from envs.symbolic.disturbances import Disturbance
from envs.symbolic.goals import DEFAULT_START, Goal
from planner.cli.execution_display import ExecutionDisplay, RecordedHome
from planner.cli.execution_flags import ExecutionSettings
from planner.execution.clock import RealClock, SimulatedClock
from planner.execution.events import Episode
from planner.execution.executor import run
from planner.io.terminal import printable

if TYPE_CHECKING:
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.home_protocol import Home
    from planner.api import Planner
    from planner.execution.clock import Clock
    from planner.execution.events import Event
    from planner.plans.options import Options
    from planner.scheduling.agenda_runner import AgendaEvent
    from planner.world_model.belief import Belief

Disturb: TypeAlias = Callable[[Sequence[Action]], Disturbance | None]
PICTURE_SIZE = (1280, 960)  # width, height [px]


def execute_and_report(
    actions: Sequence[Action],
    goal: Goal,
    state: State,
    settings: ExecutionSettings,
    *,
    planner: Planner | None = None,
    options: Options | None = None,
    belief: Belief | None = None,
) -> Episode:
    """Execute a plan from `state` and display it according to `settings`.

    With a `belief`, which needs a planner, the home is partially known: the robot searches for unknown objects.

    Raises:
        PhysicsError: The physical home cannot be built.
    """

    def events(home: Home, disturb: Disturb | None, clock: Clock) -> Iterator[Event]:
        if belief is None:
            return run(
                actions, goal, home, planner=planner, options=options, max_replans=settings.max_replans,
                disturb=disturb, clock=clock,
            )  # fmt: skip
        from planner.exploration.search_executor import execute_with_search

        assert planner is not None
        return execute_with_search(
            actions, goal, home, belief, planner, options=options, max_replans=settings.max_replans, disturb=disturb,
            clock=clock,
        )  # fmt: skip

    episode = show_execution(state, settings, events)
    assert episode is not None
    return episode


def show_execution(
    state: State, settings: ExecutionSettings, events: Callable[[Home, Disturb | None, Clock], Iterator[AgendaEvent]]
) -> Episode | None:
    """Open a home, display what happens in it according to `settings`, and return the last episode, if there is one.

    Raises:
        PhysicsError: The physical home cannot be built.
    """
    home = open_home_of(state, settings)
    if isinstance(home, SymbolicHome):
        return _show(home, ExecutionDisplay(quiet=settings.quiet), settings, events)
    from envs.recording.video import write_png

    try:
        with ExecutionDisplay(quiet=settings.quiet) as display:
            display.record(
                home, view=settings.view, video=settings.video, filmstrip=settings.filmstrip, rerun=settings.rerun
            )
            episode = _show(home, display, settings, events)
        if not display.has_steps:  # nothing moved; what lies there shows nothing, or an earlier run
            for path in filter(None, (settings.video, settings.filmstrip)):
                path.unlink(missing_ok=True)
        if settings.picture is not None:
            write_png(settings.picture, home.render(*PICTURE_SIZE, view="overhead"))
        return episode
    finally:
        home.close()


def open_home_of(state: State, settings: ExecutionSettings) -> PhysicalHome | SymbolicHome:
    """Return a new home in which plans are executed; one with physics must be closed.

    Raises:
        PhysicsError: The physical home cannot be built.
    """
    start_time = settings.start_time or DEFAULT_START
    if settings.backend == "symbolic":
        return SymbolicHome(state, start_time=start_time)
    from envs.simulation.physical_home import PhysicalHome

    return PhysicalHome(state.world.scene, grasp=settings.grasp, gui=settings.gui, start_time=start_time)


def clock_of(home: Home, settings: ExecutionSettings) -> Clock:
    """Return the clock of an execution."""
    return RealClock(home) if settings.clock == "real" else SimulatedClock(home)


def _show(
    home: PhysicalHome | SymbolicHome,
    display: ExecutionDisplay,
    settings: ExecutionSettings,
    events: Callable[[Home, Disturb | None, Clock], Iterator[AgendaEvent]],
) -> Episode | None:
    executing_home: Home = home
    disturb = None
    if settings.disturb:
        from envs.simulation.disturbed_home import DisturbedHome

        disturbed_home = DisturbedHome(home, probability=settings.disturb, seed=settings.disturb_seed)
        executing_home, disturb = disturbed_home, disturbed_home.disturb
        if display.needs_ticks:
            executing_home = RecordedHome(disturbed_home, display)
    elif display.needs_ticks and not isinstance(home, SymbolicHome):
        executing_home = RecordedHome(home, display)
    return display.show(events(executing_home, disturb, clock_of(executing_home, settings)))


def print_score(episode: Episode, goal_texts: Sequence[str], settings: ExecutionSettings) -> None:
    """Print the score of an episode."""
    physics = settings.backend == "physics"
    mode = f"physics, grasp {settings.grasp}" if physics else "symbolic"
    print(f"success: {'yes' if episode.success else 'no'} ({mode})")
    print(f"goal conditions: {sum(episode.met)} of {len(episode.met)} ({episode.rate:.0%})")
    for text, met in zip(goal_texts, episode.met, strict=True):
        if not met:
            print(f"  not reached: {text}")
    for rule in episode.broken:
        print(printable(str(rule)))
    failed = sum(episode.failures.values())
    parts = [str(len(episode.steps))]
    if failed or episode.replans:
        parts += [f"{failed} failed", f"{episode.replans} re-plans"]
    if settings.disturb:
        parts.append(f"{len(episode.disturbances)} disturbances")
    print(f"steps: {', '.join(parts)}")
    if episode.search is not None:
        print(f"looks: {len(episode.search.looks)}, opened: {episode.search.opened}")
        for shortfall in episode.search.shortfall:
            print(f"  {shortfall}")
    for reason, count in episode.failures.items():
        print(f"  failed: {reason}" + (f" ({count} times)" if count > 1 else ""))
    speed = f", {episode.simulated_s / episode.real_s:.1f} x real time" if physics and episode.real_s else ""
    if episode.shortfall and episode.shortfall != "; ".join(map(str, episode.broken)):
        print(f"  no plan: {printable(episode.shortfall)}")
    waited = f", waited: {episode.waited_s:.0f} s" if episode.waited_s else ""
    print(f"simulated: {episode.simulated_s:.1f} s{waited}, real: {episode.real_s:.1f} s{speed}")
    if physics:
        energy = f", energy: {episode.energy_j:.0f} J" if episode.energy_j is not None else ""
        print(f"collisions: {episode.collisions}{energy}")
    print_files(settings)


def print_files(settings: ExecutionSettings) -> None:
    """Print the paths of the files that were written."""
    for name, path in settings.files.items():
        if path.is_file():  # an empty plan has no video
            print(f"{name}: {path}")


def episode_as_dict(episode: Episode, settings: ExecutionSettings) -> dict[str, object]:
    """Return the episode as plain data."""
    written_files = {name: str(path) for name, path in settings.files.items() if path.is_file()}
    return asdict(replace(episode, search=None)) | {
        "search": episode.search.as_dict() if episode.search is not None else None,
        "failures": episode.failures,
        "collisions": episode.collisions,
        "energy_j": episode.energy_j,
        "backend": settings.backend,
        "grasp": settings.grasp if settings.backend == "physics" else None,
        **{name: written_files.get(name) for name in ("video", "picture", "filmstrip", "rerun")},
    }
