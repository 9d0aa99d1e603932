"""A goal in a home as a PDDL task that other planners solve, and their plans as ours.

    task = to_pddl(goal, start)
    task.actions(plan_text)  # what a planner wrote, as our actions: one step, one subtask

Left out are things that the goal is not about and that are neither tools, vessels nor drinks: no plan needs them. They
still take up room: `fits` is true of a thing and a place if it fits by size and kind, and if there is room for it
beside what lies there at the start. A plan may therefore put too much into one place, which replaying it
(`planner.verification.plan_verification`) tells; and a place that is full at the start stays so, be it emptied or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envs.symbolic.actions import Action
from envs.symbolic.goals import Condition, Count, Every, Goal, Holding, No, format_goal
from planner.errors import ExportError
from planner.plans.export.pddl_domain import NAME, domain_text, powers
from planner.plans.export.pddl_goal import NEXT_PHASE, goal_text
from planner.plans.export.phases import one_line

if TYPE_CHECKING:
    from envs.symbolic.actions import State, World

# The beginning of each PDDL action's name, our skill, and how many of its arguments are ours.
SKILLS = {
    "pick-up": ("pick up", 1), "put-": ("put", 2), "give": ("give", 2), "open": ("open", 1), "close-": ("close", 1),
    "turn-on-": ("turn on", 1), "turn-off": ("turn off", 1), "slice": ("slice", 1), "wipe": ("wipe", 1),
    "fold": ("fold", 1), "pour-": ("pour", 2),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PddlTask:
    """A domain and a problem, and our names of what is called otherwise there."""

    domain: str
    problem: str
    names: dict[str, str]

    def __str__(self) -> str:
        """Both texts, the domain first; a planner wants each in a file of its own."""
        return f"{self.domain}\n{self.problem}"

    def actions(self, plan: str) -> tuple[Action, ...]:
        """Read a plan, one `(action argument ...)` a line, as our actions; comments and pseudo-actions are dropped.

        Raises:
            ExportError: A line is no action of the domain.
        """
        found = []
        for line in plan.splitlines():
            words = line.partition(";")[0].strip().lower().strip("()").split()
            if not words or words[0].startswith(NEXT_PHASE):
                continue
            skill, n = next((s for start, s in SKILLS.items() if words[0].startswith(start)), ("", 0))
            args = words[1 : 1 + n]
            if not skill or len(args) < n or any(a not in self.names for a in args):
                raise ExportError(f"{line!r} is no action of this home")
            found.append(Action(skill, tuple(self.names[a] for a in args)))
        return tuple(found)


def to_pddl(goal: Goal, start: State, *, title: str = "") -> PddlTask:
    """Write a goal in a home as a PDDL task.

    Args:
        goal: The goal.
        start: The first state.
        title: A comment, for example the instruction.

    Raises:
        ExportError: The goal can never hold in this home.
    """
    world = start.world
    names = symbols(world.names)
    wanted = goal_text(goal, start, names)
    kept = [*range(world.n_fixtures), *(i for i in _things(world) if i == start.held or _matters(world, i, goal))]
    chosen = set(kept)
    facts = [*_constants(start, names, kept, wanted.watched), *_changing(start, names, chosen), *wanted.facts]
    said = set(re.findall(r"[\w-]+", " ".join(wanted.rules)))  # what the domain's axioms name, it has to declare
    constants = _typed(world, names, [i for i in kept if names[i] in said])
    objects = "\n    ".join(_typed(world, names, [i for i in kept if names[i] not in said]))
    head = "".join(f"; {key}: {one_line(text)}\n" for key, text in
                   (("instruction", title), ("goal", format_goal(goal, world.domain))) if text)  # fmt: skip
    problem = (
        f"{head}(define (problem {symbols([world.scene.name or 'a home'])[0]})\n  (:domain {NAME})\n"
        f"  (:objects\n    {objects})\n  (:init\n    " + "\n    ".join(facts) + f")\n  (:goal {wanted.condition}))\n"
    )
    domain = domain_text(world.domain, wanted.rules, wanted.predicates, constants)
    return PddlTask(domain=domain, problem=problem, names={names[i]: world.names[i] for i in kept})


def symbols(names: Sequence[str]) -> list[str]:
    """Return a PDDL name for each of ours: letters, digits and `_`, each once."""
    found: dict[str, None] = {}
    for name in names:
        word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        word = word if word[:1].isalpha() else f"n_{word}"
        while word in found:
            word += "_"
        found[word] = None
    return list(found)


def _things(world: World) -> range:
    return range(world.n_fixtures, len(world.names))


def _matters(world: World, i: int, goal: Goal) -> bool:
    kind = world.object_category[i]
    assert kind is not None
    if kind.cuts or kind.wipes or kind.fills or kind.contains or world.relation[i]:
        return True
    words = {word for c in goal.conditions for word in _words(c)}
    return any(kind.name == word or kind.name in world.domain.members.get(word, ()) for word in words)


def _words(condition: Condition) -> list[str]:
    if isinstance(condition, Count | Every | No):
        return [condition.thing.word]  # what a place is, is a vessel, and those are all there
    return [condition.thing.word] if isinstance(condition, Holding) else []


def _kind(world: World, i: int) -> str:
    if i < world.n_fixtures:
        return "appliance" if world.rule[i] else "furniture"
    return "vessel" if world.relation[i] else "item"


def _typed(world: World, names: Sequence[str], entities: Sequence[int]) -> list[str]:
    kinds: dict[str, list[str]] = {}
    for i in entities:
        kinds.setdefault(_kind(world, i), []).append(names[i])
    return [f"{' '.join(found)} - {kind}" for kind, found in kinds.items()]


def _constants(start: State, names: Sequence[str], kept: Sequence[int], watched: frozenset[int]) -> list[str]:
    """What never changes."""
    world, facts = start.world, list[str]()
    known = powers(world.domain)
    for i in kept:
        fixture, thing, process = world.fixture_category[i], world.object_category[i], world.process[i]
        said = {"watched": i in watched or process is not None}
        if fixture is not None:
            said |= {
                "encloses": world.enclosed[i], "hides": world.enclosed[i] or world.relation[i] == "with",
                "person": world.relation[i] == "with", "hinged": fixture.joint is not None,
                "switched": fixture.switch, "wipeable": fixture.wipeable, "waterable": fixture.waterable,
            }  # fmt: skip
        if thing is not None:
            said |= {
                "cuts": thing.cuts, "wipes": thing.wipes, "sliceable": thing.slices, "cookable": thing.cooks,
                "foldable": thing.folds, "fillable": thing.fills, "reservoir": bool(thing.contains),
            }  # fmt: skip
        if process is not None:
            does = {*(f"makes-{s}" for s in process.set), *(f"ends-{s}" for s in process.clear)}
            does |= {"cooks"} if process.cook else set()
            does |= {f"fills-{process.fill}"} if process.fill else set()
            said |= {"needs-on": "on" in process.when, "needs-closed": "closed" in process.when}
            said |= {power: power in does for power in known}
        facts += [f"({word} {names[i]})" for word, true in said.items() if true]
    return facts + _fits(start, names, kept)


def _fits(start: State, names: Sequence[str], kept: Sequence[int]) -> list[str]:
    world, facts = start.world, list[str]()
    there = [start.children(p) if world.relation[p] else [] for p in range(len(names))]
    for i in kept:
        if i < world.n_fixtures:
            continue
        for p in kept:
            if world.relation[p] is None or p == i or not world.fits(i, p):
                continue
            beside = [world.units[j] for j in there[p] if j != i]
            is_person = world.relation[p] == "with"  # who takes anything, whatever they have already
            if is_person or not beside or world.units[i] + sum(beside) <= world.capacity[p]:
                facts.append(f"(fits {names[i]} {names[p]})")
    return facts


def _changing(start: State, names: Sequence[str], kept: set[int]) -> list[str]:
    """What is true at first, of what can change."""
    world, facts = start.world, list[str]()
    for i in sorted(kept):
        facts += [f"({word} {names[i]})" for word in world.domain.states if start.has(i, word)]
        if i < world.n_fixtures:
            continue
        if start.place[i] >= 0:
            facts.append(f"(at {names[i]} {names[start.place[i]]})")
        thing = world.object_category[i]
        if start.liquid[i]:
            facts.append(f"(filled {names[i]} {start.liquid[i]})")
        elif thing is not None and thing.fills:
            facts.append(f"(empty {names[i]})")
    facts.append(f"(held {names[start.held]})" if start.held >= 0 else "(hand-free)")
    return facts
