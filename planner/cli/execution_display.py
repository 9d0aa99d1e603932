"""Output during an execution: progress lines, video, filmstrip and Rerun recording."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from envs.symbolic.home_protocol import pursue
from planner.execution.events import Begun, Disturbed, Done, Ended, Looked, Looking, Missed, Replanned, Waiting
from planner.io.terminal import printable
from planner.scheduling.agenda_runner import EntryEnded, EntryTurn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from envs.recording.rerun_recording import Recording
    from envs.recording.video import Filmstrip, Video, VideoView
    from envs.simulation.disturbed_home import DisturbedHome
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import Action, State
    from envs.symbolic.disturbances import Disturbance
    from envs.symbolic.goals import Goal
    from envs.symbolic.home_protocol import OutcomeLike
    from planner.execution.events import Episode, Step
    from planner.plans.planning_result import Plan
    from planner.scheduling.agenda_runner import AgendaEvent

VIDEO_SIZE = (480, 360)  # width, height [px]
FPS = 12
# Simulated seconds per second of video: rendering a frame costs more than the physics between two frames.
PLAYBACK_SPEED = 6.0
STILL_SIZE = (400, 300)
FINAL_FRAMES = 18
DISTURBANCE_FRAMES = 12  # for which a disturbance is shown in the video


class ExecutionDisplay:
    """Display and record one execution. Files get their final names when it is closed.

    Attributes:
        has_steps: Whether any step was begun.
    """

    def __init__(self, *, quiet: bool) -> None:
        """Create a display; if `quiet`, it prints nothing."""
        self._quiet = quiet
        self._episode: Episode | None = None  # the last one
        self._is_in_step = False
        self.has_steps = False
        self._files = ExitStack()
        self._video: Video | None = None
        self._strip: Filmstrip | None = None
        self._recording: Recording | None = None

    def record(
        self, home: PhysicalHome, *, view: VideoView, video: Path | None, filmstrip: Path | None, rerun: Path | None
    ) -> None:
        """Start recording a home's video, filmstrip and Rerun file; None: not recorded."""
        from envs.recording.video import Filmstrip, Video

        if filmstrip is not None:
            self._strip = Filmstrip(filmstrip, home, size=STILL_SIZE, view="room" if view == "split" else view)
        if video is not None:
            self._video = self._files.enter_context(
                Video(video, home, size=VIDEO_SIZE, view=view, fps=FPS, speed=PLAYBACK_SPEED)
            )
        if rerun is not None:
            from envs.recording.rerun_recording import Recording

            self._recording = self._files.enter_context(Recording(rerun, home))

    def __enter__(self) -> ExecutionDisplay:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(error_type, error, trace)

    @property
    def needs_ticks(self) -> bool:
        """Whether recording needs a call of `tick` at every physics step."""
        return self._video is not None or self._recording is not None

    def tick(self) -> None:
        """Record the current frame if one is due."""
        if self._video is not None:
            self._video.tick()
        if self._recording is not None:
            self._recording.tick()

    def show(self, events: Iterable[AgendaEvent]) -> Episode | None:
        """Print and record each event as it happens, and return the last episode; None if there was nothing to do."""
        self._episode = None
        try:
            for event in events:
                self._show_event(event)
        except KeyboardInterrupt:
            if self._is_in_step:
                self._say(" interrupted")
            raise
        return self._episode

    def _show_event(self, event: AgendaEvent) -> None:
        match event:
            case Begun():
                self._step(event.number, event.of, event.subtask)
            case Done():
                self._outcome(event.step)
            case Replanned():
                self._remark(f"{'replanning' if event.after_failure else 'planned'}: {_planned(event.plan)}")
            case Disturbed():
                self._disturbance(event.what)
            case EntryTurn():
                self._say(printable(str(event.entry)))
            case EntryEnded():
                had_steps = self._episode is not None and self._episode.steps
                done = "done" if had_steps else "done, without a step"
                ended = f"could not be done: {printable(event.problem)}" if event.problem else done
                self._remark(f"{ended}, again tomorrow" if event.again else ended)
            case Waiting():
                self._remark(f"wait until {event.until}: {event.goal}")
            case Looking():
                self._remark(f"look for {', '.join(event.wanted)}: {event.place} ({event.chance:.0%})")
            case Looked(reason="", found=(_, *_)):
                self._remark(f"found: {', '.join(event.found)}")
            case Looked(reason=str(reason)) if reason:
                self._remark(f"cannot look there: {reason}")
            case Missed():
                self._remark(f"not there any more: {event.thing} ({event.place})")
            case Ended():
                self._episode = event.episode
                self._end(success=event.episode.success)

    def _step(self, number: int, total: int, subtask: str) -> None:
        self._say(f"  [{number:2}/{total:2}] {subtask:<42}", end="")
        self._is_in_step = self.has_steps = True
        if self._video is not None:
            self._video.caption = subtask
        self._note(f"{number}/{total} {subtask}")

    def _outcome(self, step: Step) -> None:
        self._is_in_step = False
        self._say(f" {step.status} {step.duration_s:5.1f} s" + (f"  ({step.reason})" if step.reason else ""))
        if self._strip is not None:
            self._strip.add(step.subtask, done=step.status == "done", reason=step.reason)
        if step.status != "done":
            self._note(f"failed: {step.reason}", level="WARN")

    def _remark(self, text: str) -> None:
        self._say(f"  {text}")
        self._note(text)

    def _disturbance(self, disturbance: Disturbance) -> None:
        self._say(f"  disturbed: {disturbance}")
        if self._video is not None:
            self._video.caption = f"disturbed: {disturbance}"
            self._video.add_frame(repeat=DISTURBANCE_FRAMES)
        self._note(f"disturbed: {disturbance}", level="WARN")

    def _end(self, *, success: bool) -> None:
        if self._video is not None:
            self._video.caption = "done" if success else "not reached"
            self._video.add_frame(repeat=FINAL_FRAMES)
        if self._strip is not None:
            self._strip.save()

    def _say(self, line: str, *, end: str = "\n") -> None:
        if not self._quiet:
            print(line, end=end, flush=True)

    def _note(self, line: str, *, level: str = "INFO") -> None:
        if self._recording is not None:
            self._recording.log_text(line, level=level)


def _planned(plan: Plan) -> str:
    """Show the steps of a plan; those that wait for a later time stand behind a semicolon."""
    until_wait = plan.waits[0].before_step - 1 if plan.waits else len(plan.subtasks)
    now, later = " → ".join(plan.subtasks[:until_wait]), " → ".join(plan.subtasks[until_wait:])
    return f"{now or 'nothing now'}; later: {later}" if later else now


class RecordedHome:
    """A physical or disturbed home that is recorded during execution."""

    def __init__(self, home: PhysicalHome | DisturbedHome, display: ExecutionDisplay) -> None:
        self._home, self._display = home, display

    def state(self) -> State:
        """Return the current state."""
        return self._home.state()

    def pursue(self, goal: Goal | None, initial_state: State) -> None:
        """Tell the home the goal."""
        pursue(self._home, goal, initial_state)

    @property
    def time_s(self) -> float:
        """The time [s] of the recorded home, since midnight of the first day."""
        return self._home.time_s

    def wait(self, seconds: float) -> None:
        """Let time pass [s] in the recorded home."""
        self._home.wait(seconds)

    def execute(self, action: Action) -> OutcomeLike:
        """Execute an action and record it."""
        return self._home.execute(action, on_tick=self._display.tick)
