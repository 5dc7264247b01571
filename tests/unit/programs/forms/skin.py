"""A skin substitute: the wound and its progress, blood flow, and what else is under control."""

from tests.unit.programs.charted import Expected

EXPECTED = Expected(
    service="skin-substitutes",
    full={
        "wound-type-kind": "diabetic",
        "wound-type-site": "Left foot, sole under the first toe joint",
        "baseline-first": 4.2,
        "baseline-now": 3.6,
        "baseline-stage": "Wagner grade 1",
        "bed-size": True,
        "circulation-adequate": True,
        "diabetes-type": "type-2",
        "diabetes-managed": True,
        "failed-response-weeks": True,
        "failed-response-care": ["debridement", "offloading"],
        "failed-response-smaller": 14,
        "control-debrided": True,
        "control-offloading": True,
        "smoking-status": "former",
        "product-code": "Q4101",
        "applications-planned": 4,
    },
    asked=[
        "baseline-infection-present",
        "bed-clean",
        "bed-shallow",
        "control-infection",
        "control-edema",
        "applications-single",
        "exclusions-present",
    ],
    against=[
        ("baseline", {"baseline-infection-present": "true"}),
        ("bed", {"bed-clean": "false", "bed-shallow": "true"}),
        ("bed", {"bed-clean": "true", "bed-shallow": "false"}),
        ("bed", {"bed-clean": "true", "bed-shallow": "true", "bed-size": "false"}),
        ("circulation", {"circulation-adequate": "false"}),
        ("diabetes", {"diabetes-managed": "false"}),
        ("failed-response", {"failed-response-weeks": "false"}),
        ("control", {"control-infection": "false", "control-edema": "true"}),
        ("control", {"control-infection": "true", "control-edema": "false"}),
        ("smoking", {"smoking-status": "current", "smoking-counseled": "false"}),
        ("applications", {"applications-planned": "11", "applications-single": "true"}),
        ("applications", {"applications-single": "false"}),
        ("exclusions", {"exclusions-present": "true"}),
    ],
    unlike=[
        (
            ("dora-toe",),
            {"dora_abi": {"valueQuantity": {"value": 1.41, "unit": "1"}}},
            "circulation-adequate",
            None,
        ),
        (
            (),
            {"dora_abi": {"valueQuantity": {"value": 1.41, "unit": "1"}}},
            "circulation-adequate",
            True,
        ),
        ((), {"dora_area_3": {"valueQuantity": {"value": 1.8}}}, "failed-response-weeks", None),
        ((), {"dora_ulcer": {"onsetDateTime": "2026-11-01"}}, "failed-response-weeks", False),
        (
            (),
            {
                "dora_ulcer": {
                    "code": {
                        "coding": [
                            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I83.015"}
                        ]
                    }
                }
            },
            "wound-type-kind",
            "venous",
        ),
    ],
)
