"""Facts: what the prompt says about the home for one goal.

Only what the goal needs is retrieved from the world model: the objects that it names, where they are and what encloses
them, their states, and the tools and appliances for their changes. The prompt is thus equally short in homes of any
size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envs.symbolic.actions import COLD, COOKED, DIRTY, FOLDED, HELD, HOT, NOWHERE, ON, OPEN, SLICED, WATERED
from envs.symbolic.domain import BUILT_IN_STATES
from envs.symbolic.goals import Condition, Count, Every, FixtureIs, Holding, No, Place, Thing
from envs.symbolic.scoring import fixtures_of, matching_objects
from planner.facts.distinctions import distinctions
from planner.facts.skill_facts import describe_use
from planner.goals import choice, grounding
from planner.goals.chunking import remaining_subjects
from planner.goals.grounding import MAX_OBJECTS_PER_CONDITION
from planner.goals.means import own_skills
from planner.goals.means.appliances import APPLIANCES
from planner.goals.means.kinds import is_burner, stands_on_burner
from planner.goals.means.states import is_by_own_skill, opposite_of
from planner.goals.narrowing import Narrowed, aim_of, in_order, part_holds, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envs.symbolic.actions import Action, State
    from planner.goals.means.own_skills import Use


_OBJECT_WORDS = (
    (DIRTY, "dirty"),
    (HOT, "hot"),
    (COLD, "cold"),
    (SLICED, "sliced"),
    (COOKED, "cooked"),
    (FOLDED, "folded"),
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts of a prompt: one text per entity, in the order in which the goal needs them.

    Attributes:
        entities: The entities.
        texts: One text for each, and then one for each skill of the domain's own that could serve (`skill_facts.py`).
        names: Every name in the texts: the entities and what contains them.
        withheld: Names of objects that are shown in case of a failure; as long as there is none, the plan needs only
            better ones.
    """

    entities: tuple[int, ...]
    texts: tuple[str, ...]
    names: frozenset[str]
    withheld: frozenset[str] = frozenset()

    def name_all(self, actions: Sequence[Action]) -> bool:
        """Whether the texts name all arguments of the actions."""
        text = f" ; {' ; '.join(self.texts)} "
        names = {name for action in actions for name in action.args}
        # A name begins a fact or follows a relation: "knife 1" is not named by "butter knife 1".
        return all(any(f" {word} {name} " in text for word in (";", "on", "in", "with")) for name in names)


class _FactRetriever:
    def __init__(
        self,
        state: State,
        initial_state: State,
        avoid: frozenset[int],
        phase: Sequence[Condition],
        *,
        common_sense: bool,
    ) -> None:
        self.avoid = avoid
        self.state = state
        self.initial_state = initial_state
        self.phase = phase
        self.common_sense = common_sense
        self.aim: Condition | None = None  # the condition of the phase for which facts are retrieved
        self.entities: dict[int, None] = {}
        self.spare: set[int] = set()  # entities that are not needed unless others fail
        self.skills: dict[str, None] = {}  # facts about skills of the domain's own
        # objects already chosen for conditions, and their places; the teacher does the same
        self.taken = grounding.satisfied_objects(state, phase)

    def add(self, *entities: int | None) -> None:
        for e in entities:
            if e is not None and e >= 0:
                self.entities.setdefault(e)
                self.spare.discard(e)

    def add_spare(self, entities: Sequence[int]) -> None:
        self.spare.update(e for e in entities if e not in self.entities)
        self.entities |= dict.fromkeys(entities)

    def condition(self, condition: Condition | Narrowed) -> None:
        self.aim = aim_of(condition)
        for part in parts_of(condition, self.state, self.initial_state):
            state, initial_state = self.state, self.initial_state
            self.state, self.initial_state = part.view(state), part.view(initial_state)
            self.plain_condition(part.condition)
            self.state, self.initial_state = state, initial_state

    def plain_condition(self, condition: Condition) -> None:
        state = self.state
        if isinstance(condition, Count):
            n_missing = condition.number - len(matching_objects(state, condition.thing, condition.place))
            objects = grounding.candidates(
                state,
                condition.thing,
                condition.place,
                avoid=self.avoid,
                taken=self.taken_by_others(condition),
                common_sense=self.common_sense,
                number=n_missing,
            )
            self.taken |= dict.fromkeys(objects[:n_missing], condition.place)
            self.change(objects[:n_missing], condition.thing)
            self.place(objects[:n_missing], condition.place)
            self.add_spare(objects[n_missing : n_missing + 1])  # one more, in case of a failure
        elif isinstance(condition, Every):
            remaining = remaining_subjects(state, condition, self.initial_state)[:MAX_OBJECTS_PER_CONDITION]
            self.change(remaining, Thing(word="anything", states=condition.become))
            self.place(remaining, condition.place)
        elif isinstance(condition, No):
            objects = matching_objects(state, condition.thing, condition.place)[:MAX_OBJECTS_PER_CONDITION]
            if (
                condition.place is None
                and (instead := grounding.state_instead(state.world.domain, condition.thing)) is not None
            ):
                self.change(objects, Thing(word="anything", states=(instead,)))
            self.add(*objects)
            if condition.place is not None:
                for t in objects:  # an object takes room that the next one then lacks
                    target = grounding.alternative_place(
                        state, t, condition.place, self.avoid, common_sense=self.common_sense
                    )
                    self.add(target)
                    if target is not None:
                        state = state._replace(place=(*state.place[:t], target, *state.place[t + 1 :]))
        elif isinstance(condition, Holding):
            satisfying = [
                t for t in matching_objects(state, condition.thing) if not grounding.is_avoided(state, t, self.avoid)
            ]
            candidates = grounding.candidates(state, condition.thing, None, avoid=self.avoid)
            if self.common_sense:
                taken = self.taken_by_others(condition)
                objects = choice.ranked(state, [*satisfying, *candidates], condition.thing, None, taken)
            else:
                satisfying.sort(key=lambda t: (self.taken.get(t) is not None, grounding.reach_cost(state, t)))
                objects = satisfying or candidates
            self.change(objects[:1], condition.thing)
        else:
            self.fixture(condition)

    def taken_by_others(self, condition: Condition) -> dict[int, Place | None]:
        """Return the objects that other conditions need."""
        if not self.common_sense:
            return self.taken
        others = [c for c in self.phase if c != self.aim]
        claimed = choice.claimed(self.state, condition, others, self.initial_state)
        return dict.fromkeys(claimed) | self.taken

    def place(self, objects: list[int], place: Place | None) -> None:
        if place is None:
            return
        if place.fixture is not None:
            target = grounding.choose_fixture(
                self.state, grounding.fixtures_of(self.state, place.fixture), objects, avoid=self.avoid,
                common_sense=self.common_sense,
            )  # fmt: skip
            self.add(target)
            if target is None or grounding.free_units(self.state, target) < sum(
                self.state.world.units[t] for t in objects
            ):
                self.add(*[f for f in grounding.fixtures_of(self.state, place.fixture) if f not in self.avoid][:4])
            return
        container = grounding.choose_container(
            self.state, place, objects, taken=self.taken, avoid=self.avoid, common_sense=self.common_sense
        )
        self.add(container)
        if container is not None and place.thing is not None:
            self.taken[container] = place.inside
            self.change([container], place.thing)
            self.place([container], place.inside)

    def change(self, objects: list[int], target: Thing) -> None:
        self.add(*objects)
        state = self.state
        for t in objects:
            self.own_skills(t, [word for word in target.states if not state.has(t, word)])
            if target.liquid and state.liquid[t] != target.liquid:
                self.filling(t, target.liquid)
            for state_name, provider in grounding.requirements(
                state, t, target, self.avoid, common_sense=self.common_sense
            ):
                self.add(provider)
                if state_name in ("sliced", "folded"):
                    root = state.root(t)
                    is_processed = any(APPLIANCES.get(w) and not state.has(t, w) for w in target.states)
                    if (
                        (state_name == "folded" and is_processed)
                        or root < 0
                        or state.world.enclosed[root]
                        or state.world.relation[root] != "on"
                    ):
                        self.add(grounding.open_surface(state, t, avoid=self.avoid))
                    elif (
                        provider is not None
                        and (surface := grounding.open_surface(state, provider, near=root, avoid=self.avoid)) != root
                    ):
                        self.add(surface)  # where the knife is put down
                elif state_name == "cooked" and provider is not None and is_burner(state.world, provider):
                    vessel = grounding.cooking_vessel(state, t, self.avoid, common_sense=self.common_sense)
                    self.add(vessel)
                    if vessel is not None and stands_on_burner(state.world, state.place[vessel]):
                        self.add(state.place[vessel])

    def fixture(self, condition: FixtureIs) -> None:
        state = self.state
        fixtures = sorted(fixtures_of(state, condition), key=self.avoid.__contains__)
        if condition.quantifier == "no":
            unmet = [f for f in fixtures if state.has(f, condition.states[0])]
        else:
            unmet = [f for f in fixtures if not state.has(f, condition.states[0])]
        unmet = unmet[:1] if condition.quantifier == "some" else unmet
        self.add(*unmet)
        for f in unmet:
            self.own_skills(f, [condition.states[0]], against=condition.quantifier == "no")
        if grounding.needs_wiping(condition) and unmet:
            self.add(grounding.tool_for(state, "wipes", self.avoid, common_sense=self.common_sense))
        if condition.states[0] == "watered" and unmet:
            vessel = grounding.tool_for(state, "waters", self.avoid, common_sense=self.common_sense)
            self.add(vessel)
            if vessel is not None and state.liquid[vessel] != "water":
                self.add(grounding.liquid_source(state, "water", vessel, self.avoid, common_sense=self.common_sense))

    def own_skills(self, entity: int, words: Sequence[str], *, against: bool = False) -> None:
        """Add the uses of the domain's own skills that give an entity states, and what they need."""
        state, domain = self.state, self.state.world.domain
        for given in words:
            word, is_against = given, against
            if against and (opposite := opposite_of(domain, given)) is not None:
                word, is_against = opposite, False
            if not is_against and not is_by_own_skill(state, entity, word):
                continue
            choose = own_skills.use_against if is_against else own_skills.use_for
            use = choose(state, entity, word, self.avoid, common_sense=self.common_sense)
            for each in () if use is None else (use, *self.uses_before(use)):
                self.skills.setdefault(describe_use(state.world, each))
                self.add(*grounding.needed_for(state, each, self.avoid, common_sense=self.common_sense))

    def filling(self, vessel: int, liquid: str) -> None:
        """Add the use of a skill of the domain's own that fills a vessel, where nothing here provides the liquid."""
        use = grounding.filling_use(self.state, liquid, vessel, self.avoid, common_sense=self.common_sense)
        for each in () if use is None else (use, *self.uses_before(use)):
            self.skills.setdefault(describe_use(self.state.world, each))

    def uses_before(self, use: Use, depth: int = 1) -> Iterator[Use]:
        """Yield the uses of own skills that make the preconditions of another true."""
        for atom in own_skills.unmet(self.state, use) if depth < grounding.MAX_DEPTH else ():
            entity = use.entity(atom.terms[0]) if atom.terms else -1
            if atom.predicate == "state" and atom.positive and is_by_own_skill(self.state, entity, atom.word):
                other = own_skills.use_for(self.state, entity, atom.word, self.avoid, common_sense=self.common_sense)
                if other is not None:
                    yield other
                    yield from self.uses_before(other, depth + 1)


def retrieve_facts(
    state: State,
    conditions: Sequence[Condition | Narrowed],
    initial_state: State,
    *,
    avoid: frozenset[int] = frozenset(),
    phase: Sequence[Condition] = (),
    common_sense: bool = False,
) -> Facts:
    """Retrieve the facts that unmet conditions need; `initial_state` is the episode's.

    Objects in `avoid` are skipped; places in it, and objects that satisfied conditions of `phase` depend on, are the
    last choice. `common_sense` chooses as people do (planner/goals/choice.py) and withholds the spare objects.
    """
    retriever = _FactRetriever(state, initial_state, avoid, phase, common_sense=common_sense)
    if state.held >= 0:
        near = state.at if state.at >= 0 else None
        retriever.add(state.held, grounding.open_surface(state, state.held, near=near, avoid=avoid))
    for condition in in_order(conditions):
        if not part_holds(condition, state, initial_state):
            retriever.condition(condition)
    tools = [e for e in retriever.entities if state.world.object_category[e] and _is_tool(state, e)]
    for e in tools:  # the place where a tool is put back
        root = state.root(e)
        if root >= 0 and state.world.enclosed[root] and not state.flags[root] & OPEN:
            retriever.add(root)
    facts = facts_of(state, retriever.entities, (*conditions, *phase))
    if retriever.skills:
        facts = replace(facts, texts=(*facts.texts, *retriever.skills))
    if not common_sense:
        return facts
    return replace(facts, withheld=frozenset(state.world.names[e] for e in retriever.spare))


def facts_of(state: State, entities_in_order: Iterable[int], conditions: Iterable[Condition | Narrowed] = ()) -> Facts:
    """Return the facts of entities, each once, in the order given, with what tells them apart for these conditions."""
    entities = tuple(dict.fromkeys(entities_in_order))
    named = set(entities)
    telling = distinctions(state, entities, conditions)
    for e in entities:
        while (e := state.place[e]) >= 0:
            named.add(e)
    return Facts(
        entities=entities,
        texts=tuple(describe(state, e, telling.get(e, ())) for e in entities),
        names=frozenset(state.world.names[e] for e in named),
    )


def _is_tool(state: State, entity: int) -> bool:
    category = state.world.object_category[entity]
    return category is not None and (category.cuts or category.wipes or bool(category.contains))


def describe(state: State, entity: int, properties: Sequence[str] = ()) -> str:
    """Describe an entity by name, properties, states and location: `plate 1 dirty in cabinet 2 closed`."""
    world = state.world
    words = [world.names[entity], *properties]
    flags = state.flags[entity]
    category = world.fixture_category[entity]
    if category is not None:
        if category.joint:
            words.append("open" if flags & OPEN else "closed")
        if category.switch:
            words.append("on" if flags & ON else "off")
        if category.wipeable and flags & DIRTY:
            words.append("dirty")
        if category.waterable and flags & WATERED:
            words.append("watered")
        words += _own_states(state, entity)
        return " ".join(words)
    words += [word for bit, word in _OBJECT_WORDS if flags & bit]
    words += _own_states(state, entity)
    if state.liquid[entity]:
        words.append(f"of {state.liquid[entity]}")
    return " ".join(words) + location(state, entity)


def _own_states(state: State, entity: int) -> list[str]:
    """Return the states of an entity that the domain adds to the built-in ones."""
    states, flags, bits = state.world.domain.states, state.flags[entity], state.world.domain.bits
    return [word for word in states if word not in BUILT_IN_STATES and flags & bits[word]]


def location(state: State, entity: int) -> str:
    """Describe where an object is, through its containers: ` in cup 1 on shelf 2`; also the text of hints."""
    world = state.world
    place = state.place[entity]
    if place == HELD:
        return " in hand"
    if place == NOWHERE:
        return " on floor"
    text = f" {world.relation[place]} {world.names[place]}"
    if place >= world.n_fixtures:
        return text + location(state, place)
    if world.enclosed[place]:
        text += " open" if state.flags[place] & OPEN else " closed"
    return text
