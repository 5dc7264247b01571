"""A knee scope: early arthritis, more than pain, a standing x-ray and an MRI."""

from tests.unit.programs.charted import Expected

EXPECTED = Expected(
    service="knee-arthroscopy",
    full={
        "oa-stage-grade": "kl-2",
        "oa-stage-early": True,
        "xray-standing-date": "2026-10-25",
        "xray-standing-taken": True,
        "mri-date": "2026-11-03",
    },
    asked=["nonpain-symptoms-felt"],
    against=[
        ("oa-stage", {"oa-stage-early": "false"}),
        ("nonpain-symptoms", {"nonpain-symptoms-felt": "false"}),
        ("xray-standing", {"xray-standing-taken": "false"}),
    ],
    unlike=[
        ((), {"gus_grade": {"valueInteger": 3}}, "oa-stage-early", None),
        ((), {"gus_grade": {"valueInteger": 4}}, "oa-stage-early", False),
    ],
)
