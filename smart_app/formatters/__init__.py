"""Every word and date that a person reads, outside templates.

CMS's words where there are any: affirmed, non-affirmed, partially affirmed, dismissed. Prior
authorization is *recommended*, never required: the alternative is review before payment.
"""

from smart_app.formatters.case import (
    CHIPS,
    DECISIONS,
    NO_CODE,
    NOT_IN_CHART,
    PAYER_SAID,
    STAGES,
    UNKNOWN,
    WARNINGS,
    codes,
    headline,
    item_line,
    join,
    next_line,
    payer_said,
    scope_line,
    services,
)
from smart_app.formatters.chart import (
    KINDS,
    RUNGS,
    WRITE_OUTCOMES,
    chart_line,
    chart_text,
    chart_title,
    chip,
    entered,
    marked,
    number_codes,
    number_line,
)
from smart_app.formatters.claim import CHECKS, CLAIM_HEADS, check_line, claim_chip, claim_head
from smart_app.formatters.dates import age, birth, day, days_left, lately, moment, short_day
from smart_app.formatters.history import EVENTS, event
from smart_app.formatters.sitecheck import site_finding, site_verdict

__all__ = [
    "NO_CODE",
    "NOT_IN_CHART",
    "PAYER_SAID",
    "payer_said",
    "CHECKS",
    "CHIPS",
    "CLAIM_HEADS",
    "DECISIONS",
    "EVENTS",
    "KINDS",
    "RUNGS",
    "STAGES",
    "UNKNOWN",
    "WARNINGS",
    "WRITE_OUTCOMES",
    "age",
    "birth",
    "chart_line",
    "chart_text",
    "chart_title",
    "check_line",
    "chip",
    "entered",
    "claim_chip",
    "claim_head",
    "codes",
    "day",
    "days_left",
    "event",
    "headline",
    "item_line",
    "lately",
    "join",
    "marked",
    "moment",
    "next_line",
    "number_codes",
    "number_line",
    "scope_line",
    "services",
    "short_day",
    "site_finding",
    "site_verdict",
]
