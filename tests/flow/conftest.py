"""A sandbox for all tests of a file, as new for each of them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

import pytest

from sandbox.golden import Golden, ask
from sandbox.stack import Stack

ASKED = Namespace(service="62323", state="AZ", decision="affirmed", late_utn=False, json=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a running sandbox, one for a file."""
    with Stack(tmp_path_factory.mktemp("sandbox")) as made:
        yield made


@pytest.fixture
def golden(stack: Stack) -> Iterator[Golden]:
    """Return the player of a case; afterwards EHR and payer start over."""
    yield Golden(stack, ASKED)
    ask(f"{stack.ehr}/sandbox/control", {"reset": True})
