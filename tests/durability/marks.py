"""The points of the line at which each process dies, in the order in which they are reached."""

from __future__ import annotations

import importlib
from typing import Any

from urllib3.connection import HTTPConnection

from sandbox.payer import courier
from sandbox.payer.mac import Office
from smart_app import decide, filing, follow, sending
from smart_app.adding import Adding
from smart_app.cases.inbox import Inbox
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.hearing import Hearing
from smart_app.listening import Listening
from smart_app.pas import client
from smart_app.updating import Updating
from smart_app.withdrawing import Withdrawing
from tests.durability.points import Point, here

review = importlib.import_module("smart_app.review")  # the package's own name is a page's
DOCUMENT, ORDER = "DocumentReference.create", "ServiceRequest.update"


def _stage(name: str) -> Any:
    return lambda _store, _db, _case, stage, *_: stage.startswith(name)


def _rung(name: str) -> Any:
    return lambda _filing, _work, receipt, **_: (
        receipt.rung == name and receipt.outcome != "unknown"
    )


def _method(name: str) -> Any:
    return lambda *_: here.method == name


def _asks(_office: Any, request: Any, *_: Any) -> bool:
    return request.prior is None


def _changes(_office: Any, request: Any, *_: Any) -> bool:
    return request.prior is not None and not request.prior.whole


def _withdraws(_office: Any, request: Any, *_: Any) -> bool:
    return request.prior is not None and request.prior.whole


REQUEST = (
    Point("claimed", sending.Sending, "send"),
    Point("before the intent", Store, "start_send", doing="send"),
    Point("intent not committed", Store, "start_send", after=True, doing="send"),
    Point("intent committed", sending.channel, "send", doing="send"),
    Point("connected", HTTPConnection, "connect", after=True, doing="send"),
    Point("bytes sent", HTTPConnection, "getresponse", doing="send"),
    Point("answer read", decide.Deciding, "keep_answer", doing="send"),
    Point("answer not committed", Store, "put", True, "send", _stage("answer:")),
    Point("answer kept", decide.Deciding, "judged", doing="send kept"),
    Point("decision not committed", Store, "put", True, "send", _stage("decision")),
    Point("number not committed", Store, "add_utn", after=True, doing="send"),
    Point("decided", follow, "let_go", doing="send"),
    Point("inquiring", HTTPConnection, "getresponse", doing="recover"),
    Point("found not committed", Store, "put", True, "recover", _stage("decision")),
    Point("polling", HTTPConnection, "getresponse", doing="poll"),
    Point("polled not committed", Store, "put", True, "poll", _stage("decision")),
    Point("polled", follow, "let_go", doing="poll"),
)
FILING = (
    Point("filing", filing.Filing, "file"),
    Point("before the document", filing.writeback, "file_document"),
    Point("document sent", HTTPConnection, "getresponse", doing="file", when=_method("POST")),
    Point("document written", filing.Filing, "_keep", when=_rung(DOCUMENT)),
    Point("before the order", filing.Filing, "_about_to_write", after=True),
    Point("order sent", HTTPConnection, "getresponse", doing="file", when=_method("PUT")),
    Point("order written", filing.Filing, "_keep", when=_rung(ORDER)),
    Point("filed not committed", filing.Filing, "_settle", after=True),
    Point("filed", follow, "let_go", doing="file"),
)
NOTIFICATION = (
    Point("subscribing", HTTPConnection, "getresponse", doing="listen", when=_method("POST")),
    Point("subscribed", client, "subscribe", after=True),
    Point("looking after it", client, "subscription", doing="listen"),
    Point("catching up", client, "told", after=True, doing="listen"),
    Point("unsubscribed", client, "unsubscribe", after=True),
    Point("notification claimed", Hearing, "heard"),
    Point("heard not committed", Store, "put", True, "heard", _stage("decision")),
    Point("heard", Inbox, "done", doing="heard"),
    Point("notification done", Hearing, "heard", after=True),
)
WITHDRAWAL = (
    Point("withdrawal claimed", Withdrawing, "amend"),
    Point("its intent not committed", Store, "start_send", after=True, doing="withdraw"),
    Point("its intent committed", sending.channel, "send", doing="withdraw"),
    Point("withdrawal sent", HTTPConnection, "getresponse", doing="withdraw"),
    Point("its answer not committed", Store, "put", True, "withdraw", _stage("answer:")),
    Point("its answer kept", decide.Deciding, "judged", doing="withdraw"),
    Point("its end not committed", Store, "put", True, "withdraw", _stage("decision")),
    Point("withdrawn", follow, "let_go", doing="withdraw"),
)
CHANGE = (
    Point("change claimed", Updating, "amend"),
    Point("its word not committed", Store, "start_send", after=True, doing="update"),
    Point("its word committed", sending.channel, "send", doing="update"),
    Point("change sent", HTTPConnection, "getresponse", doing="update"),
    Point("its receipt not committed", Store, "put", True, "update", _stage("answer:")),
    Point("its receipt kept", decide.Deciding, "judged", doing="update"),
    Point("change not taken", Store, "end_send", after=True, doing="update"),
    Point("changed", follow, "let_go", doing="update"),
)
DOCUMENTS = (
    Point("documents claimed", Adding, "attach"),
    Point("their intent not committed", Store, "start_send", after=True, doing="attach"),
    Point("their intent committed", client, "attach", doing="attach"),
    Point("documents sent", HTTPConnection, "getresponse", doing="attach"),
    Point("their answer not committed", Store, "put", True, "attach", _stage("answer:")),
    Point("their answer kept", Adding, "_over"),
    Point("documents taken", follow, "let_go", doing="attach"),
)
WORKER = (*REQUEST, *FILING, *NOTIFICATION, *WITHDRAWAL, *DOCUMENTS, *CHANGE)
WEB = (
    Point("signing", review.reading, "orders_again", doing="sign"),
    Point("signature not committed", Tasks, "add", after=True, doing="sign"),
    Point("signature committed", review, "keep", doing="sign"),
    Point("notification read", Listening, "receive"),
    Point("notification not committed", Inbox, "keep", after=True),
    Point("notification kept", Listening, "receive", after=True),
    Point("withdrawal asked", Withdrawing, "begin"),
    Point("withdrawal not committed", Tasks, "add", after=True, doing="withdraw"),
    Point("withdrawal committed", Withdrawing, "begin", after=True),
    Point("documents chosen", Adding, "begin"),
    Point("documents not committed", Tasks, "add", after=True, doing="add"),
    Point("documents committed", Adding, "begin", after=True),
    Point("change asked", Updating, "begin"),
    Point("change not committed", Tasks, "add", after=True, doing="change"),
    Point("change committed", Updating, "begin", after=True),
)
PAYER = (
    Point("payer read", Office, "receive", when=_asks),
    Point("payer recorded", Office, "receive", after=True, when=_asks),
    Point("payer asked", Office, "find"),
    Point("about to tell", courier, "post"),
    Point("told", courier, "post", after=True),
    Point("withdrawal read", Office, "receive", when=_withdraws),
    Point("withdrawal recorded", Office, "receive", after=True, when=_withdraws),
    Point("documents read", Office, "attach"),
    Point("documents recorded", Office, "attach", after=True),
    Point("change read", Office, "receive", when=_changes),
    Point("change recorded", Office, "receive", after=True, when=_changes),
)
SIGNS = (
    (review.Review, "sign", "sign"),
    (Withdrawing, "begin", "withdraw"),
    (Adding, "begin", "add"),
    (Updating, "begin", "change"),
)
"""What people do in the web app, and how it is called here."""
