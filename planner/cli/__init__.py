"""What several commands share: flags, dialogue and display.

| file | what |
|---|---|
| `execution_flags.py` | flags of execution, disturbances and knowledge of the home |
| `execution_runner.py` | executes a plan and reports it |
| `execution_display.py` | progress lines, video, filmstrip and recording of an execution |
| `agendas.py` | keeps, lists, cancels and does scheduled plans (`--agenda`) |
| `perception_flags.py` | flags `--audio`, `--listen` and `--image` |
| `plan_export.py` | a plan in another format, printed or written into a folder |
| `dialogue.py` | one instruction after another (`--interactive`) |
| `clarification.py` | answers to questions (`--ask`) |
"""
