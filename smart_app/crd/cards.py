"""Read CDS Hooks cards as plain values; an unknown indicator is information.

https://cds-hooks.hl7.org/2.0/#card-attributes
"""

from __future__ import annotations

from typing import Any

from smart_app.cases.model import Card

INDICATORS = ("info", "warning", "critical")


def read(cards: Any) -> tuple[Card, ...]:
    """Return the cards that have a summary, in the payer's order."""
    found = []
    for card in cards if isinstance(cards, list) else []:
        if not isinstance(card, dict) or not isinstance(card.get("summary"), str):
            continue
        indicator = card.get("indicator")
        source = card.get("source")
        found.append(
            Card(
                summary=card["summary"][:140],
                detail=str(card.get("detail") or ""),
                indicator=indicator if indicator in INDICATORS else "info",
                source=str(source.get("label") or "") if isinstance(source, dict) else "",
            )
        )
    return tuple(found)
