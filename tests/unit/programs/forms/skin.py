"""A skin substitute: the wound and its progress, blood flow, and what else is under control."""

from tests.unit.programs.charted import Expected, Story

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

# a wound that is older than its entry on the problem list; the ankle index tells nothing
STORY = Story(
    service="skin-substitutes",
    patient="bruno",
    orders=("bruno-skin",),
    charted={
        "wound-type-kind": "venous",
        "baseline-first": 14.5,
        "baseline-now": 12.9,
        "baseline-since": "2026-09-11",
        "circulation-abi": 1.38,
        "failed-response-months": False,
        "failed-response-care": ["compression", "debridement"],
        "failed-response-smaller": 11,
        "control-debrided": True,
        "control-compression": True,
        "smoking-status": "current",
        "product-name": None,
        "applications-planned": 6,
    },
    asked=[
        "baseline-stage",
        "baseline-infection-present",
        "bed-clean",
        "bed-shallow",
        "circulation-adequate",
        "control-infection",
        "control-edema",
        "smoking-counseled",
        "product-code",
        "applications-single",
        "exclusions-present",
    ],
    noted={
        "baseline-infection-present": "No redness, odor",
        "circulation-adequate": "Toe pressure is still to be measured",
        "smoking-counseled": "told today how tobacco slows healing",
        "applications-single": "no other product at the same time",
    },
    against={
        "failed-response": "The CMS guide asks for 3 months, with 30 days of care "
        "without enough healing."
    },
    given={
        "baseline-stage": "CEAP class C6",
        "baseline-since": "2026-07-20",
        "failed-response-months": "true",
        "circulation-toe": "58",
        "circulation-adequate": "true",
        "product-code": "Q4186",
    },
    ends={},
    unlike=[
        ((), {"bruno_ulcer": {"onsetDateTime": "2026-07-20"}}, "failed-response-months", None),
        (
            (),
            {"bruno_abi": {"valueQuantity": {"value": 0.92, "unit": "1"}}},
            "circulation-adequate",
            True,
        ),
        (
            (),
            {
                "bruno_abi": {
                    "code": {"text": "Toe pressure"},
                    "valueQuantity": {"value": 28, "unit": "mm[Hg]"},
                }
            },
            "circulation-adequate",
            False,
        ),
        (("bruno-wrap-5", "bruno-wrap-6"), {}, "control-compression", None),
        (
            (),
            {
                "bruno_debridement_3": {
                    "code": {
                        "coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "99406"}]
                    }
                }
            },
            "smoking-counseled",
            True,
        ),
        (
            (),
            {
                "bruno_skin": {
                    "orderDetail": [
                        {
                            "coding": [
                                {
                                    "system": "http://www.cms.gov/Medicare/Coding/"
                                    "HCPCSReleaseCodeSets",
                                    "code": "Q4186",
                                }
                            ]
                        }
                    ]
                }
            },
            "product-code",
            "Q4186",
        ),
    ],
)
