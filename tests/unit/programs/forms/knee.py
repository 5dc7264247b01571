"""A knee scope: early arthritis, more than pain, a standing x-ray and an MRI."""

from tests.unit.programs.charted import Expected, Story

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

# moderate arthritis on an x-ray that was not taken standing; the MRI is a scan from outside
STORY = Story(
    service="knee-arthroscopy",
    patient="kit",
    orders=("kit-knee",),
    charted={
        "oa-stage-side": "Left knee",
        "oa-stage-grade": "kl-3",
        "xray-standing-date": "2026-10-21",
        "nonpain-symptoms-since": None,
    },
    asked=[
        "oa-stage-early",
        "nonpain-symptoms-felt",
        "xray-standing-taken",
        "mri-finding",
        "mri-date",
    ],
    noted={
        "oa-stage-early": "Kellgren-Lawrence grade 3",
        "nonpain-symptoms-felt": "gives way about once a month; no locking or catching",
        "xray-standing-finding": "taken lying down",
        "mri-finding": None,
    },
    against={},
    given={
        "xray-standing-taken": "false",
        "mri-finding": "Cartilage worn on the inner side, a flap of 6 mm",
        "mri-date": "2026-10-01",
    },
    ends={"xray-standing": "The CMS guide asks for an x-ray taken standing."},
    unlike=[
        ((), {"kit_grade": {"valueInteger": 2}}, "oa-stage-early", True),
        ((), {"kit_grade": {"valueInteger": 4}}, "oa-stage-early", False),
        (
            (),
            {
                "kit_x_ray": {
                    "code": {"coding": [{"system": "http://loinc.org", "code": "26086-9"}]}
                }
            },
            "xray-standing-taken",
            True,
        ),
        (
            (),
            {
                "kit_x_ray": {
                    "code": {"coding": [{"system": "http://loinc.org", "code": "36508-0"}]}
                }
            },
            "mri-date",
            "2026-10-21",
        ),
    ],
)
