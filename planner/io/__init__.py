"""Files, paths and terminal text of the commands.

| file | what |
|---|---|
| `paths.py` | where data, weights and outputs are |
| `json_lines.py` | JSON files and JSON lines |
| `terminal.py` | makes text from others safe to print |
| `command_parser.py` | parses flags: the nearest one is offered, none is given twice |
| `command.py` | runs a command and reports its errors |
"""
