"""Sacral nerve stimulation: the bladder diary before and during the test decides."""

from tests.unit.programs.charted import Expected, Story

EXPECTED = Expected(
    service="sns",
    full={
        "diagnosis-kind": "urge",
        "failed-kind": ["behavioral", "medicine"],
        "failed-visits": 5,
        "diary-able-kept": True,
        "test-stim-day": "2026-10-30",
        "test-stim-measure": "leaks",
        "test-stim-before": 6,
        "test-stim-during": 1.5,
        "test-stim-percent": 75,
        "test-stim-half": True,
    },
    asked=["diagnosis-cause-present"],
    against=[
        ("diagnosis", {"diagnosis-cause-present": "true"}),
        ("diary-able", {"diary-able-kept": "false"}),
        ("test-stim", {"test-stim-half": "false"}),
    ],
    unlike=[
        (("nell-leaks-during",), {}, "test-stim-measure", "voids"),
        (("nell-leaks-during",), {}, "test-stim-half", False),
        (("nell-leaks-during", "nell-voids-during"), {}, "test-stim-half", None),
        (("nell-test-lead",), {}, "test-stim-before", None),
    ],
)

# leaks are less by under half, voids by more; the note says that she is better by far
STORY = Story(
    service="sns",
    patient="flora",
    orders=("flora-lead",),
    charted={
        "diagnosis-kind": "urge",
        "failed-kind": "medicine",
        "failed-medicines": "oxybutynin 5 mg tablet: Muddled in the evening",
        "failed-visits": None,
        "diary-able-kept": True,
        "test-stim-day": "2026-10-28",
        "test-stim-measure": "leaks",
        "test-stim-before": 5,
        "test-stim-during": 3,
        "test-stim-percent": 40,
        "test-stim-half": False,
    },
    asked=["diagnosis-cause-present"],
    noted={
        "diagnosis-cause-present": "some stress incontinence as well",
        "test-stim-half": "she says that she is better by far more than half",
    },
    against={
        "test-stim": "Medicare asks for a test in which the diary shows at least half better."
    },
    given={
        "test-stim-measure": "voids",
        "test-stim-before": "13",
        "test-stim-during": "6",
        "test-stim-percent": "54",
        "test-stim-half": "true",
    },
    ends={},
    unlike=[
        (("flora-leaks-during",), {}, "test-stim-percent", 54),
        (
            (),
            {"flora_leaks_during": {"valueQuantity": {"value": 2.5, "unit": "/d"}}},
            "test-stim-half",
            True,
        ),
        (("flora-test-lead",), {}, "test-stim-half", None),
    ],
)
