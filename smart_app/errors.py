"""Everything that can go wrong, as one tree.

PreclearError
├── ConfigError            a site, payer, program or app file cannot be used
├── ChartError             the chart cannot serve this case
│   ├── NoPatient          the launch names no patient
│   ├── WrongPatient       a resource belongs to someone else
│   ├── NoOrder            no usable order
│   │   └── OrderToEnter   a person may enter it, or its code
│   ├── SeveralOrders      a person must choose the order
│   ├── OrderGone          an order is no longer one to ask for
│   ├── OrderChanged       an order asks for something else than what was signed
│   └── ChartUnavailable   the EHR did not answer, or refused
│       └── NotInChart     it has no such resource, or does not show it
│           └── Deleted    it had it, and has it no more
├── EngineError            the form's logic could not be run
│   └── EngineLimit        it used more time or memory than allowed
├── PackageError           the payer's form cannot be used
│   └── NoForm             there is none, of nobody
├── PayerError             talking to a payer
│   ├── PayerUnreachable   nothing was sent
│   └── PayerUnknown       sent, and the outcome is not known
├── LetterError            a typed-in decision is not complete or not consistent
├── LintError              the request is not fit to be sent
├── StaleRevision          the page was older than the case
├── CaseClosed             a newer request took the place of this one
├── IllegalMove            a state change that the table does not know
├── MissingFact            something the request needs is not configured or not in the chart
├── NotAsked               a form that the payer wants no more
├── NoPage                 the address names nothing that is here
└── Forbidden              the person may not do this

Each class carries ``code`` (for logs), ``http_status``, ``say`` (what happened, for people) and
``do`` (the next step). Exception text never reaches a page or a log.
"""

from __future__ import annotations

from typing import Any


class PreclearError(Exception):
    """A failure that is told to a person in plain words."""

    code = "error"
    http_status = 500
    say = "Something went wrong on our side."
    do = "Try again. If it happens again, tell your support the code on this page."

    def __init__(self, detail: str = "", *, say: str = "", do: str = "") -> None:
        super().__init__(detail or say or self.say)
        self.say = say or type(self).say
        self.do = do or type(self).do
        self.detail = detail


class NoPage(PreclearError):
    """The address names nothing; whose page it might be is not told."""

    code = "no-page"
    http_status = 404
    say = "There is no such page."
    do = "Open Preclear from an order in the chart."


class ConfigError(PreclearError):
    """Name the file, the line or key, and the rule that it breaks."""

    code = "config"
    line = 0  # of the file, where the error is about one
    say = "A settings file cannot be used."
    do = "Ask the person who runs Preclear to mend the file that the log names."


class ChartError(PreclearError):
    code = "chart"
    http_status = 502
    say = "The chart could not be read."
    do = "Go back to the chart and open Preclear again."


class NoPatient(ChartError):
    code = "no-patient"
    http_status = 400
    say = "The chart did not say which patient this is about."
    do = "Open a patient in the chart, then open Preclear from the order."


class WrongPatient(ChartError):
    code = "wrong-patient"
    http_status = 409
    say = "The chart sent something that belongs to another patient. Nothing was used or sent."
    do = "Close this, go back to the chart and open Preclear again from the order."


class NoOrder(ChartError):
    code = "no-order"
    http_status = 422
    say = "There is no order here that Preclear can work on."
    do = "Open Preclear from an order that carries a billing code."


class OrderToEnter(NoOrder):
    """A person may enter the order, or what ``order_ref`` lacks; ``say`` tells why."""

    code = "order-to-enter"

    def __init__(self, say: str, order_ref: str = "") -> None:
        super().__init__(say=say)
        self.order_ref = order_ref


class SeveralOrders(ChartError):
    """A person must choose which orders it is about; ``groups`` are those that belong together.

    ``unread`` are what else of the chart could not be read.
    """

    code = "several-orders"
    http_status = 422
    say = "Which order is it about?"
    do = "Choose one of the orders of this chart."

    def __init__(self, groups: tuple[tuple[dict[str, Any], ...], ...]) -> None:
        super().__init__(f"{len(groups)} orders")
        self.groups = groups
        self.unread: tuple[str, ...] = ()
        self.patient: dict[str, Any] = {}
        self.choices: tuple[Any, ...] = ()


class ChartUnavailable(ChartError):
    code = "chart-unavailable"
    http_status = 503
    say = "The chart did not answer. Nothing was sent."
    do = "Try again in a minute."


class NotInChart(ChartUnavailable):
    code = "not-in-chart"


class Deleted(NotInChart):
    code = "deleted"


class OrderGone(ChartError):
    code = "order-gone"
    http_status = 409
    say = "An order of this request is no longer active in the chart. Nothing was sent."
    do = "Close this, go back to the chart and open Preclear again from an active order."


class OrderChanged(ChartError):
    code = "order-changed"
    http_status = 409
    say = "An order of this request says something else in the chart now. Nothing was sent."
    do = "Close this, go back to the chart and open Preclear again from the order."


class NotAsked(PreclearError):
    """A form is wanted no more: it was answered, or the payer has decided."""

    code = "not-asked"
    http_status = 409
    say = "This form is not asked for any more. Nothing was sent."
    do = "Go back to the case and see where it stands."


class EngineError(PreclearError):
    code = "engine"
    say = "The form's own logic could not be run. What was found so far is kept."
    do = "Answer the open questions yourself."


class EngineLimit(EngineError):
    code = "engine-limit"
    say = "The form's own logic used more time or memory than allowed and was stopped."


class PackageError(PreclearError):
    code = "package"
    http_status = 502
    say = "The payer's form cannot be used."
    do = "Continue with Medicare's own list."


class NoForm(PackageError):
    code = "no-form"
    say = "Preclear has no form for this service yet, and the payer gave none."
    do = "Send the request by the reviewer's own portal, fax or mail."


class PayerError(PreclearError):
    code = "payer"
    http_status = 502
    say = "The payer could not be asked."
    do = "Try again later."


class PayerUnreachable(PayerError):
    """No byte of the request can have been processed."""

    code = "payer-unreachable"
    say = "The payer could not be reached. Nothing was sent."


class PayerUnknown(PayerError):
    """The request may or may not have been taken; it must not be sent again blindly."""

    code = "payer-unknown"
    say = "We do not know whether the payer received it. It will not be sent again by itself."
    do = "Ask the payer whether the request arrived, then tell Preclear."


class LintError(PreclearError):
    code = "lint"
    http_status = 422
    say = "The request is not complete enough to be sent. Nothing left."
    do = "Complete what is listed, then send."

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class LetterError(PreclearError):
    """The typed-in decision is not complete or not consistent."""

    code = "letter"
    http_status = 422
    say = "The decision is not complete. Nothing was changed."
    do = "Look at what is named below and enter it again."


class StaleRevision(PreclearError):
    code = "stale"
    http_status = 409
    say = "This page was older than the case. Nothing was changed."
    do = "Look at the case as it is now, then act again."


class BeingWritten(PreclearError):
    """A case cannot be shown as it is at one moment: it is written again and again."""

    code = "being-written"
    http_status = 503
    say = "This case is being written just now, so that it cannot be shown."
    do = "Look at it again: what you did before is kept."


class Superseded(PreclearError):
    """The order changed in the chart, so that this request was closed unsent."""

    code = "superseded"
    http_status = 409
    say = "The order changed in the chart, so this request was closed. Nothing of it was sent."
    do = "Go back to the chart and open Preclear again from the order."


class CaseClosed(PreclearError):
    code = "closed"
    http_status = 409
    say = "This request is closed: a newer one took its place. Nothing was changed."
    do = "Go back to the chart and open Preclear again from the order."


class IllegalMove(PreclearError):
    code = "illegal-move"
    http_status = 409
    say = "That is not possible in the case's present state."
    do = "Look at the case as it is now."


class MissingFact(PreclearError):
    code = "missing-fact"
    http_status = 422
    say = "Something that the request needs is missing."
    do = "Ask the person who runs Preclear at your site to add it."


class Forbidden(PreclearError):
    code = "forbidden"
    http_status = 403
    say = "You may not do this."
    do = "Ask someone who may sign."
