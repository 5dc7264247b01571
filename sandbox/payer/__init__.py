"""The pretend payer of the sandbox: WISeR participants, their MACs, and what can go wrong there."""

from sandbox.payer.app import create_payer
from sandbox.payer.config import PayerConfig
from sandbox.payer.desk import Desk

__all__ = ["Desk", "PayerConfig", "create_payer"]
