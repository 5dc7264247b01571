"""Cement repair of a vertebra: the age of the fracture, pain where the patient is, its course."""

from tests.unit.programs.charted import Expected, Story

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

# two vertebrae that broke 95 days ago; no pain score and no bone density since; a blood thinner
STORY = Story(
    service="pva",
    patient="ezra",
    orders=("ezra-first", "ezra-further"),
    charted={
        "cause-kind": "osteoporotic",
        "cause-level": "T12; L1",
        "acuity-onset": "2026-08-21",
        "acuity-kind": "older",
        "setting-pain-kind": "home",
        "setting-pain-care": ["medicine", "therapy"],
        "prevention-medicine": "denosumab 60 mg injection",
    },
    asked=[
        "acuity-active",
        "setting-pain-score",
        "setting-pain-score-date",
        "course-kind",
        "bmd-referral-made",
        "prevention-told",
        "absolute-contra-present",
        "relative-contra-present",
    ],
    noted={
        "acuity-active": "still shows marrow edema in T12 and L1",
        "course-two": "He has lost 2 cm of height",
        "bmd-referral-made": "Bone density was last measured before the fall",
        "relative-contra-present": "Apixaban, a blood thinner",
    },
    against={"acuity": "Medicare asks for a fracture of at most 12 weeks."},
    given={
        "setting-pain-score": "7",
        "setting-pain-score-date": "2026-11-20",
        "course-kind": "stable",
        "course-two": "true",
        "relative-contra-present": "true",
        "relative-contra-why": "The blood thinner is paused for two days",
    },
    ends={"acuity": "Medicare asks for a fracture of at most 12 weeks."},
    unlike=[
        ((), {"ezra_fracture": {"onsetDateTime": "2026-09-05"}}, "acuity-kind", "subacute"),
        (
            (),
            {"ezra_pain_before": {"effectiveDateTime": "2026-11-20T13:00:00-07:00"}},
            "setting-pain-score",
            2,
        ),
        (
            (),
            {"ezra_bone_density": {"authoredOn": "2026-09-01T09:00:00-07:00"}},
            "bmd-referral-made",
            True,
        ),
        ((), {"ezra_further": {"requisition": {"value": "RQ-1"}}}, "cause-level", "T12"),
        (("ezra-tramadol", "ezra-acetaminophen"), {}, "setting-pain-care", "therapy"),
    ],
)
