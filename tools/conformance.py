"""Print ``docs/conformance/pas.md``: which test proves each row that the guide asks of a client.

``python -m tools.conformance`` reads the rows in ``tests/conformance/requirements.csv``, the marks
``@pytest.mark.req(…)`` of the tests, and ``docs/conformance/reasons.toml`` for what no test proves.
"""

from __future__ import annotations

import ast
import csv
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "tests/conformance/requirements.csv"
REASONS = ROOT / "docs/conformance/reasons.toml"
TABLE = ROOT / "docs/conformance/pas.md"
HEAD = """# Da Vinci PAS: what the guide asks of a client, and what proves it

Printed by `python -m tools.conformance` from the rows of `tests/conformance/requirements.csv`,
the marks `@pytest.mark.req(…)` of the tests, and `docs/conformance/reasons.toml`; a test fails
when it is out of date. A row without a test has a reason. *Open* rows have neither: their list
only gets shorter.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a version of the guide asks of a client."""

    id: str
    verb: str
    text: str
    url: str


def rows() -> list[Row]:
    """Return all rows, in the order of their file."""
    with ROWS.open(newline="") as found:
        return [Row(**one) for one in csv.DictReader(found)]


def _marks(node: ast.AST) -> Iterator[str]:
    """Yield the rows that a test's decorators name."""
    for one in getattr(node, "decorator_list", []):
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "pytest.mark.req":
            yield from (str(ast.literal_eval(argument)) for argument in one.args)


def tested() -> dict[str, list[str]]:
    """Return the tests that prove each row, as ``file::name``."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            for row in _marks(node):
                name = f"{path.relative_to(ROOT / 'tests')}::{getattr(node, 'name', '')}"
                found.setdefault(row, []).append(name)
    return found


def _read() -> dict[str, list[dict[str, object]]]:
    return tomllib.loads(REASONS.read_text())


def reasons() -> dict[str, str]:
    """Return why no test proves a row, by row."""
    groups = _read()["reason"]
    return {str(row): str(one["why"]) for one in groups for row in _listed(one["rows"])}


def open_rows() -> dict[str, str]:
    """Return what each row still waits for that has neither test nor reason."""
    groups = _read().get("open", [])
    return {str(row): str(one["what"]) for one in groups for row in _listed(one["rows"])}


def _listed(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _line(row: Row, proofs: dict[str, list[str]], why: dict[str, str]) -> str:
    text = " ".join(row.text.split()).replace("|", "\\|")
    proof = "<br>".join(f"`{one}`" for one in proofs.get(row.id, []))
    told = proof or why.get(row.id) or "*open*"
    return f"| [{row.id.partition('@')[2]}]({row.url}) | {row.verb} | {text} | {told} |"


def printed() -> str:
    """Return the document."""
    proofs, why, every = tested(), reasons(), rows()
    parts = [HEAD]
    for version in dict.fromkeys(row.id.partition("@")[0] for row in every):
        mine = [row for row in every if row.id.startswith(f"{version}@")]
        by_test = sum(row.id in proofs for row in mine)
        by_reason = sum(row.id in why and row.id not in proofs for row in mine)
        left = len(mine) - by_test - by_reason
        counts = f"{len(mine)} rows: {by_test} tested, {by_reason} with a reason, {left} open."
        head = ("| row | verb | what it asks | test, or reason |", "|---|---|---|---|")
        table = "\n".join((*head, *(_line(row, proofs, why) for row in mine)))
        parts += [f"## {version}", counts, table]
    return "\n\n".join(one.rstrip() for one in parts) + "\n"


if __name__ == "__main__":
    TABLE.write_text(printed())
