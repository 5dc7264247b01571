"""What ``./run golden`` cannot play it refuses at once, in a sentence that names what exists."""

from __future__ import annotations

import re

import pytest

from sandbox import options


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--decision partial", "one code cannot be partly affirmed.*64483,64484 --state TX"),
        ("--service 62321", "--service 62321 .*62323.*64483,64484"),
        ("--decision maybe", "--decision maybe .*affirmed, non-affirmed, partial, dismissed"),
        ("--state TX", "--state TX: golden plays 62323 in AZ only"),
        ("--service 64483,64484 --state AZ", "--state AZ: golden plays 64483,64484 in TX only"),
        ("--pas 2.0.0", "--pas 2.0.0 does not exist.*2.2.1"),
        ("--channel fax", "--channel fax does not exist.*pas"),
    ],
)
def test_refused(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options.read(words.split())
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.search(said, printed.err)
    assert len(printed.err.splitlines()) == 1


@pytest.mark.parametrize("codes, state", list(options.CASES))
def test_every_case_can_be_named(codes: str, state: str) -> None:
    asked = options.read(["--service", codes, "--state", state])
    assert (asked.service, asked.state, asked.decision) == (codes, state, "affirmed")


@pytest.mark.parametrize(
    "codes, state", {codes: state for codes, state in reversed(options.CASES)}.items()
)
def test_without_a_state_the_first_of_the_codes_is_meant(codes: str, state: str) -> None:
    assert options.read(["--service", codes]).state == state


def test_codes_of_two_states_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    found = {options.CASES[("29877", state)][0] for state in ("OK", "WA")}
    assert found == {"gus", "kit"}
    with pytest.raises(SystemExit):
        options.read(["--service", "29877", "--state", "AZ"])
    assert "golden plays 29877 in OK, WA only" in capsys.readouterr().err


def test_help_says_a_sentence_about_every_option() -> None:
    described = {
        one.option_strings[-1]: one.help or ""
        for one in options.parser()._actions
        if one.option_strings != ["-h", "--help"]
    }
    assert [name for name, words in described.items() if not words.endswith(".")] == []
    assert options.parser().format_help()
