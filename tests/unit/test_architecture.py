"""Who may import whom, who may open a socket, touch the database or ask the time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("smart_app", "launch", "sandbox")
DOMAINS = ("chart", "programs", "crd", "dtr", "pas", "utn", "channels", "audit")
COMMON = ("fhir", "cases.model", "ports", "errors")
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
    "launch/discovery.py",
    "launch/token.py",
    "launch/authorize.py",
)
MAY_STORE = (
    "smart_app/cases/",
    "smart_app/audit/",
    "launch/vault.py",
    "launch/__init__.py",
    "smart_app/web/health.py",
    "smart_app/follow.py",  # types of the transaction it hands on
)
MAY_FLASK = (
    "smart_app/__init__.py",
    "smart_app/web/",
    "launch/routes.py",
    "launch/__init__.py",
)


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


def test_files_stay_short() -> None:
    known = {"smart_app/cases/model.py"}  # every type that crosses a border, in one place
    long = {
        str(path.relative_to(ROOT))
        for path in files(*OURS, "tests")
        if len(path.read_text().splitlines()) > 400
    }
    assert long <= known
