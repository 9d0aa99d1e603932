"""An agenda: scheduled plans that wait for their times, are made anew when these come, and can be cancelled.

    from planner import Planner, SymbolicHome
    from planner.scheduling import Agenda, EntryEnded, run_agenda

    planner, home = Planner.load(), SymbolicHome("family_house", start_time="06:50")
    agenda = Agenda(home)
    agenda.add(planner.plan_goal("every day at 07:00 : ceiling light on", home))
    agenda.add(planner.plan_goal("after 5 min : apple on dining table", home))
    for event in run_agenda(agenda, home, planner, days=2):
        if isinstance(event, EntryEnded):
            print(event.entry, event.problem or "done")

| file | what |
|---|---|
| `agenda.py` | the entries, in memory and in a file |
| `agenda_runner.py` | does what is due, in one home |
"""

from planner.errors import AgendaError
from planner.scheduling.agenda import Agenda, Entry
from planner.scheduling.agenda_runner import EntryEnded, EntryTurn, run_agenda

__all__ = ["Agenda", "AgendaError", "Entry", "EntryEnded", "EntryTurn", "run_agenda"]
