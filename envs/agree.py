"""Whether the two worlds agree: plans carried out in physics, compared with the symbolic world after every skill.

`python -m envs.agree` draws homes and plans: any applicable action, or chains such as open, pick up, put, close, turn
on. After each skill that is done, the atoms that are read from physics (places, states, liquids, what is held) must be
those of `envs.symbolic.actions.apply` on the atoms before it. What fails is counted by reason, with what it changed,
and the plan goes on from there. A share of the actions cannot be done: both worlds must refuse them in the same words,
and no time may pass. Every disagreement is printed with its plan, so that `--only NUMBER` repeats it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from envs.errors import ActionError, EnvsError
from envs.evaluation.agreement_report import as_text, summarize
from envs.evaluation.job_pool import Record, add_job_flags, run_job_command
from envs.evaluation.random_plans import draw_action, draw_chain, draw_inapplicable
from envs.evaluation.trial_scenes import PLAN_SEEDS, home_for_plans, seed_of
from envs.symbolic.actions import Action, apply, format_action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.evaluation.tallies import Row
    from envs.simulation.physical_home import PhysicalHome

Grasp = Literal["assisted", "physical"]
LENGTH = 12  # actions of a plan
INAPPLICABLE = 0.2  # the share of draws that cannot be done
UNKNOWN = 0.1  # the share of those that name what is not there
MAX_HOMES = 20
MAX_PLANS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One job: the plan `number`; the even ones are random actions, the odd ones chains."""

    number: int
    seed: int
    grasp: Grasp

    @property
    def key(self) -> str:
        """Its number."""
        return str(self.number)


def run_plan(plan: Plan) -> Record:
    """Draw a home and a plan, and carry it out; what goes wrong is in the record."""
    from envs.simulation.physical_home import PhysicalHome

    record: Record = {"key": plan.key, "steps": [], "error": ""}
    error: EnvsError | None = None
    for attempt in range(MAX_HOMES):
        seed = seed_of(plan.key, plan.seed, attempt=attempt, span=PLAN_SEEDS)
        try:
            home = PhysicalHome(home_for_plans(seed), grasp=plan.grasp)
            break
        except EnvsError as problem:
            error = problem
    else:
        return record | {"error": f"no home in {MAX_HOMES} can be built: {error}"}
    try:
        start = home.state()
        rows = _carry_out(home, random.Random(seed), chains=plan.number % 2 == 1)
        return record | {"home": seed, "steps": rows, "started_right": start == home.world.initial()}
    finally:
        home.close()


def _carry_out(home: PhysicalHome, rng: random.Random, *, chains: bool) -> list[Row]:
    from envs.evaluation.state_comparison import attempt

    rows: list[Row] = []
    ahead: list[Action] = []
    kind = "any"
    while len(rows) < LENGTH:
        state = home.state()
        if rng.random() < INAPPLICABLE:
            rows.append(_refusal(home, _unknown(home, rng) or draw_inapplicable(state, rng)))
            continue
        if chains and not ahead:
            kind, ahead = draw_chain(state, rng)
        action = ahead.pop(0) if chains else draw_action(state, rng)
        made = attempt(home, action)
        rows.append(made.as_dict() | {"kind": kind})
        if made.status == "crashed":
            break
        if made.differences or not made.done:
            ahead.clear()  # the rest of the chain was meant for another state
    return rows


def _unknown(home: PhysicalHome, rng: random.Random) -> Action | None:
    if rng.random() >= UNKNOWN:
        return None
    names = home.world.names
    return rng.choice((
        Action("pick up", ("unicorn 1",)),
        Action("polish", (rng.choice(names),)),
        Action("put", (rng.choice(names),)),
    ))  # fmt: skip


def _refusal(home: PhysicalHome, action: Action) -> Row:
    """Try what cannot be done in both worlds."""
    before, ticks = home.state(), home.engine.ticks
    words: list[str] = []
    try:
        outcome = home.execute(action)
        words.append(f"{format_action(home.world, action)}: {outcome.reason}" if outcome.status == "failed" else "done")
    except ActionError as error:
        words.append(str(error))
    try:
        apply(before, action)
        words.append("done")
    except ActionError as error:
        words.append(str(error))
    passed = home.engine.ticks - ticks
    return {
        "subtask": " ".join((action.skill, *action.args)), "status": "refused", "physical": words[0],
        "symbolic": words[1], "ticks": passed,
        "agrees": words[0] == words[1] != "done" and passed == 0 and home.state() == before,
    }  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m envs.agree", description="Compare the two worlds, plan by plan.")
    parser.add_argument("--plans", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other homes and plans (default 0)")
    parser.add_argument("--grasp", choices=["assisted", "physical"], default="assisted", help="default assisted")
    add_job_flags(parser, "plan", metavar="NUMBER", only="one plan, step by step", only_type=int)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run plans and print where the worlds differ."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not 0 < args.plans <= MAX_PLANS or args.workers < 1 or args.seed < 0:
        parser.error(f"--plans is 1 to {MAX_PLANS}, --workers at least 1, --seed at least 0")
    numbers = range(args.plans) if args.only is None else [args.only]
    jobs = [Plan(number=number, seed=args.seed, grasp=args.grasp) for number in numbers]
    about: Record = {"what": "agree", "seed": args.seed, "grasp": args.grasp}
    records, status = run_job_command(
        args, run_plan, jobs, about, prog="python -m envs.agree", unit="plan", description="agree"
    )
    if status == 2:
        return status
    if args.only is not None:
        print(_steps_text(records), file=sys.stderr)
    summary = summarize(records)
    print(json.dumps(about | summary.as_dict()) if args.json else as_text(summary))
    return status


def _steps_text(records: Sequence[Record]) -> str:
    lines: list[str] = []
    for record in records:
        lines.append(f"plan {record['key']}, home {record.get('home')} {record['error']}")
        for row in cast("list[Row]", record["steps"]):
            lines.append(f"{row['subtask']!s:48} {row['status']:8} {row.get('reason', row.get('physical'))}")
            differing = cast("list[list[str]]", row.get("differences", []))
            lines += [f"    {name} {atom}: expected {wanted}, found {found}" for name, atom, wanted, found in differing]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
