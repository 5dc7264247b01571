"""Coverage Requirements Discovery: ask the payer by CDS Hooks."""

from smart_app.crd.client import Call, ask

__all__ = ["Call", "ask"]
