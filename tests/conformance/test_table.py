"""Each row that the guide asks of a client is tested, has a reason, or is openly open."""

from __future__ import annotations

import pytest

from tools import conformance

ROWS = {one.id for one in conformance.rows()}
TESTED, REASONS = conformance.tested(), conformance.reasons()
OPEN = conformance.open_rows()
MOST_OPEN = 6
"""How many rows may be open; it only gets less."""


def test_there_are_as_many_rows_as_the_guides_have() -> None:
    assert len(ROWS) == 203


def test_every_row_is_tested_reasoned_or_open() -> None:
    assert ROWS - set(TESTED) - set(REASONS) - set(OPEN) == set()


def test_nothing_is_said_of_a_row_that_there_is_not() -> None:
    assert (set(TESTED) | set(REASONS) | set(OPEN)) - ROWS == set()


def test_nothing_is_said_twice() -> None:
    assert set(REASONS) & set(TESTED) == set()
    assert set(OPEN) & (set(TESTED) | set(REASONS)) == set()


def test_the_open_rows_only_get_less() -> None:
    assert len(OPEN) <= MOST_OPEN


@pytest.mark.parametrize("row", REASONS)
def test_a_reason_is_one(row: str) -> None:
    assert len(REASONS[row]) > 30
    assert "not yet" not in REASONS[row].casefold()


def test_the_document_is_what_the_marks_say() -> None:
    same = conformance.TABLE.read_text() == conformance.printed()
    assert same, "run python -m tools.conformance"
