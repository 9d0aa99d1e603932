"""The fuzz targets: `TARGETS` by name.

A target draws its input from a `random.Random` and returns; any exception is a bug. Reading external data may fail
only with one of the project's own errors and a bounded message; the other requirements are in `soundness.py`.

| file | what |
|---|---|
| `language.py` | text that a person types |
| `homes.py` | home files, seeds, memories, environments, robots, exported plans |
| `agendas.py` | files of scheduled plans, and what is due on them |
| `data.py` | task files, recipes, corpora |
| `models.py` | files of models, tokenizers and checkpoints |
| `senses.py` | recordings, pictures and their encoders |
| `runs.py` | what runs leave behind and later runs read |
| `commands.py` | the flags of every command |
| `contract.py` | what all targets share |
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.targets import agendas, commands, data, homes, language, models, runs, senses

Target = Callable[[Random], None]

TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        language.instructions, language.sentences,
        language.dialogues, language.piped, language.goals, language.statements, language.plans, language.steps,
        language.names, homes.homes, homes.seeds, homes.memories, agendas.agendas, homes.environments, homes.robots,
        homes.exports,
        data.tasks, data.human_lines, data.rows, data.recipes, data.episodes, data.corpora, data.shards, models.models,
        models.calibrations, models.tokenizers, models.adapters, models.gpt2_files, models.checkpoints,
        senses.recordings, senses.pictures, senses.sense_files, runs.records, runs.stages, runs.learning, runs.reports,
        runs.resumed, commands.flags,
    )
}  # fmt: skip
