"""Who may import whom, who may open a socket, touch the database or ask the time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("smart_app", "launch", "sandbox")
DOMAINS = ("chart", "programs", "crd", "dtr", "pas", "utn", "channels", "audit")
COMMON = ("fhir", "files", "cases.model", "ports", "errors")
ALLOWED = {
    "channels": ("pas",),
    "utn": ("programs",),
    "audit": ("cases", "seal"),  # the record is a table of the same database
    "chart": ("cases.codec",),  # the hash of what was read back
}
SOCKETS = ("requests", "urllib3", "http", "socket", "urllib.request", "authlib")
MAY_CONNECT = (
    "smart_app/fhir/client.py",
    "smart_app/payers/client.py",
    "smart_app/world.py",  # hands the one session around
    "launch/bounded.py",  # how the three below read an answer
    "launch/discovery.py",
    "launch/token.py",
    "launch/authorize.py",
)
MAY_STORE = (
    "smart_app/cases/",
    "smart_app/audit/",
    "launch/vault.py",
    "launch/tables.py",
    "launch/__init__.py",
    "smart_app/web/health.py",
    "smart_app/reopen.py",
    "smart_app/steps.py",  # types of the transaction that the stages hand on
    "smart_app/sending.py",
    "smart_app/beside.py",
    "smart_app/asking.py",
    "smart_app/moments.py",
    "smart_app/taking.py",
    "smart_app/agreement.py",
    "smart_app/decide.py",
    "smart_app/late.py",
    "smart_app/numbering.py",
    "smart_app/filing.py",
    "smart_app/follow.py",
    "smart_app/listening.py",
    "smart_app/hearing.py",
    "smart_app/answers.py",
    "smart_app/amending.py",
    "smart_app/updating.py",
    "smart_app/withdrawing.py",
    "smart_app/adding.py",
)
MAY_FLASK = (
    "smart_app/__init__.py",
    "smart_app/web/",
    "launch/routes.py",
    "launch/__init__.py",
)
CALLERS = {
    "smart_app/steps.py",  # what a payer remarks beside each answer
    "smart_app/flow.py",
    "smart_app/reading.py",  # stage 2, with what a person entered of the orders
    "smart_app/entering.py",  # what a person may enter of them
    "smart_app/reopen.py",  # stage 2 of an order that is known
    "smart_app/judging.py",  # stage 3
    "smart_app/newer.py",  # stages 2 to 6 of a chart that changed
    "smart_app/review.py",  # stages 7 to 9 of the line
    "smart_app/requesting.py",  # the signed form and the request, stages 8 and 9
    "smart_app/sending.py",  # stage 10 of the line
    "smart_app/asking.py",  # stage 11, what a payer is asked
    "smart_app/moments.py",  # stage 11, which answer is the newer
    "smart_app/taking.py",  # stage 11, a decision on its case
    "smart_app/agreement.py",  # stage 11, what was doubted
    "smart_app/decide.py",  # stage 11
    "smart_app/late.py",  # stage 11, several answers to one request
    "smart_app/listening.py",  # stage 11 by notification
    "smart_app/amending.py",  # what the payer is told of a request that it has
    "smart_app/withdrawing.py",  # a request taken back
    "smart_app/updating.py",  # a request changed
    "smart_app/adding.py",  # documents sent after a request
    "smart_app/answering.py",  # what a person says of a form, before or after the request
    "smart_app/later.py",  # a form that a payer asks for afterwards
    "smart_app/web/later.py",  # the sentence of a wrong field
    "smart_app/hearing.py",  # what a notification makes of a decision
    "smart_app/numbering.py",  # stage 12
    "smart_app/answers.py",  # the answers to one request, read together
    "smart_app/beside.py",  # a letter held against the payer's own answers
    "smart_app/keeping.py",  # whether a decision is still open
    "smart_app/filing.py",  # stage 13
    "smart_app/world.py",  # builds what the line reaches the world through
    "smart_app/__main__.py",  # a site is checked by the kinds of place of the program
    "smart_app/sitecheck.py",  # what stage 2 reads
    "smart_app/sites.py",  # the clinic of a site's file is PAS's own type
    "smart_app/web/sent.py",  # days that are left, the claim card
    "smart_app/web/presenters.py",  # rows of a form, days that are left
    "smart_app/web/case.py",  # the claim card, and the word of a typed-in letter
    "smart_app/web/review.py",  # the sentence of a wrong field
    "smart_app/web/refused.py",  # the part of a request that a payer's path means
}
"""Who may call the stages."""
KNOWN_LONG = {
    # column lists of the first version of the schema
    "smart_app/cases/schema/versions/a1_first.py:_cases",
    "smart_app/cases/schema/versions/a1_first.py:_work",
    "smart_app/flow.py:_new_case",  # the case's fields, one a line
    "smart_app/web/presenters.py:review",  # the page's fields, one a line
    "smart_app/web/sent.py:_view",  # the page's fields, one a line
    "sandbox/options.py:parser",  # the options, one after another
}


def files(*packages: str) -> list[Path]:
    """Return the modules of packages."""
    return [path for name in packages for path in sorted((ROOT / name).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports, as full names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)


def inside(name: str, package: str) -> bool:
    """Tell whether a name lies in a package."""
    return name == package or name.startswith(package + ".")


def users(names: tuple[str, ...], *packages: str) -> set[str]:
    """Return which files import any of the names."""
    return {
        str(path.relative_to(ROOT))
        for path in files(*packages)
        for found in imports(path)
        if any(inside(found, name) for name in names)
    }


@pytest.mark.parametrize("package", ["launch", "sandbox"])
def test_the_door_and_the_sandbox_import_nothing_of_ours(package: str) -> None:
    others = tuple(one for one in OURS if one != package)
    assert users(others, package) == set()


@pytest.mark.parametrize("domain", DOMAINS)
def test_domains_do_not_import_each_other(domain: str) -> None:
    allowed = (domain, *COMMON, *ALLOWED.get(domain, ()))
    wrong = {
        f"{path.relative_to(ROOT)}: {found}"
        for path in files(f"smart_app/{domain}")
        for found in imports(path)
        if inside(found, "smart_app")
        and not any(inside(found, f"smart_app.{one}") for one in allowed)
    }
    assert wrong == set()


def test_only_the_web_knows_flask() -> None:
    assert not [
        one
        for one in users(("flask", "htmx_flask"), "smart_app", "launch")
        if not one.startswith(MAY_FLASK)
    ]


def test_only_clients_open_a_socket() -> None:
    assert users(SOCKETS, "smart_app", "launch") <= set(MAY_CONNECT)


def test_only_the_stores_touch_the_database() -> None:
    found = users(("sqlalchemy", "alembic"), "smart_app", "launch")
    assert not [one for one in found if not one.startswith(MAY_STORE)]


def test_only_the_clock_asks_the_time() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in files("smart_app", "launch")
        if any(
            isinstance(node, ast.Attribute)
            and node.attr in ("now", "today", "utcnow")
            and isinstance(node.value, ast.Name)
            and node.value.id in ("datetime", "date")
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    assert asking == {"smart_app/clock.py"}


def test_nothing_else_reads_a_clock_of_the_machine() -> None:
    clocks = ("time", "datetime.datetime.now", "datetime.date.today")
    assert users(clocks, "smart_app", "launch") == {
        "smart_app/dtr/engine/pool.py",  # how long a worker process may run, by monotonic time
        "smart_app/supervise.py",  # how long a process ran, by monotonic time
        "launch/bounded.py",  # how long an answer may take, by monotonic time
    }


def test_stages_are_called_by_the_line_alone() -> None:
    stages = ("chart", "programs", "crd", "dtr", "pas", "utn", "channels")
    callers = {
        str(path.relative_to(ROOT))
        for path in files("smart_app")
        for found in imports(path)
        for one in stages
        if inside(found, f"smart_app.{one}")
        and path.relative_to(ROOT / "smart_app").parts[0] != one
        and path.relative_to(ROOT / "smart_app").parts[0] not in DOMAINS
    }
    assert callers <= CALLERS


def test_functions_stay_short() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in files(*OURS, "tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and _lines(node) > 40
    }
    assert long <= KNOWN_LONG


def _lines(node: ast.FunctionDef) -> int:
    """Return how many lines a function's body has, its docstring aside."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_files_stay_short() -> None:
    known = {"smart_app/cases/model.py"}  # every type that crosses a border, in one place
    long = {
        str(path.relative_to(ROOT))
        for path in files(*OURS, "tests")
        if len(path.read_text().splitlines()) > 400
    }
    assert long <= known
