"""Small homes, drawn tasks, and two GPTs that every test of `planner` can afford: a random one and one that knows a
handful of documents by heart. No released weights are needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from envs.scenes.home_file import load_home
from envs.symbolic.actions import Action, State, World, parse_action, successor
from envs.symbolic.goals import Condition, parse_goal
from gpt.model.transformer import GPT, GPTConfig
from gpt.tokenization.tokenizer import Tokenizer
from gpt.weights.checkpoint import save_model
from planner.api import Planner
from planner.corpus.corpus import Corpus, Recipe
from planner.corpus.teacher_chunks import plan_in_chunks
from planner.facts.retrieval import retrieve_facts
from planner.prompts import text_format
from planner.tasks.home_splits import sample_home
from planner.tasks.task_sampler import Task
from tests.planner.spoken import teach_readings

HOME = """\
name: small flat
rooms:
  kitchen:
    - countertop
    - cabinet
    - fridge
    - dining table
    - desk lamp
objects:
  cabinet: [mug]
  fridge: [cold apple]
  countertop: [plate, fork]
"""

# What the memorized GPT answers: instruction, goal (in the small flat). The goals after the first reveal, in turn: two
# phases; a thing that is not there; no goal at all; a goal that nothing in the flat can reach; one that holds already.
KNOWN = {
    "put the mug on the table": "mug on dining table",
    "put the mug on the counter and then on the table": "mug on countertop then mug on dining table",
    "fetch the teddy bear": "holding teddy bear",
    "make it so": "table and so on",
    "warm the apple": "hot apple",
    "put the plate on the counter": "plate on countertop",
}
REFUSED = {"tell me a joke": "I can only do household tasks."}
ASKED = {"move it": "What shall I move?"}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every GPT read what people say, part by part: see tests/planner/spoken.py."""
    teach_readings(monkeypatch)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One chunk of a drawn task, planned by the teacher."""

    state: State
    todo: tuple[Condition, ...]
    start: State
    phase: tuple[Condition, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A drawn task and its pieces; none if the teacher cannot reach it."""

    task: Task
    pieces: tuple[Piece, ...] | None


@pytest.fixture(scope="session")
def drawn() -> list[Drawn]:
    """Tasks of many families from many homes, most of one part, some of two or three."""
    found: list[Drawn] = []
    for seed in range(60):
        corpus = Corpus(Recipe(), seed)
        state = sample_home(corpus.rng, corpus.span)
        for number in range(9):
            task = corpus.drawer.draw(state, parts=(1, 1, 1, 1, 1, 1, 2, 2, 3)[number])
            if task is None or task.goal is None:
                continue
            pieces: list[Piece] | None = []
            try:
                for before, todo, start, actions in plan_in_chunks(task.start, task.goal):
                    phase = next((p for p in task.goal.phases if set(todo) <= set(p)), ())
                    pieces.append(Piece(state=before, todo=todo, start=start, phase=phase, actions=actions))
            except LookupError:
                pieces = None
            found.append(Drawn(task=task, pieces=None if pieces is None else tuple(pieces)))
    return found


@pytest.fixture(scope="session")
def documents() -> list[text_format.Document]:
    """The first documents of a corpus."""
    return list(itertools.islice(Corpus(Recipe(plans=0.7), 5).documents(), 500))


@pytest.fixture(scope="session")
def tokenizer(documents: list[text_format.Document]) -> Tokenizer:
    return Tokenizer.train([" " + segment.text for d in documents for segment in d if segment.text], 800)


@pytest.fixture(scope="session")
def flat_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("homes") / "small_flat.yaml"
    path.write_text(HOME, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def flat(flat_file: Path) -> State:
    """A home small enough to be planned in by hand; see `HOME`."""
    return World(load_home(flat_file)).initial()


def gpt_of_random_weights(tokenizer: Tokenizer, seed: int) -> GPT:
    """Return a GPT whose weights are random everywhere: it writes anything that it is allowed to."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = GPTConfig(vocab_size=tokenizer.vocab_size, n_layer=1, n_head=2, n_embd=32, block_size=512)
        model = GPT(config)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.fixture(scope="session")
def random_gpt(tokenizer: Tokenizer) -> GPT:
    return gpt_of_random_weights(tokenizer, 0)


@pytest.fixture
def random_planner(random_gpt: GPT, tokenizer: Tokenizer) -> Planner:
    return Planner(random_gpt, tokenizer)


@pytest.fixture(scope="session")
def memorized_gpt(flat: State, tokenizer: Tokenizer) -> GPT:
    """A GPT that knows `KNOWN`, `REFUSED` and `ASKED` by heart."""
    pairs = [text_format.encode(document, tokenizer) for document in _lessons(flat)]
    longest = max(len(ids) for ids, _ in pairs)
    idx = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in pairs])
    learn = torch.tensor([[*flags, *[False] * (longest - len(flags))] for _, flags in pairs])
    targets = torch.where(learn, idx, -1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = GPTConfig(vocab_size=tokenizer.vocab_size, n_layer=2, n_head=2, n_embd=64, block_size=512)
        model = GPT(config)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
        for _ in range(400):
            _, loss = model(idx[:, :-1], targets[:, 1:].contiguous())
            assert loss is not None
            if loss.item() < 0.02:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert loss.item() < 0.05, "the lessons were not learnt: these tests would say nothing"
    return model.eval()


@pytest.fixture
def memorized(memorized_gpt: GPT, tokenizer: Tokenizer) -> Planner:
    return Planner(memorized_gpt, tokenizer)


@pytest.fixture(scope="session")
def model_folder(memorized_gpt: GPT, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The memorized GPT as `--model` takes it."""
    folder = tmp_path_factory.mktemp("model")
    save_model(memorized_gpt, tokenizer, folder)
    return folder


def _lessons(flat: State) -> Iterator[text_format.Document]:
    names = text_format.inventory(flat)
    for said, goal in KNOWN.items():
        yield (*text_format.home_part(names), *text_format.goal_document(said, goal))
    for said, reason in REFUSED.items():
        yield (*text_format.home_part(names), *text_format.refusal_document(said, "[REFUSE]", reason))
    for said, question in ASKED.items():
        yield (*text_format.home_part(names), *text_format.refusal_document(said, "[ASK]", question))
    to_table = ["open cabinet 1", "pick up mug 1", "put mug 1 on dining table 1"]
    to_counter = ["open cabinet 1", "pick up mug 1", "put mug 1 on countertop 1"]
    from_counter = ["pick up mug 1", "put mug 1 on dining table 1"]
    said = "put the mug on the table"
    head = (*text_format.heading(names, said), *text_format.goal_part(KNOWN[said]))
    yield (*head, *_rest(flat, KNOWN[said], to_table))
    yield (*_bare(KNOWN[said]), *_rest(flat, KNOWN[said], to_table))
    yield (*_bare("mug on countertop"), *_rest(flat, "mug on countertop", to_counter))
    on_counter = _after(flat, to_counter)
    yield (*_bare("mug on dining table"), *_rest(on_counter, "mug on dining table", from_counter))


def _bare(goal: str) -> text_format.Document:
    return (*text_format.heading("", ""), text_format.Segment("[SEP]", goal))


def _rest(state: State, goal: str, subtasks: list[str]) -> text_format.Document:
    conditions = parse_goal(goal).conditions
    facts = retrieve_facts(state, conditions, state)
    return (
        *text_format.facts_part(facts.texts),
        *text_format.plan_part(state, [parse_action(state.world, s) for s in subtasks]),
    )


def _after(state: State, subtasks: list[str]) -> State:
    for subtask in subtasks:
        state = successor(state, parse_action(state.world, subtask))
    return state
