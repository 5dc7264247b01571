"""One open case per order set, revisions, sends, numbers, and what the database shows."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from smart_app.cases.model import Case, Submission, Tracks, UtnRecord
from smart_app.cases.schema import tables
from smart_app.cases.store import NoCase, Store
from smart_app.errors import ConfigError, StaleRevision
from tests.unit.kit import ISS, NOW, FakeClock, a_case


def insert(store: Store, case: Case) -> bool:
    with store.write() as db:
        return store.insert(db, case)


def save(store: Store, case: Case) -> Case:
    with store.write() as db:
        return store.save(db, case)


def key_of(store: Store, case: Case) -> str:
    return store.orders_key(case.site, case.iss, case.patient_ref, case.order_refs)


def test_one_case_is_open_per_order_set(store: Store) -> None:
    assert insert(store, a_case("one", 2))
    other = a_case("two", 2, attempt=2)
    assert not insert(store, replace(other, order_refs=other.order_refs[::-1]))
    found = store.open_of(key_of(store, other))
    assert found and found.id == "one"


def test_a_refused_insert_leaves_the_transaction_usable(store: Store) -> None:
    with store.write() as db:
        assert store.insert(db, a_case("one"))
        assert not store.insert(db, a_case("two", attempt=2))
        assert store.insert(db, a_case("three", 2))
    assert store.case("three").id == "three"


def test_a_closed_case_makes_room_for_the_next_attempt(store: Store) -> None:
    first = a_case("one")
    insert(store, first)
    save(store, replace(first, closed=True))
    assert store.open_of(key_of(store, first)) is None
    assert insert(store, a_case("two", attempt=2))
    assert [one.id for one in store.of_patient("site", first.iss, "Patient/p1")]


@pytest.mark.parametrize("change", [{"site": "b"}, {"iss": "b"}, {"patient_ref": "Patient/b"}])
def test_other_charts_and_patients_have_cases_of_their_own(
    store: Store, change: dict[str, Any]
) -> None:
    insert(store, a_case("one"))
    assert insert(store, replace(a_case("two"), **change))


@pytest.mark.parametrize("ends", [("", "/"), ("/", ""), ("/", "/")])
def test_a_chart_is_the_same_with_and_without_a_slash(store: Store, ends: tuple[str, str]) -> None:
    first, second = (a_case(f"case-{end}", iss=ISS + end) for end in ends)
    assert insert(store, first)
    assert not insert(store, replace(second, id="two", attempt=2))
    for end in ("", "/"):
        assert store.open_of(key_of(store, replace(first, iss=ISS + end))) == first
        assert store.of_patient("site", ISS + end, "Patient/p1") == [first]


def test_a_case_of_a_time_when_a_slash_counted_is_found(store: Store) -> None:
    case = a_case(iss=ISS + "/")
    insert(store, case)
    before = store.blind("site", ISS + "/", "Patient/p1")
    with store.write() as db:
        db.execute(tables.pa_case.update().values(patient_key=before, orders_key="x"))
    assert store.of_patient("site", ISS, "Patient/p1") == [case]


def test_a_stale_revision_writes_nothing(store: Store) -> None:
    case = a_case()
    insert(store, case)
    assert save(store, replace(case, expedited=True)).revision == 2
    with pytest.raises(StaleRevision):
        save(store, replace(case, tracks=Tracks(documentation="draft")))
    kept = store.case(case.id)
    assert (kept.expedited, kept.tracks.documentation) == (True, "none")


def test_an_unknown_case_is_no_case(store: Store) -> None:
    with pytest.raises(NoCase):
        store.case("nowhere")


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as db:
        store.insert(db, a_case())
        raise RuntimeError
    with pytest.raises(NoCase):
        store.case("case-1")


def test_stage_outputs_are_appended_and_the_newest_counts(store: Store) -> None:
    with store.write() as db:
        first = store.put(db, "case-1", "tracks", Tracks())
        second = store.put(db, "case-1", "tracks", Tracks(claim="ready"))
    assert first != second
    assert [one.claim for one in store.history("case-1", "tracks", Tracks)] == ["hold", "ready"]
    assert store.latest("case-1", "tracks", Tracks) == Tracks(claim="ready")
    assert store.latest("case-2", "tracks", Tracks) is None


def test_a_stage_output_moved_to_another_case_does_not_open(store: Store) -> None:
    with store.write() as db:
        store.put(db, "case-1", "tracks", Tracks())
        db.execute(tables.stage_output.update().values(case_id="case-2"))
    with pytest.raises(ConfigError):
        store.latest("case-2", "tracks", Tracks)


def a_submission() -> Submission:
    return Submission("case-1", "id-1", "pas", "payer", "initial", "hash", NOW)


def test_a_send_starts_once_until_it_is_allowed_again(store: Store) -> None:
    with store.write() as db:
        store.add_submission(db, a_submission(), b"exact bytes")
    for expected in (True, False):
        with store.write() as db:
            assert store.start_send(db, "id-1") is expected
    with store.write() as db:
        store.allow_resend(db, "id-1")
        assert store.start_send(db, "id-1")
    row = store.submissions("case-1")[0]
    assert (row.sends, store.payload(row)) == (2, b"exact bytes")


def a_number(**more: Any) -> UtnRecord:
    record = UtnRecord(
        number="JFA99900004417",
        program="wiser",
        member_hash="member",
        traces=("trace-1",),
        decision_id="decision",
        verdict="affirmed",
        decided_on=date(2026, 11, 24),
    )
    return replace(record, **more)


def test_a_number_belongs_to_one_case_of_one_member(store: Store) -> None:
    with store.write() as db:
        assert store.add_utn(db, "case-1", a_number())
        assert store.add_utn(db, "case-1", a_number(status="superseded"))
        assert not store.add_utn(db, "case-2", a_number())
        assert not store.add_utn(db, "case-2", a_number(member_hash="other"))
    assert [one.status for one in store.utns("case-1")] == ["superseded"]


def test_a_preparation_is_leased_and_taken_over(store: Store, clock: FakeClock) -> None:
    assert store.lease_preparation("case-1", "one", 90)
    assert not store.lease_preparation("case-1", "two", 90)
    clock.pass_by(91)
    assert store.lease_preparation("case-1", "two", 90)
    with store.write() as db:
        store.end_preparation(db, "case-1")
    clock.pass_by(1000)
    assert store.prepared("case-1")
    assert not store.lease_preparation("case-1", "three", 90)


def test_a_cached_value_expires(store: Store, clock: FakeClock) -> None:
    cache = store.kv("crd")
    cache.put("url", {"services": []}, 60)
    assert cache.get("url") == {"services": []}
    assert store.kv("other").get("url") is None
    clock.pass_by(61)
    assert cache.get("url") is None


def test_blind_keys_are_keyed_and_do_not_run_together(store: Store) -> None:
    assert store.blind("ab", "c") != store.blind("a", "bc")
    assert store.blind("ab", "c") == store.blind("ab", "c")


def test_nothing_of_the_patient_lies_in_the_database_in_clear(store: Store, tmp_path: Path) -> None:
    canaries = ("Patient/canary", "ServiceRequest/canary", "https://canary.example/fhir")
    case = a_case(patient_ref=canaries[0], order_refs=(canaries[1],), iss=canaries[2])
    insert(store, case)
    with store.write() as db:
        store.put(db, case.id, "chart", {"MBI": "1S00EX0MP78"})
        store.add_utn(db, case.id, a_number())
        store.add_submission(db, a_submission(), b"1S00EX0MP78")
    with store.read() as db:
        rows = [db.execute(sa.select(one)).all() for one in tables.metadata.sorted_tables]
    kept = repr(rows).encode()
    stored = b"".join(one.read_bytes() for one in tmp_path.glob("preclear.sqlite*")) + kept
    assert case.id.encode() in stored
    for canary in (*canaries, "1S00EX0MP78", "JFA99900004417"):
        assert canary.encode() not in stored, canary


def test_the_writers_of_one_process_wait_for_each_other_in_turn(store: Store) -> None:
    together, refused = threading.Barrier(8), []
    store.engine.dispose()
    impatient = {"sqlite": "PRAGMA busy_timeout=0", "postgresql": "SET lock_timeout = 1"}

    @sa.event.listens_for(store.engine, "connect")
    def without_patience(connection: Any, _: Any) -> None:
        connection.cursor().execute(impatient[store.engine.dialect.name])
        connection.commit()

    def work(number: int) -> None:
        together.wait()
        for stage in range(20):
            try:
                store.mark(f"case-{number}", str(stage), "done")
            except sa.exc.OperationalError as cause:
                refused.append(cause)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not refused
    assert all(len(store.stages(f"case-{number}")) == 20 for number in range(8))
