"""What the slots of a phrase family stand for in a home, and the goal that this makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from envs.errors import GoalError
from envs.symbolic.domain import Domain, ObjectCategory
from envs.symbolic.goals import Goal, parse_goal

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from envs.symbolic.actions import State
    from planner.language.phrase_patterns import Family

USUAL = 0.3  # of places are drawn from where a thing is usually kept

_WASHED = {"dishes", "cutlery", "cookware", "clothing", "linen", "fruit", "vegetable", "toy", "tool"}
_WASHED_TOO = ("soap bar", "egg", "basket", "tray")
_AFFORDANCE: dict[str, Callable[[ObjectCategory], bool]] = {
    "washable": lambda k: bool(_WASHED & set(k.classes)) or k.wipes or k.fills or k.name in _WASHED_TOO,
    "heatable": lambda k: bool({"food", "dishes", "cookware"} & set(k.classes)) or k.contains is not None,
    "coolable": lambda k: bool({"food", "drink", "dishes", "cookware"} & set(k.classes)) or k.fills,
    "cookable": lambda k: k.cooks,
    "sliceable": lambda k: k.slices,
    "foldable": lambda k: k.folds,
    "fillable": lambda k: k.fills,
    "wiper": lambda k: k.wipes,
}


def has_affordance(kind: ObjectCategory, word: str) -> bool:
    """Whether an object is of a class, or can be washed, heated, ...; no word asks for nothing."""
    return not word or (_AFFORDANCE[word](kind) if word in _AFFORDANCE else word in kind.classes)


class Binder:
    """Draws what the slots of families stand for."""

    def __init__(self, rng: random.Random) -> None:
        """Bind to a source of randomness."""
        self.rng = rng

    def bind(self, family: Family, start: State, given: Mapping[str, str] | None = None) -> dict[str, str] | None:
        """Return what each slot of a family stands for in this home, or None if this attempt does not fit it.

        `given` says what some slots are to stand for.
        """
        domain = start.world.domain
        present = set(start.world.categories)
        binding: dict[str, str] = {}
        if family.numbers:
            binding["n"] = str(self.rng.choice(family.numbers))
        for slot, kind in family.slots.items():
            if kind == "unfit":
                options = [o for o in domain.fixtures if o in present and not self._fits(binding["x"], o, domain)]
            else:
                options = self.options(kind, present, domain)
            if given and slot in given:
                options = [o for o in options if o == given[slot]]
            if kind != "unfit" and slot in ("p", "c", "q", "t") and "x" in binding and not kind.startswith("class"):
                options = [o for o in options if self._fits(binding["x"], o, domain)]
            if slot == "p" and "c" in binding and binding["c"] in domain.objects:
                options = [o for o in options if domain.fits(binding["c"], o)]
            if slot == "p" and binding.get("c") in domain.members:
                members = [m for m in domain.members[binding["c"]] if m in present]
                options = [o for o in options if all(self._fits(m, o, domain) for m in members)]
            options = [o for o in options if o not in binding.values()]
            if not options:
                return None
            usual = domain.objects[binding["x"]].at if slot == "p" and binding.get("x") in domain.objects else ()
            likely = [o for o in options if o in usual]
            binding[slot] = self.rng.choice(likely if likely and self.rng.random() < USUAL else options)
        return binding

    @staticmethod
    def _fits(thing: str, place: str, domain: Domain) -> bool:
        return place not in domain.members and thing in domain.objects and domain.fits(thing, place)

    def options(self, kind: str, present: set[str], domain: Domain) -> list[str]:
        """Return what a slot of a kind can stand for, of what is present."""
        if kind.startswith("fixtures"):  # classes of fixtures, of which there are several
            state = "open" if "openable" in kind else "on"
            return [
                c
                for c in domain.fixture_members
                if kind in ("fixtures:openable", "fixtures:switchable", f"fixtures=[{c}]")
                and sum(m in present for m in domain.resolve_fixture(c, state)) > 1
            ]
        head, _, listed = kind.partition("=")
        if listed:
            names = [n.strip() for n in listed.strip("[] ").split(",")]
            if head == "class":
                return [n for n in names if any(m in present for m in domain.members.get(n, ()))]
            return [n for n in names if n in present or head == "liquid"]
        head, _, filters = kind.partition(":")
        wanted = [f.strip() for f in filters.split("&") if f.strip()]
        if head == "class":
            return [
                c for c, members in domain.members.items() if c != "anything" and sum(m in present for m in members) > 1
            ]
        if head == "liquid":
            return list(domain.liquids)
        if head in ("object", "container"):
            kinds = [domain.objects[c] for c in domain.objects if c in present]
            kinds = [k for k in kinds if all(has_affordance(k, f.lstrip("!")) != f.startswith("!") for f in wanted)]
            return [k.name for k in kinds if head == "object" or k.holds is not None]
        found = []
        for name, fixture in domain.fixtures.items():
            if name not in present or fixture.underfoot:
                continue
            if head == "receptacle" and fixture.relation not in ("on", "in"):
                continue
            able = {
                "surface": fixture.relation == "on",
                "container": fixture.enclosed,
                "openable": fixture.joint is not None,
                "switchable": fixture.switch,
                "cleanable": fixture.wipeable,
                "waterable": fixture.waterable,
            }
            if all(able.get(f.lstrip("!"), f.lstrip("!") in fixture.classes) != f.startswith("!") for f in wanted):
                found.append(name)
        return found

    def goal(self, family: Family, binding: dict[str, str], count: int, domain: Domain) -> Goal | None:
        """Return one of a family's goals with its slots filled, or None if that is no goal."""
        template = self.rng.choice(family.goals)
        if count > 1 and "{n}" not in template and not template.startswith(("every", "no ")):
            head, _, tail = template.partition(" ; ")
            if "{x}" in head:
                template = f"{count} {head}" + (f" ; {tail}" if tail else "")
        text = template
        for slot, word in binding.items():
            text = text.replace("{" + slot + "}", word)
        text = text.replace("{rel}", "in")
        try:
            return parse_goal(text, domain)
        except GoalError:
            return None
