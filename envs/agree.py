"""Check that the two worlds agree: execute plans in physics and compare with the symbolic world after every skill.

`python -m envs.agree` samples homes with properties and people, and plans: random applicable actions, or chains such as
open, pick up, put, close, turn on. After each done skill, the atoms read from physics (places, states, liquids, the
held object, rooms, who is beside whom, what a person has) must equal the result of `envs.symbolic.actions.apply` on the
atoms before it. Each plan has a random goal, whose conditions and rules must be judged alike in both worlds, and half
of what is put down must stand beside something. Failures are counted by reason, with the atoms that they changed, and
the plan continues from there. A share of the actions is inapplicable: both worlds must refuse them in the same words,
and no simulated time may pass. Every disagreement is printed with its plan; `--only NUMBER` repeats it.
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
from envs.evaluation.trial_scenes import PLAN_SEEDS, domain_of, home_for_plans, seed_of
from envs.symbolic.actions import Action, apply, format_action
from envs.symbolic.goals.sampling import CONSTRUCTS, draw_goal
from envs.symbolic.progress import advance, begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envs.evaluation.success_counts import Row
    from envs.simulation.physical_home import PhysicalHome
    from envs.symbolic.actions import State
    from envs.symbolic.goals import Goal

Grasp = Literal["assisted", "physical"]
PLAN_LENGTH = 12  # actions in a plan
INAPPLICABLE_SHARE = 0.2  # fraction of inapplicable actions
UNKNOWN_NAME_SHARE = 0.1  # fraction of those with unknown names or skills
MAX_HOMES = 20
MAX_PLANS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One job: the plan `number`; even ones are random actions, odd ones chains; `home` has own kinds, or is empty."""

    number: int
    seed: int
    grasp: Grasp
    home: str = ""

    @property
    def key(self) -> str:
        """The plan number as text."""
        return str(self.number)


def run_plan(plan: Plan) -> Record:
    """Sample a home and a plan, and execute it; errors are part of the record."""
    from envs.simulation.physical_home import PhysicalHome

    record: Record = {"key": plan.key, "steps": [], "error": ""}
    error: EnvsError | None = None
    for attempt in range(MAX_HOMES):
        seed = seed_of(plan.key, plan.seed, attempt=attempt, span=PLAN_SEEDS)
        try:
            scene = home_for_plans(seed, domain_of(plan.home) if plan.home else None)
            home = PhysicalHome(scene, grasp=plan.grasp)
            break
        except EnvsError as problem:
            error = problem
    else:
        return record | {"error": f"no home in {MAX_HOMES} can be built: {error}"}
    try:
        initial_state = home.state()
        rows = _carry_out(home, random.Random(seed), _draw_goal(initial_state, seed), chains=plan.number % 2 == 1)
        started_right = initial_state.without_distances() == home.world.initial()
        return record | {"home": seed, "steps": rows, "started_right": started_right}
    finally:
        home.close()


def _draw_goal(state: State, seed: int) -> Goal:
    """Return a goal that is followed in both worlds, whether it can be reached or not."""
    rng = random.Random(f"goal {seed}")
    while (goal := draw_goal(state, rng, rng.choice(CONSTRUCTS))) is None:
        pass
    return goal


def _carry_out(home: PhysicalHome, rng: random.Random, goal: Goal, *, chains: bool) -> list[Row]:
    """Execute one plan of random actions or chains, with some inapplicable actions; return a row for each action."""
    from envs.evaluation.described_atoms import compare, wants_neighbor, with_neighbor
    from envs.evaluation.state_comparison import attempt

    rows: list[Row] = []
    neighbor_rng = random.Random(str(goal))
    progress = begin(goal, home.state())
    remaining: list[Action] = []
    chain_name = "any"
    while len(rows) < PLAN_LENGTH:
        state = home.state()
        if rng.random() < INAPPLICABLE_SHARE:
            rows.append(_refusal(home, _unknown(home, rng) or draw_inapplicable(state, rng)))
            continue
        if chains and not remaining:
            chain_name, remaining = draw_chain(state, rng)
        action = remaining.pop(0) if chains else draw_action(state, rng)
        pursued = with_neighbor(goal, state, action, neighbor_rng)
        home.pursue(pursued, progress.initial_state)
        result = attempt(home, action)
        beside = wants_neighbor(result, action, pursued, progress)
        row = result.as_dict() | {"kind": chain_name, "beside": beside}
        rows.append(row)
        if result.status == "crashed":
            break
        if result.done:
            more, progress = compare(home, action, result, pursued, progress)
            row["differences"] = [list(d) for d in (*result.differences, *more)]
        else:
            progress = advance(progress, result.found)
        if row["differences"] or not result.done:
            remaining.clear()  # the rest of the chain was planned for another state
    return rows


def _unknown(home: PhysicalHome, rng: random.Random) -> Action | None:
    if rng.random() >= UNKNOWN_NAME_SHARE:
        return None
    names = home.world.names
    return rng.choice((
        Action("pick up", ("unicorn 1",)),
        Action("polish", (rng.choice(names),)),
        Action("put", (rng.choice(names),)),
    ))  # fmt: skip


def _refusal(home: PhysicalHome, action: Action) -> Row:
    """Try an inapplicable action in both worlds and compare the refusals."""
    state_before, start_tick = home.state(), home.engine.ticks
    answers: list[str] = []
    try:
        outcome = home.execute(action)
        answers.append(
            f"{format_action(home.world, action)}: {outcome.reason}" if outcome.status == "failed" else "done"
        )
    except ActionError as error:
        answers.append(str(error))
    try:
        apply(state_before, action)
        answers.append("done")
    except ActionError as error:
        answers.append(str(error))
    ticks_passed = home.engine.ticks - start_tick
    return {
        "subtask": " ".join((action.skill, *action.args)), "status": "refused", "physical": answers[0],
        "symbolic": answers[1], "ticks": ticks_passed,
        "agrees": answers[0] == answers[1] != "done" and ticks_passed == 0 and home.state() == state_before,
    }  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m envs.agree", description="Compare the two worlds, plan by plan.")
    parser.add_argument("--plans", type=int, default=2000, help="number of plans (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the homes and plans (default 0)")
    parser.add_argument("--grasp", choices=["assisted", "physical"], default="assisted", help="default assisted")
    parser.add_argument("--home", default="", help="with kinds of this home file that are not built in")
    add_job_flags(parser, "plan", metavar="NUMBER", only="one plan, step by step", only_type=int)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run plans and print where the worlds differ."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not 0 < args.plans <= MAX_PLANS or args.workers < 1 or args.seed < 0:
        parser.error(f"--plans is 1 to {MAX_PLANS}, --workers at least 1, --seed at least 0")
    numbers = range(args.plans) if args.only is None else [args.only]
    jobs = [Plan(number=number, seed=args.seed, grasp=args.grasp, home=args.home) for number in numbers]
    run_info: Record = {"what": "agree", "seed": args.seed, "grasp": args.grasp}
    if args.home:
        try:
            domain_of(args.home)
        except EnvsError as error:
            print(f"python -m envs.agree: {error}", file=sys.stderr)
            return 2
        run_info["home"] = args.home
    records, status = run_job_command(
        args, run_plan, jobs, run_info, prog="python -m envs.agree", unit="plan", description="agree"
    )
    if status == 2:
        return status
    if args.only is not None:
        print(_steps_text(records), file=sys.stderr)
    summary = summarize(records)
    print(json.dumps(run_info | summary.as_dict()) if args.json else as_text(summary))
    return status


def _steps_text(records: Sequence[Record]) -> str:
    lines: list[str] = []
    for record in records:
        lines.append(f"plan {record['key']}, home {record.get('home')} {record['error']}")
        for row in cast("list[Row]", record["steps"]):
            lines.append(f"{row['subtask']!s:48} {row['status']:8} {row.get('reason', row.get('physical'))}")
            differences = cast("list[list[str]]", row.get("differences", []))
            lines += [
                f"    {name} {atom}: expected {expected}, found {actual}"
                for name, atom, expected, actual in differences
            ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
