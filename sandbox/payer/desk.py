"""Everything that one pretend payer keeps: switches, requests, assertions, and what was said."""

from __future__ import annotations

from sandbox.exchange import ExchangeLog
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control
from sandbox.payer.crd import Assertions
from sandbox.payer.mac import Office


class Desk:
    """The memory of one payer."""

    def __init__(self, config: PayerConfig) -> None:
        self.config = config
        self.control = Control()
        self.office = Office(config, self.control)
        self.assertions = Assertions()
        self.log = ExchangeLog("payer")

    def start_over(self) -> None:
        """Forget all that was said and done, and behave again."""
        self.control.reset()
        self.office.clear()
        self.assertions.clear()
        self.log.messages.clear()
