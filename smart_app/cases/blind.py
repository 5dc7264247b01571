"""The key by which patients, orders and numbers are found: one for a database's whole life.

It lies in the database, sealed. Were it made from the key file at each start, a key that is taken
out or moved there would change it, and open cases would no longer be found.
"""

from __future__ import annotations

import sqlalchemy as sa

from smart_app.cases.schema.tables import pa_case
from smart_app.cases.store import Store
from smart_app.errors import ConfigError
from smart_app.ports import Clock
from smart_app.seal import Seal

CENTURY = 100 * 365 * 86_400


def settled(engine: sa.Engine, seal: Seal, clock: Clock) -> Seal:
    """Return the seal with the database's own blind key; raises ConfigError when there is none."""
    kept = Store(engine, seal, clock).kv("seal")
    stored = kept.get("blind")
    for key in (bytes.fromhex(stored),) if stored else seal.derived():
        found = seal.with_blind(key)
        if _finds_its_own(Store(engine, found, clock)):
            kept.put("blind", key.hex(), CENTURY)  # sealed anew: an older key may now go
            return found
    raise ConfigError(
        "key file: a key is missing by which this database finds its patients and numbers; "
        "put back every key that was ever in the file"
    )


def _finds_its_own(store: Store) -> bool:
    """Tell whether a case of the database, if it has one, is found by its patient."""
    with store.read() as db:
        case_id = db.execute(sa.select(pa_case.c.id).limit(1)).scalar()
    if case_id is None:
        return True
    case = store.case(case_id)
    # by id: a worker at work may change the case between the two reads
    return case_id in {
        found.id for found in store.of_patient(case.site, case.iss, case.patient_ref)
    }
