"""The domain: categories, states, skills and processes, read from a YAML file and checked once.

| file | what |
|---|---|
| `categories.py` | categories of objects and furniture, processes, what fits where |
| `mesh_file.py` | mesh files that kinds of objects take their shape from |
| `skill.py` | skills, and what the robot's hand can hold |
| `sampling.py` | how its homes are sampled |
| `speech.py` | what people say in it, besides the names of kinds |
| `domain.py` | `Domain`: what exists and what it can do, as one value |
| `reading.py` | YAML to a `Domain` |
| `achievers.py` | which skills of a domain's own give a state |
| `loading.py` | the default domain, or that of a file |
"""

from envs.symbolic.domain.categories import (
    BUILT_IN_STATES,
    CELL_M2,
    FixtureCategory,
    MeshFile,
    ObjectCategory,
    Process,
    Region,
    Relation,
    Vec3,
    capacity_of,
    fits_in,
    mass_of,
)
from envs.symbolic.domain.domain import Domain
from envs.symbolic.domain.loading import as_domain, load_domain
from envs.symbolic.domain.room_kinds import ROOM
from envs.symbolic.domain.skill import Hand, Skill

__all__ = [
    "BUILT_IN_STATES",
    "CELL_M2",
    "ROOM",
    "Domain",
    "FixtureCategory",
    "Hand",
    "MeshFile",
    "ObjectCategory",
    "Process",
    "Region",
    "Relation",
    "Skill",
    "Vec3",
    "as_domain",
    "capacity_of",
    "fits_in",
    "load_domain",
    "mass_of",
]
