"""Which keys the tables of a program's three files hold."""

from __future__ import annotations

from smart_app.files.schema import (
    CODE,
    CODES,
    DAY,
    DIAGNOSIS,
    MAYBE,
    MAYBE_DAY,
    NAME,
    POS,
    SOURCE,
    STATE,
    STATES,
    TEXT,
    TEXTS,
    WORDS,
    Key,
)

SERVICE_CODE = {
    "code": Key(form=CODE),
    "system": Key(choices=("CPT", "HCPCS")),
    "words": WORDS,
    "from": MAYBE_DAY,
    "to": MAYBE_DAY,
    "add_on": Key(bool, optional=True),
    "condition": MAYBE,
    "requires_with": Key(many=True, optional=True, form=CODE),
    "source": MAYBE,
}
EXCLUDED_DIAGNOSIS = {
    "codes": Key(many=True, form=DIAGNOSIS),
    "beside_listed": Key(choices=("ask", "counts")),
    "words": WORDS,
    "question": TEXT,
    "source": SOURCE,
}
PURPOSE = {
    "codes": CODES,
    "words": WORDS,
    "question": WORDS,
    "diagnoses": Key(many=True, form=DIAGNOSIS),
    "order_words": TEXTS,
    "unclear_words": TEXTS,
    "not_with": CODES,
    "words_not": WORDS,
    "source": SOURCE,
}
SERVICE = {
    "id": Key(form=NAME),
    "name": WORDS,
    "status": Key(choices=("active", "delayed")),
    "from": MAYBE_DAY,
    "to": MAYBE_DAY,
    "source": SOURCE,
    "note": MAYBE,
    "states": STATES,
    "places_of_service": Key(many=True, form=POS),
    "types_of_bill": Key(many=True, form="two digits and X"),
    "diagnoses": Key(many=True, optional=True, form=DIAGNOSIS),
    "diagnoses_source": MAYBE,
    "companions": Key(many=True, optional=True, form=CODE),
    "form": MAYBE,
    "codes": Key(SERVICE_CODE, many=True),
    "excluded_diagnosis": Key(EXCLUDED_DIAGNOSIS, many=True, optional=True),
    "purpose": Key(PURPOSE, many=True, optional=True),
    "outside": Key({"states": STATES, "words": WORDS, "source": SOURCE}, True, optional=True),
}
ELSEWHERE = {"codes": CODES, "program": MAYBE, "words": WORDS, "source": SOURCE}
SERVICES = {
    "companions_source": SOURCE,
    "service": Key(SERVICE, many=True),
    "elsewhere": Key(ELSEWHERE, many=True),
}

ROUTE = {
    "state": Key(form=STATE),
    **{key: WORDS for key in ("state_name", "participant", "participant_name", "website")},
    **{key: WORDS for key in ("portal", "telephone", "email", "mac", "source")},
    "fax": MAYBE,
    "channels": TEXTS,
}
MAC = {
    **{key: WORDS for key in ("id", "name", "full_name", "website", "portal_name")},
    **{key: WORDS for key in ("telephone", "source")},
    "fax": MAYBE,
    "mail": TEXTS,
    "channels": TEXTS,
}
JURISDICTIONS = {"route": Key(ROUTE, many=True), "mac": Key(MAC, many=True)}

KINDS_OF_COVERAGE = ("original_medicare", "managed", "not_medicare", "beside", "unknown")
NAMED = {"id": Key(form=NAME), "name": WORDS, "words": WORDS, "source": SOURCE}
SPECIAL = {**NAMED, "payors": TEXTS, "types": TEXTS}
ALONGSIDE = {"id": Key(form=NAME), "types": TEXTS, "words": WORDS, "alone": TEXT, "source": SOURCE}
COVERAGE = {
    "original_medicare": TEXTS,
    "managed": TEXTS,
    "beside_medicare": TEXTS,
    "source": SOURCE,
    "words": Key({kind: WORDS for kind in KINDS_OF_COVERAGE}),
    "special": Key(SPECIAL, many=True),
    "alongside": Key(ALONGSIDE, many=True),
}
CLAIM_PLACE = {
    **{key: WORDS for key in ("form", "words", "field", "position", "text", "source")},
    "claim": Key(choices=("institutional", "professional")),
    "facility_words": MAYBE,
}
MODIFIER = {
    "when": Key(choices=("affirmed", "non_affirmed", "cosmetic")),
    **{key: WORDS for key in ("words", "modifier", "notice", "source")},
}
RULES = {
    "id": Key(form=NAME),
    "name": WORDS,
    "version": WORDS,
    "source": SOURCE,
    "from": DAY,
    "requests_from": DAY,
    "to": MAYBE_DAY,
    "states": STATES,
    "voluntary": WORDS,
    "coverage": Key(COVERAGE),
    "patient": Key({"deceased": WORDS, "source": SOURCE}),
    "excluded": Key({**NAMED, "modifiers": TEXTS}, many=True),
    "site": Key(
        {
            "pos": Key(form=POS),
            "name": WORDS,
            "inside": Key(bool),
            "words": MAYBE,
            "source": SOURCE,
        },
        many=True,
    ),
    "decision": Key(
        {"word": WORDS, "words": WORDS, "from": MAYBE_DAY, "source": SOURCE}, many=True
    ),
    "clocks": Key(
        {
            "standard_days": Key(int),
            "expedited_days": Key(int),
            "words": WORDS,
            "expedited_words": WORDS,
        }
    ),
    "number": Key(
        {
            "words": WORDS,
            "pattern": WORDS,
            "expected": WORDS,
            "window_days": Key(int),
            "quote": Key(choices=("latest", "original")),
            "source": SOURCE,
        }
    ),
    "claims": Key(
        {
            **{key: Key(many=True, form=POS) for key in ("facility_claim_pos", "ccn_pos")},
            "ptan_pos": Key(many=True, form=POS),
            "source": SOURCE,
            "modifier": Key(MODIFIER, many=True),
            "place": Key(CLAIM_PLACE, many=True),
        }
    ),
}
