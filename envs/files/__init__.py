"""Reads files that others wrote, within limits.

| file | what |
|---|---|
| `bounded_files.py` | reads and unpacks a file up to a size limit |
| `mesh_files.py` | the closed surface of a body in an OBJ, STL, GLB or PLY file |
| `output_files.py` | checks that a file can be written |
| `safe_yaml.py` | loads YAML with limits on size, depth and entries |
| `strict_json.py` | parses JSON; a key given twice is an error |
| `yaml_nodes.py` | typed values of YAML nodes that know their line |
"""
