"""Sacral nerve stimulation: the bladder diary before and during the test decides."""

from tests.unit.programs.charted import Expected

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
