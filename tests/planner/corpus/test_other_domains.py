"""A whole other domain: what people say in it, the teacher, the corpus, and a small GPT that is trained on it."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from envs.data_folder import data_folder
from envs.symbolic.domain import Domain, load_domain
from envs.symbolic.goals import parse_goal
from planner.corpus.corpus import Corpus, Recipe
from planner.corpus.teacher_chunks import proven_plan
from planner.language.domain_phrases import families_of, words_of
from planner.language.phrase_patterns import PhraseError, is_held_out, load_families
from planner.tasks.held_out_trials import Split, draw_trials
from planner.tasks.home_splits import SPLITS, sample_home
from planner.tasks.task_sampler import TaskDrawer
from planner.verification.plan_verification import verify

ROOT = Path(__file__).resolve().parents[3]
WORKSHOP = data_folder() / "domains" / "workshop.yaml"
SMALL = """\
objects:
  vial: {shape: bottle, size: [0.03, 0.03, 0.1], classes: [glassware], at: [rack]}
fixtures:
  rack: {body: table, size: [0.6, 1.0, 0.8], rooms: [cold room]}
  fridge unit: {body: cupboard, joint: hinge, size: [0.6, 0.8, 1.3], rooms: [cold room]}
classes: [glassware]
states: [labeled]
skills:
  go to:
  pick up:
  put:
  open:
  close:
  label: {text: "label {glassware}", when: ["hand empty"], sets: ["{glassware} labeled"]}
"""


def own_domain(folder: Path, text: str) -> Domain:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load_domain(path)


def test_every_skill_and_process_of_the_workshop_is_asked_for() -> None:
    families = {family.name for family in families_of(load_domain(WORKSHOP))}
    assert families >= {f"do: {skill}" for skill in ("sand", "drill", "glue", "oil", "brush off")}
    assert families >= {f"have: {state}" for state in ("charged", "sharp", "turned", "dry", "spotless", "sanded")}
    assert families >= {"tidy_bench", "ready_drill"}  # of its own file


def test_phrases_that_need_what_a_domain_lacks_are_left_out(tmp_path: Path) -> None:
    families = {family.name for family in families_of(own_domain(tmp_path, SMALL))}
    assert {"put", "open", "do: label", "have_put: labeled"} <= families
    assert not families & {"fill", "bring", "switch_on", "put_in_container"}


def test_a_domain_that_extends_the_home_keeps_its_phrases(tmp_path: Path) -> None:
    text = 'extends: home\nskills: {charge: {text: "charge {electronics}", sets: ["{electronics} charged"]}}\n'
    families = [family.name for family in families_of(own_domain(tmp_path, text))]
    assert families[: len(load_families())] == [family.name for family in load_families()]
    assert "do: charge" in families
    assert "put_several" not in families


def test_a_goal_of_a_phrase_that_says_nothing_is_refused(tmp_path: Path) -> None:
    text = SMALL + 'phrases: {fetch: {goal: "viol in rack", phrases: ["get it"]}}\n'
    with pytest.raises(PhraseError, match="did you mean 'vial'"):
        families_of(own_domain(tmp_path, text))


def test_words_of_a_domain_are_used_and_shared_ones_are_ambiguous(tmp_path: Path) -> None:
    text = SMALL + "words: {vial: [tube], rack: [shelf], fridge unit: [shelf]}\n"
    words = words_of(own_domain(tmp_path, text))
    assert words.objects == {"vial": ("vial", "tube")}
    assert words.ambiguous == {"shelf": ("rack", "fridge unit")}


def test_the_teacher_reaches_every_task_of_sampled_workshops() -> None:
    rng, domain = random.Random(5), load_domain(WORKSHOP)
    drawer, families = TaskDrawer(rng, domain=domain), set[str]()
    for _ in range(16):
        home = sample_home(rng, SPLITS["train"], domain=domain)
        for task in filter(None, (drawer.draw(home) for _ in range(10))):
            assert task.goal is not None
            assert proven_plan(task.start, task.goal) is not None, task.goal_text
            families.add(task.family)
    assert len(families) > 30


def test_documents_of_the_workshop_name_nothing_of_the_home() -> None:
    home, workshop = load_domain(), load_domain(WORKSHOP)
    known = f" {' '.join((*workshop.objects, *workshop.fixtures, *workshop.rooms))} "
    known += " ".join(word for words in workshop.words.values() for word in words)
    names = {name for name in (*home.objects, *home.fixtures, *home.rooms) if name not in known}
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b")
    trees = islice(Corpus(Recipe(trees=1, human=0.0), 1, domain=workshop).trees(), 60)
    texts = [s.text for tree in trees for part in (tree.trunk, *tree.branches) for s in part if s.text]
    assert len(names) > 100
    assert len(texts) > 300
    assert not {match[0] for text in texts if (match := pattern.search(text))}


def test_the_same_seed_gives_the_same_documents() -> None:
    domain, recipe = load_domain(WORKSHOP), Recipe(trees=1, human=0.0, feedback=0.1, infill=0.1)
    first, second = (list(islice(Corpus(recipe, 7, domain=domain).trees(), 12)) for _ in range(2))
    assert first == second


def test_some_phrasings_of_a_domain_are_held_out_of_training() -> None:
    families = families_of(load_domain(WORKSHOP))
    held_out = [pattern for family in families for pattern in family.phrases if is_held_out(family.name, pattern)]
    assert 10 < len(held_out) < sum(len(family.phrases) for family in families) / 5


@pytest.mark.slow
def test_a_small_gpt_learns_the_workshop(tmp_path: Path) -> None:
    """Trained for about three minutes on one core, it reads and plans held-out tasks; untrained, it does not."""
    from planner import Planner

    command = [
        sys.executable, "-m", "planner.train", "--recipe", "workshop", "--domain", str(WORKSHOP), "--json", "--workers",
        "1", "--set", "train.precision=fp32", "--set", "train.device=cpu",
    ]  # fmt: skip
    planners = {}
    for name, steps in (("untrained", 1), ("trained", 220)):
        out = tmp_path / name
        if planners:  # both learn from the same corpus
            shutil.copytree(tmp_path / "untrained" / "corpus", out / "corpus")
        settings = ("corpus.trees=4000", f"train.steps={steps}", f"train.warmup_steps={min(steps - 1, 20)}")
        done = subprocess.run(
            [*command, "--out", str(out), *(part for setting in settings for part in ("--set", setting))],
            cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
            timeout=3000,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["domain"] == "workshop.yaml"
        planners[name] = Planner.load(out / "model")
    domain = load_domain(WORKSHOP)
    assert planners["trained"].domain is domain
    trials = list(draw_trials(Split(name="workshop", parts=(1,), noise=False), 50, seed=0, domain=domain))
    reached = dict.fromkeys(planners, 0)
    for name, planner in planners.items():
        for trial in trials:
            plan = planner.plan(trial.instruction, trial.start)
            assert trial.goal is not None
            if plan.status == "verified":
                assert plan.goal is not None
                assert verify(trial.start, plan.goal, plan.actions).ok
                reached[name] += verify(trial.start, trial.goal, plan.actions).ok
    assert reached["trained"] >= reached["untrained"] + 20  # of 50: 40 points above chance
    (goal,) = {parse_goal("sanded board", domain)}
    state = sample_home(random.Random(1), SPLITS["test"], goal=goal, domain=domain)
    assert planners["trained"].plan("sand the board", state).goal_text == "sanded board"


def test_commands_sample_check_show_and_run_a_home_of_another_domain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from planner import home, run

    assert home.main(["sample", "--domain", str(WORKSHOP), "--seed", "3"]) == 0
    path = tmp_path / "shop.yaml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert home.main(["check", str(path)]) == 0
    assert "nobody in it" in capsys.readouterr().out
    assert home.main(["show", str(WORKSHOP.with_name("workshop_hall.yaml"))]) == 0
    assert "workbench 1 (dusty): chisel 1" in capsys.readouterr().out
    steps = "pick up board 1 -> put board 1 on workbench 1 -> pick up sanding block 1 -> sand board 1"
    hall = str(WORKSHOP.with_name("workshop_hall.yaml"))
    assert run.main([steps, "--home", hall, "--goal", "sanded board", "--backend", "symbolic", "--no-video"]) == 0
    assert run.main(["pick up plate 1", "--home", hall, "--goal", "sanded board", "--backend", "symbolic"]) == 2


def test_a_model_folder_remembers_its_domain(tmp_path: Path) -> None:
    from planner.api import domain_of
    from planner.corpus.domain_files import domain_of_run, keep_domain

    file, domain = domain_of_run(WORKSHOP, None)
    keep_domain(file, tmp_path)
    assert domain_of(tmp_path) is domain
    assert domain_of_run(None, tmp_path)[1] is domain  # --start MODEL goes on with the domain of the model
    keep_domain(None, tmp_path)
    assert domain_of(tmp_path) is load_domain()
