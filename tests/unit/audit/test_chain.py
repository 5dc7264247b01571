"""The record of a case: in order, sealed, and no event changed, moved or taken out unseen."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import sqlalchemy as sa

from smart_app.audit.chain import AuditChain
from smart_app.cases import codec
from smart_app.cases.model import Event
from smart_app.cases.schema.tables import audit as table
from smart_app.cases.schema.tables import kv
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
    """Tell whether a chain looks whole, also when its end does not open."""
    with contextlib.suppress(ConfigError):
        return chain.record("case-1").broken_at is None
    return False


def test_events_come_back_in_order(chain: AuditChain) -> None:
    assert [one.kind for one in chain.events("case-1")] == KINDS
    assert [one.kind for one in chain.record("case-1").events] == KINDS
    assert chain.events("case-1")[0].facts == {"kind": "opened"}
    assert chain.record("case-1").broken_at is None
    assert chain.record("case-2").broken_at is None


def test_an_event_taken_out_is_found(chain: AuditChain, store: Store) -> None:
    with store.write() as db:
        db.execute(table.delete().where(table.c.chain == "case-1", table.c.number == 2))
    assert chain.record("case-1").broken_at == 2
    assert chain.record("case-2").broken_at is None


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
    body = codec.dump(Event("signed", NOW, "Somebody else"))
    with store.write() as db:
        first = db.execute(sa.select(table.c.sha256).where(table.c.number == 1)).scalar()
        forged = chain._hash(str(first), 2, body)
        values = {"body": Seal((KEY,)).lock("audit:case-1:2", body), "sha256": forged}
        where = (table.c.chain == "case-1", table.c.number == 2)
        db.execute(table.update().where(*where).values(**values))
    assert chain.record("case-1").broken_at == 3


@pytest.mark.parametrize("left", [3, 2, 0])
def test_last_events_that_are_taken_out_are_found(
    chain: AuditChain, store: Store, left: int
) -> None:
    with store.write() as db:
        db.execute(table.delete().where(table.c.chain == "case-1", table.c.number > left))
    assert chain.record("case-1").broken_at == left + 1
    with store.write() as db:
        chain.append(db, "case-1", Event("decided", NOW))
    assert chain.record("case-1").broken_at == left + 1
    assert chain.record("case-2").broken_at is None


def test_last_events_taken_out_with_their_end_are_found(chain: AuditChain, store: Store) -> None:
    with store.write() as db:
        db.execute(table.delete().where(table.c.chain == "case-1", table.c.number > 2))
        db.execute(kv.delete().where(kv.c.key == "case-1"))
    assert chain.record("case-1").broken_at == 3
    with store.write() as db:
        chain.append(db, "case-1", Event("decided", NOW))
    chain.adopt()
    assert chain.record("case-1").broken_at == 3


def test_the_end_of_another_chain_is_found(chain: AuditChain, store: Store) -> None:
    with store.write() as db:
        theirs = db.execute(sa.select(kv.c.body).where(kv.c.key == "case-2")).scalar()
        db.execute(kv.update().where(kv.c.key == "case-1").values(body=theirs))
    assert not unseen(chain)


def test_an_event_and_its_end_are_written_together(chain: AuditChain, store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as db:
        chain.append(db, "case-1", Event("cancelled", NOW))
        raise RuntimeError
    assert chain.record("case-1").broken_at is None


def test_chains_that_are_older_than_their_ends_are_adopted_once(store: Store) -> None:
    chain = AuditChain(store, Seal((KEY,)))
    with store.write() as db:
        for kind in KINDS:
            chain.append(db, "case-1", Event(kind, NOW))
        db.execute(kv.delete())
    chain.adopt()
    assert chain.record("case-1").broken_at is None
    with store.write() as db:
        chain.append(db, "case-1", Event("decided", NOW))
        assert chain._last(db, "case-1") == len(KINDS) + 1
    assert chain.record("case-1").broken_at is None
    with store.write() as db:
        db.execute(table.delete().where(table.c.number > 3))
    chain.adopt()
    assert chain.record("case-1").broken_at == 4


def test_what_fails_leaves_no_event(chain: AuditChain, store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as db:
        chain.append(db, "case-1", Event("cancelled", NOW))
        raise RuntimeError
    assert [one.kind for one in chain.events("case-1")] == KINDS
    assert [one.kind for one in chain.record("case-1").events] == KINDS
