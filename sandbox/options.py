"""The options of ``./run golden``: what exists, and a sentence about what does not."""

from __future__ import annotations

import argparse
from pathlib import Path

CASES = {
    ("62323", "AZ"): ("opal", "opal-esi"),
    ("64483,64484", "TX"): ("walter", "walter-tfesi-1"),
    ("15275", "OH"): ("dora", "dora-skin"),
    ("64581", "NJ"): ("nell", "nell-sns"),
    ("22514", "WA"): ("vera", "vera-augmentation"),
    ("29877", "OK"): ("gus", "gus-knee"),
    ("15271", "NJ"): ("bruno", "bruno-skin"),
    ("64581", "AZ"): ("flora", "flora-lead"),
    ("22513,22515", "TX"): ("ezra", "ezra-first"),
    ("29877", "WA"): ("kit", "kit-knee"),
}
DECISIONS = {
    "affirmed": {"decision": "affirm"},
    "non-affirmed": {"decision": "non-affirm"},
    "partial": {"decision": "partial"},
    "dismissed": {"decision": "dismiss"},
    "pended": {"decision": "pend", "then": "affirm", "pend_seconds": 1},
    "more-info": {"decision": "more-info", "after": "affirm"},
    "updated": {"decision": "pend", "pend_seconds": None},
    "more-info-form": {"decision": "more-info-form", "after": "affirm"},
    "cancelled": {"decision": "pend", "pend_seconds": None},
}
THEN = {"updated": {"decision": "affirm"}}
"""What the pretend payer is told before a person acts."""
LATER = {"channel": ("packet",)}
EXIST = {
    "decision": tuple(DECISIONS),
    "pas": ("2.2.1", "2.1.0", "2.0.1"),
    "channel": ("pas",),
}


def _empty(spelled: str) -> Path:
    """Return a folder that holds nothing yet: two runs in one could not be told apart."""
    folder = Path(spelled)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise argparse.ArgumentTypeError(f"{spelled} is there and not empty: name another folder")
    return folder


def parser() -> argparse.ArgumentParser:
    """Return the command line's reader."""
    made = argparse.ArgumentParser(
        prog="./run golden",
        description="Plays one case through a sandbox of its own, over HTTP only, and says for "
        "each stage what happened and how long it took.",
        epilog="Ends with 0 when the case ended as it should, 1 when it did not, 2 when an option "
        "names what does not exist.",
    )
    _case(made)
    made.add_argument(
        "--pas",
        default="2.2.1",
        metavar="VERSION",
        help="The version of PAS by which payer and app speak: "
        f"{_either(EXIST['pas'])}. Without it: 2.2.1.",
    )
    made.add_argument(
        "--channel", default="pas", metavar="WAY", help="How the request travels; there is pas."
    )
    made.add_argument(
        "--out",
        type=_empty,
        metavar="DIR",
        help="A folder in which every message, every page and the result are kept.",
    )
    made.add_argument(
        "--json", action="store_true", help="Print the result as one JSON object, nothing else."
    )
    return made


def _case(made: argparse.ArgumentParser) -> None:
    """Add the options that say what is asked for and what becomes of it."""
    services = " or ".join(f"{codes} ({state})" for codes, state in CASES)
    made.add_argument(
        "--service",
        default="62323",
        metavar="CODES",
        help=f"The codes of the order, joined by commas: {services}. Without it: 62323.",
    )
    made.add_argument(
        "--state",
        metavar="XX",
        help="The state in which the service is delivered. Without it: the state of the codes.",
    )
    made.add_argument(
        "--decision",
        default="affirmed",
        metavar="WORD",
        help=f"What becomes of the request: {_either(EXIST['decision'])}. A pended request is "
        "affirmed after a second, with more-info after a document was sent, with more-info-form "
        "after a form was signed, with updated after its day was changed; cancelled is withdrawn "
        "while it waits; partial needs two codes. "
        "Without it: affirmed.",
    )
    made.add_argument(
        "--late-utn",
        action="store_true",
        help="The pretend payer gives the number (UTN) a second after the decision, not with it.",
    )


def read(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; exits with 2 and a sentence for what does not exist."""
    reader = parser()
    asked = reader.parse_args(words)
    asked.state = asked.state or next((s for c, s in CASES if c == asked.service), None)
    why = _refusal(asked)
    if why:
        reader.exit(2, f"golden: {why}\n")
    return asked


def _refusal(asked: argparse.Namespace) -> str | None:
    """Return why the options name no case that can be played, or None."""
    for name, existing in EXIST.items():
        value = getattr(asked, name)
        if value in LATER.get(name, ()):
            return f"--{name} {value} is not built yet. There is {_either(existing)}."
        if value not in existing:
            return f"--{name} {value} does not exist. There is {_either(existing)}."
    states = [state for codes, state in CASES if codes == asked.service]
    if not states:
        services = " and ".join(f"{codes} (in {state})" for codes, state in CASES)
        return f"--service {asked.service} is not in the pretend charts. There are {services}."
    if asked.state not in states:
        return f"--state {asked.state}: golden plays {asked.service} in {', '.join(states)} only."
    if asked.decision == "partial" and "," not in asked.service:
        pair, state = next(case for case in CASES if "," in case[0])
        return (
            "--decision partial: one code cannot be partly affirmed. "
            f"Use --service {pair} --state {state}."
        )
    return None


def _either(words: tuple[str, ...]) -> str:
    """Return words as a person lists them."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
