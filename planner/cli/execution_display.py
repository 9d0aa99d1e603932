"""What a person sees and reads of an execution while it goes on: progress lines, video, stills, a Rerun recording."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from planner.execution.events import Begun, Disturbed, Done, Ended, Looked, Looking, Missed, Replanned

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
    from envs.symbolic.home_protocol import OutcomeLike
    from planner.execution.events import Episode, Event, Step

FRAME = (480, 360)  # width, height [px]
FPS = 12
SPEED = 6.0  # simulated seconds per second of the video: drawing a frame costs more than the physics between two
STILL = (400, 300)
LAST_FRAMES = 18
SHOCK_FRAMES = 12  # for which a disturbance is shown


class ExecutionDisplay:
    """Tells of one execution. Files have their names once it is closed."""

    def __init__(self, *, quiet: bool) -> None:
        """Print nothing if `quiet`."""
        self._quiet = quiet
        self._files = ExitStack()
        self._video: Video | None = None
        self._strip: Filmstrip | None = None
        self._recording: Recording | None = None

    def record(
        self, home: PhysicalHome, *, view: VideoView, video: Path | None, filmstrip: Path | None, rerun: Path | None
    ) -> None:
        """Write a home's video, stills and recording while it executes; None writes none."""
        from envs.recording.video import Filmstrip, Video

        if filmstrip is not None:
            self._strip = Filmstrip(filmstrip, home, size=STILL, view="room" if view == "split" else view)
        if video is not None:
            self._video = self._files.enter_context(Video(video, home, size=FRAME, view=view, fps=FPS, speed=SPEED))
        if rerun is not None:
            from envs.recording.rerun_recording import Recording

            self._recording = self._files.enter_context(Recording(rerun, home))

    def __enter__(self) -> ExecutionDisplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    @property
    def needs_ticks(self) -> bool:
        """Whether anything is recorded while the robot moves."""
        return self._video is not None or self._recording is not None

    def tick(self) -> None:
        """Record what is seen now, where that is due."""
        if self._video is not None:
            self._video.tick()
        if self._recording is not None:
            self._recording.tick()

    def tell(self, events: Iterable[Event]) -> Episode:
        """Tell of each event of an execution while it happens; returns what it came to."""
        episode: Episode | None = None
        for event in events:
            match event:
                case Begun():
                    self._step(event.number, event.of, event.subtask)
                case Done():
                    self._outcome(event.step)
                case Replanned():
                    self._remark(f"planning anew: {' → '.join(event.plan.subtasks)}")
                case Disturbed():
                    self._disturbance(event.what)
                case Looking():
                    self._remark(f"look for {', '.join(event.wanted)}: {event.place} ({event.chance:.0%})")
                case Looked(reason="", found=(_, *_)):
                    self._remark(f"found: {', '.join(event.found)}")
                case Looked(reason=str(reason)) if reason:
                    self._remark(f"cannot look there: {reason}")
                case Missed():
                    self._remark(f"not there any more: {event.thing} ({event.place})")
                case Ended():
                    episode = event.episode
                    self._end(success=episode.success)
        assert episode is not None
        return episode

    def _step(self, number: int, of: int, subtask: str) -> None:
        self._say(f"  [{number:2}/{of:2}] {subtask:<42}", end="")
        if self._video is not None:
            self._video.caption = subtask
        self._note(f"{number}/{of} {subtask}")

    def _outcome(self, step: Step) -> None:
        self._say(f" {step.status} {step.duration_s:5.1f} s" + (f"  ({step.reason})" if step.reason else ""))
        if self._strip is not None:
            self._strip.add(step.subtask, done=step.status == "done", reason=step.reason)
        if step.status != "done":
            self._note(f"failed: {step.reason}", level="WARN")

    def _remark(self, what: str) -> None:
        self._say(f"  {what}")
        self._note(what)

    def _disturbance(self, what: Disturbance) -> None:
        self._say(f"  disturbed: {what}")
        if self._video is not None:
            self._video.caption = f"disturbed: {what}"
            self._video.add_frame(repeat=SHOCK_FRAMES)
        self._note(f"disturbed: {what}", level="WARN")

    def _end(self, *, success: bool) -> None:
        if self._video is not None:
            self._video.caption = "done" if success else "not reached"
            self._video.add_frame(repeat=LAST_FRAMES)
        if self._strip is not None:
            self._strip.save()

    def _say(self, line: str, *, end: str = "\n") -> None:
        if not self._quiet:
            print(line, end=end, flush=True)

    def _note(self, line: str, *, level: str = "INFO") -> None:
        if self._recording is not None:
            self._recording.log_text(line, level=level)


class Filmed:
    """A physical home, or one that is disturbed, that is recorded while it executes."""

    def __init__(self, home: PhysicalHome | DisturbedHome, show: ExecutionDisplay) -> None:
        self._home, self._show = home, show

    def state(self) -> State:
        """Return what is true now."""
        return self._home.state()

    def execute(self, action: Action) -> OutcomeLike:
        """Carry an action out on film."""
        return self._home.execute(action, on_tick=self._show.tick)
