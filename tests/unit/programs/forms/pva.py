"""Cement repair of a vertebra: the age of the fracture, pain where the patient is, its course."""

from tests.unit.programs.charted import Expected

EXPECTED = Expected(
    service="pva",
    full={
        "cause-kind": "osteoporotic",
        "cause-level": "L1",
        "acuity-onset": "2026-11-06",
        "acuity-kind": "acute",
        "setting-pain-kind": "home",
        "setting-pain-score": 8,
        "setting-pain-care": "medicine",
        "course-kind": "worse",
        "course-before": 6,
        "bmd-referral-made": True,
        "prevention-medicine": "alendronate 10 mg tablet",
    },
    asked=[
        "acuity-active",
        "prevention-told",
        "absolute-contra-present",
        "relative-contra-present",
    ],
    against=[
        ("acuity", {"acuity-active": "false"}),
        ("acuity", {"acuity-kind": "older", "acuity-active": "true"}),
        ("setting-pain", {"setting-pain-score": "4"}),
        ("setting-pain", {"setting-pain-kind": "hospital", "setting-pain-score": "7"}),
        ("course", {"course-kind": "stable", "course-two": "false"}),
        ("bmd-referral", {"bmd-referral-made": "false"}),
        ("prevention", {"prevention-told": "false"}),
        ("malignant", {"cause-kind": "malignant", "malignant-pain": "false"}),
        ("absolute-contra", {"absolute-contra-present": "true"}),
    ],
    unlike=[
        ((), {"vera_fracture": {"onsetDateTime": "2026-09-20"}}, "acuity-kind", "subacute"),
        ((), {"vera_fracture": {"onsetDateTime": "2026-08-01"}}, "acuity-kind", "older"),
        (
            (),
            {"vera_pain_now": {"valueQuantity": {"value": 5, "unit": "score"}}},
            "course-kind",
            "stable",
        ),
        (
            (),
            {"vera_visit": {"status": "in-progress", "class": {"code": "IMP"}}},
            "setting-pain-kind",
            "hospital",
        ),
        (("vera-visit",), {}, "setting-pain-kind", None),
        (("vera-mri", "vera-x-ray"), {}, "acuity-imaging", None),
    ],
)
