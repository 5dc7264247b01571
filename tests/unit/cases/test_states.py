"""Every listed move of every track is made, every other raises."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from smart_app.cases.model import Tracks
from smart_app.cases.states import DECIDED, MOVES, headline, move
from smart_app.errors import IllegalMove

STATES = {
    track: sorted(set(table) | {state for targets in table.values() for state in targets})
    for track, table in MOVES.items()
}
PAIRS = [
    (track, here, there) for track, states in STATES.items() for here in states for there in states
]


def test_every_track_has_a_table() -> None:
    assert set(MOVES) == {one.name for one in fields(Tracks)}
    for track in fields(Tracks):
        assert track.default in MOVES[track.name]


def test_no_state_is_reached_that_has_no_row() -> None:
    for track, table in MOVES.items():
        assert set(STATES[track]) == set(table), track


@pytest.mark.parametrize(("track", "here", "there"), PAIRS)
def test_only_listed_moves_are_made(track: str, here: str, there: str) -> None:
    tracks = replace(Tracks(), **{track: here})
    if there in MOVES[track][here]:
        assert getattr(move(tracks, **{track: there}), track) == there
    else:
        with pytest.raises(IllegalMove):
            move(tracks, **{track: there})


def test_an_illegal_move_among_legal_ones_changes_nothing() -> None:
    with pytest.raises(IllegalMove):
        move(Tracks(), documentation="draft", submission="sending")


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("none", "sending"),  # nothing leaves that was not queued with its bytes
        ("received", "queued"),  # nothing is sent twice
        ("pended", "queued"),
        ("cancelled", "queued"),
    ],
)
def test_no_way_to_a_second_sending(here: str, there: str) -> None:
    with pytest.raises(IllegalMove):
        move(replace(Tracks(), submission=here), submission=there)


@pytest.mark.parametrize("word", DECIDED)
def test_a_decision_outranks_the_way_it_came(word: str) -> None:
    assert headline(Tracks(submission="unknown", decision=word)) == word


@pytest.mark.parametrize("word", ["affirmed", "affirmed_modified", "partial"])
def test_affirmed_without_its_number_says_so(word: str) -> None:
    assert headline(Tracks(decision=word, utn="awaited")) == f"{word}_number_awaited"


@pytest.mark.parametrize(
    ("submission", "words"),
    [("none", "review"), ("queued", "queued"), ("unknown", "unknown"), ("received", "pended")],
)
def test_without_a_decision_the_sending_is_told(submission: str, words: str) -> None:
    assert headline(Tracks(submission=submission)) == words
