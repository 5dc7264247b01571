"""Open cases and numbers are found whatever becomes of the key file, or the start is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sandbox.stack import ROOT, Stack
from smart_app.cases.blind import settled
from smart_app.cases.database import connect
from smart_app.cases.model import Case
from smart_app.cases.schema.migrate import upgrade
from smart_app.cases.store import Store
from smart_app.errors import ConfigError
from smart_app.seal import Seal
from tests.unit.kit import FakeClock, a_case

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    made = connect(database_url)
    upgrade(made)
    yield made
    made.dispose()


def start(engine: sa.Engine, *keys: bytes) -> Store:
    """Return the store that a start with a key file gives."""
    return Store(engine, settled(engine, Seal(keys), FakeClock()), FakeClock())


def insert(store: Store, case_id: str = "case-1") -> None:
    with store.write() as db:
        store.insert(db, a_case(case_id))


def found(store: Store) -> list[Case]:
    case = a_case()
    return store.of_patient(case.site, case.iss, case.patient_ref)


def rotated(engine: sa.Engine) -> None:
    """Rotate the key, and seal what there is with the new one."""
    store = start(engine, NEW, OLD)
    with store.write() as db:
        store.save(db, store.case("case-1", db))


def test_a_key_that_is_taken_out_after_its_rotation_changes_nothing(engine: sa.Engine) -> None:
    before = start(engine, OLD)
    insert(before)
    rotated(engine)
    after = start(engine, NEW)
    assert [one.id for one in found(after)] == ["case-1"]
    assert after.blind("utn", "1") == before.blind("utn", "1")


@pytest.mark.parametrize("keys", [(NEW, OLD), (OLD, NEW)])
def test_the_order_of_the_keys_changes_nothing(
    engine: sa.Engine, keys: tuple[bytes, bytes]
) -> None:
    insert(start(engine, OLD))
    assert [one.id for one in found(start(engine, *keys))] == ["case-1"]


@pytest.mark.parametrize("keys", [(OLD,), (NEW, OLD), (OLD, NEW)])
def test_a_database_of_before_goes_on_with_the_key_that_it_was_made_with(
    engine: sa.Engine, keys: tuple[bytes, ...]
) -> None:
    insert(Store(engine, Seal((OLD,)), FakeClock()))
    assert [one.id for one in found(start(engine, *keys))] == ["case-1"]


def test_a_database_of_before_whose_first_key_is_gone_is_refused(engine: sa.Engine) -> None:
    insert(Store(engine, Seal((NEW, OLD)), FakeClock()))
    with pytest.raises(ConfigError, match="put back every key"):
        start(engine, NEW)
    assert [one.id for one in found(start(engine, NEW, OLD))] == ["case-1"]


def test_a_key_file_of_another_database_is_refused(engine: sa.Engine) -> None:
    start(engine, OLD)
    with pytest.raises(ConfigError, match="not in the key file"):
        start(engine, OTHER)


def test_a_blind_key_that_does_not_find_the_cases_is_refused(engine: sa.Engine) -> None:
    store = start(engine, OLD)
    insert(store)
    store.kv("seal").put("blind", (b"z" * 32).hex(), 60)
    with pytest.raises(ConfigError, match="put back every key"):
        start(engine, OLD)


def test_a_case_that_a_worker_changes_during_the_look_is_still_found(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(start(engine, OLD))
    look = Store.of_patient

    def changed_first(store: Store, site: str, iss: str, patient_ref: str) -> list[Case]:
        with store.write() as db:
            store.save(db, store.case("case-1", db))
        return look(store, site, iss, patient_ref)

    monkeypatch.setattr(Store, "of_patient", changed_first)
    after = start(engine, OLD)
    monkeypatch.undo()
    assert [one.id for one in found(after)] == ["case-1"]


def test_an_installation_whose_key_was_replaced_does_not_start(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    made = connect(f"sqlite:///{tmp_path}/preclear.sqlite")
    upgrade(made)
    start(made, OLD)
    made.dispose()
    command = [sys.executable, *stack.command("web")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "preclear: the key that sealed the data is not in the key file\n"
