"""Binds the slots of a phrase family to categories of a home, and builds the resulting goal."""

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

CAN_BE = "can "  # filter of a slot: what can have a state, as in `object:can sanded`
USUAL_PLACE_SHARE = 0.3  # probability that a place is sampled from those where the object is usually kept

_WASHABLE_CLASSES = {"dishes", "cutlery", "cookware", "clothing", "linen", "fruit", "vegetable", "toy", "tool"}
_ALSO_WASHABLE = ("soap bar", "egg", "basket", "tray")
_AFFORDANCE: dict[str, Callable[[ObjectCategory], bool]] = {
    "washable": lambda k: bool(_WASHABLE_CLASSES & set(k.classes)) or k.wipes or k.fills or k.name in _ALSO_WASHABLE,
    "heatable": lambda k: bool({"food", "dishes", "cookware"} & set(k.classes)) or k.contains is not None,
    "coolable": lambda k: bool({"food", "drink", "dishes", "cookware"} & set(k.classes)) or k.fills,
    "cookable": lambda k: k.cooks,
    "sliceable": lambda k: k.slices,
    "foldable": lambda k: k.folds,
    "fillable": lambda k: k.fills,
    "wiper": lambda k: k.wipes,
}


def has_affordance(category: ObjectCategory, word: str) -> bool:
    """Whether a category is in a class or has an affordance such as `washable`; always true for an empty word."""
    return not word or (_AFFORDANCE[word](category) if word in _AFFORDANCE else word in category.classes)


class Binder:
    """Samples values for the slots of families."""

    def __init__(self, rng: random.Random) -> None:
        """Bind to a source of randomness."""
        self.rng = rng

    def bind(self, family: Family, state: State, fixed_slots: Mapping[str, str] | None = None) -> dict[str, str] | None:
        """Return a value for each slot of a family in this home, or None if this attempt found none.

        `fixed_slots` fixes the values of some slots.
        """
        domain = state.world.domain
        present = set(state.world.categories)
        binding: dict[str, str] = {}
        if family.numbers:
            binding["n"] = str(self.rng.choice(family.numbers))
        for slot, slot_type in family.slots.items():
            if slot_type == "unfit":
                options = [o for o in domain.fixtures if o in present and not self._fits(binding["x"], o, domain)]
            else:
                options = options_of(slot_type, present, domain)
            if fixed_slots and slot in fixed_slots:
                options = [o for o in options if o == fixed_slots[slot]]
            if (
                slot_type != "unfit"
                and slot in ("p", "c", "q", "t")
                and "x" in binding
                and not slot_type.startswith("class")
            ):
                options = [o for o in options if self._fits(binding["x"], o, domain)]
            if slot == "p" and "c" in binding and binding["c"] in domain.objects:
                options = [o for o in options if domain.fits(binding["c"], o)]
            if slot == "p" and binding.get("c") in domain.members:
                members = [m for m in domain.members[binding["c"]] if m in present]
                options = [o for o in options if all(self._fits(m, o, domain) for m in members)]
            options = [o for o in options if o not in binding.values()]
            if not options:
                return None
            usual_places = domain.objects[binding["x"]].at if slot == "p" and binding.get("x") in domain.objects else ()
            usual_options = [o for o in options if o in usual_places]
            binding[slot] = self.rng.choice(
                usual_options if usual_options and self.rng.random() < USUAL_PLACE_SHARE else options
            )
        return binding

    @staticmethod
    def _fits(thing: str, place: str, domain: Domain) -> bool:
        return place not in domain.members and thing in domain.objects and domain.fits(thing, place)

    def goal(self, family: Family, binding: dict[str, str], count: int, domain: Domain) -> Goal | None:
        """Return one of a family's goals with its slots filled, or None if the result is not a goal."""
        template = self.rng.choice(family.goals)
        if count > 1 and "{n}" not in template and not template.startswith(("every", "no ")):
            first_condition, _, other_conditions = template.partition(" ; ")
            if "{x}" in first_condition:
                template = f"{count} {first_condition}" + (f" ; {other_conditions}" if other_conditions else "")
        text = template
        for slot, word in binding.items():
            text = text.replace("{" + slot + "}", word)
        text = text.replace("{rel}", "in")
        try:
            return parse_goal(text, domain)
        except GoalError:
            return None


def options_of(slot_type: str, present: set[str], domain: Domain) -> list[str]:
    """Return the possible values of a slot type among the categories that are present."""
    if slot_type.startswith("fixtures"):  # classes of which several fixture categories are present
        state = "open" if "openable" in slot_type else "on"
        return [
            class_name
            for class_name in domain.fixture_members
            if slot_type in ("fixtures:openable", "fixtures:switchable", f"fixtures=[{class_name}]")
            and sum(m in present for m in domain.resolve_fixture(class_name, state)) > 1
        ]
    slot_kind, _, names_listed = slot_type.partition("=")
    if names_listed:
        names = [n.strip() for n in names_listed.strip("[] ").split(",")]
        if slot_kind == "class":
            return [n for n in names if any(m in present for m in domain.members.get(n, ()))]
        return [n for n in names if n in present or slot_kind == "liquid"]
    slot_kind, _, filters = slot_type.partition(":")
    conditions = [condition.strip() for condition in filters.split("&") if condition.strip()]
    states = [condition.removeprefix(CAN_BE) for condition in conditions if condition.startswith(CAN_BE)]
    conditions = [condition for condition in conditions if not condition.startswith(CAN_BE)]
    if slot_kind == "class":
        return [
            class_name
            for class_name, members in domain.members.items()
            if class_name != "anything" and sum(m in present for m in members) > 1
        ]
    if slot_kind == "liquid":
        return list(domain.liquids)
    if slot_kind in ("object", "container"):
        categories = [domain.objects[class_name] for class_name in domain.objects if class_name in present]
        categories = [
            category
            for category in categories
            if all(
                has_affordance(category, condition.lstrip("!")) != condition.startswith("!") for condition in conditions
            )
            and all(domain.can_be(category.name, state) for state in states)
        ]
        return [category.name for category in categories if slot_kind == "object" or category.holds is not None]
    fixture_names = []
    for name, fixture in domain.fixtures.items():
        if name not in present or fixture.underfoot:
            continue
        if slot_kind == "receptacle" and fixture.relation not in ("on", "in"):
            continue
        if slot_kind == "person" and fixture.relation != "with":
            continue
        if not all(domain.can_be(name, state) for state in states):
            continue
        properties = {
            "surface": fixture.relation == "on",
            "container": fixture.enclosed,
            "openable": fixture.joint is not None,
            "switchable": fixture.switch,
            "cleanable": fixture.wipeable,
            "waterable": fixture.waterable,
        }
        if all(
            properties.get(condition.lstrip("!"), condition.lstrip("!") in fixture.classes) != condition.startswith("!")
            for condition in conditions
        ):
            fixture_names.append(name)
    return fixture_names
