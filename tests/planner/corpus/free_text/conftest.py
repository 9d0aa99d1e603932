"""What people wrote, read once."""

from __future__ import annotations

import pytest

from planner.corpus.free_text.pieces import Pieces, load_pieces
from planner.corpus.free_text.sentences import PeopleHome, people_folder, read_people


@pytest.fixture(scope="session")
def people() -> list[PeopleHome]:
    return read_people(people_folder())


@pytest.fixture(scope="session")
def pieces() -> Pieces:
    return load_pieces()
