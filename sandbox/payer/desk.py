"""Everything that one pretend payer keeps: switches, requests, assertions, and what was said."""

from __future__ import annotations

from sandbox.exchange import ExchangeLog
from sandbox.payer.config import PayerConfig
from sandbox.payer.control import Control
from sandbox.payer.courier import Courier
from sandbox.payer.crd import Assertions
from sandbox.payer.mac import Office
from sandbox.payer.subscriptions import Book
from sandbox.payer.token import Tokens


class Desk:
    """The memory of one payer."""

    def __init__(self, config: PayerConfig) -> None:
        self.config = config
        self.control = Control()
        self.office = Office(config, self.control)
        self.assertions = Assertions()
        self.tokens = Tokens(config)
        self.log = ExchangeLog("payer")
        self.book = Book(config.moment)
        self.courier = Courier(config, self.control, self.office, self.book, self.log)

    def start_over(self) -> None:
        """Forget all that was said and done, and behave again."""
        self.control.reset()
        self.office.clear()
        self.assertions.clear()
        self.book.clear()
        self.courier.clear()
        self.log.messages.clear()
