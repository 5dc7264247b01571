"""The record of a case: in order, sealed, and no event changed, moved or taken out unseen."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from smart_app.audit.chain import AuditChain
from smart_app.cases.model import Event
from smart_app.cases.schema.tables import audit as table
from smart_app.cases.store import Store
from smart_app.errors import ConfigError
from smart_app.seal import Seal
from tests.unit.kit import KEY, NOW

KINDS = ["opened", "signed", "sending", "received"]


@pytest.fixture
def chain(store: Store) -> AuditChain:
    made = AuditChain(store, Seal((KEY,)))
    for kind in KINDS:
        with store.write() as db:
            made.append(db, "case-1", Event(kind, NOW, "Dr. Test", {"kind": kind}))
            made.append(db, "case-2", Event(kind, NOW))
    return made


def unseen(chain: AuditChain) -> bool:
    """Tell whether a chain looks whole; a value that does not open is seen as well."""
    with contextlib.suppress(ConfigError):
        return chain.broken_at("case-1") is None
    return False


def test_events_come_back_in_order(chain: AuditChain) -> None:
    assert [one.kind for one in chain.events("case-1")] == KINDS
    assert chain.events("case-1")[0].facts == {"kind": "opened"}
    assert chain.broken_at("case-1") is None
    assert chain.broken_at("case-2") is None


def test_an_event_taken_out_is_found(chain: AuditChain, store: Store) -> None:
    with store.write() as db:
        db.execute(table.delete().where(table.c.chain == "case-1", table.c.number == 2))
    assert chain.broken_at("case-1") == 2
    assert chain.broken_at("case-2") is None


def test_an_event_of_another_chain_is_found(chain: AuditChain, store: Store) -> None:
    with store.write() as db:
        db.execute(table.delete().where(table.c.chain == "case-1", table.c.number == 4))
        where = (table.c.chain == "case-2", table.c.number == 4)
        db.execute(table.update().where(*where).values(chain="case-1"))
    assert not unseen(chain)


@pytest.mark.parametrize(
    "change",
    [{"sha256": "0" * 64}, {"previous": "0" * 64}, {"body": b"x" * 60}],
    ids=["hash", "link", "body"],
)
def test_a_changed_row_is_found(chain: AuditChain, store: Store, change: dict[str, Any]) -> None:
    with store.write() as db:
        where = (table.c.chain == "case-1", table.c.number == 2)
        db.execute(table.update().where(*where).values(**change))
    assert not unseen(chain)


def test_an_event_written_anew_with_the_key_breaks_the_next(
    chain: AuditChain, store: Store
) -> None:
    with store.write() as db:
        where = (table.c.chain == "case-1", table.c.number.in_((2, 3, 4)))
        db.execute(table.delete().where(*where))
        chain.append(db, "case-1", Event("signed", NOW, "Somebody else"))
        row = dict(chain="case-1", number=3, at=0.0, kind="sending", body=b"x" * 60)
        db.execute(table.insert().values(**row, previous="1" * 64, sha256="2" * 64))
    assert chain.broken_at("case-1") == 3


def test_what_fails_leaves_no_event(chain: AuditChain, store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as db:
        chain.append(db, "case-1", Event("cancelled", NOW))
        raise RuntimeError
    assert [one.kind for one in chain.events("case-1")] == KINDS
