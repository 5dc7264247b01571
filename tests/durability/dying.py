"""``dying.py ROLE ARGUMENTS``: a web app, worker, payer or EHR that dies where its plan says.

What dies is started again at once, as a process of its own group, by one that has read the code
already and does nothing else: it has no database, no thread and no state.
"""

from __future__ import annotations

import ctypes
import http.client
import importlib
import os
import random
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from urllib3.connection import HTTPConnection

import smart_app.__main__ as app
from sandbox.ehr import EhrConfig, create_ehr
from sandbox.payer import Desk, PayerConfig, create_payer
from sandbox.payer.mac import Office
from sandbox.server import start
from smart_app import decide, filing, follow, sending
from smart_app.cases.store import Store
from smart_app.cases.tasks import Tasks
from smart_app.config import load_app
from smart_app.logs import configure
from smart_app.worker import serve
from smart_app.world import build
from tests.durability import remembering
from tests.durability.points import Point, here, plans, reached

LIBC, END_WITH_PARENT = ctypes.CDLL(None), 1
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


def _body(*args: Any) -> bool:
    return isinstance(args[1], bytes) and len(args[1]) > 2_000


WORKER = (
    Point("claimed", sending.Sending, "send"),
    Point("before the intent", Store, "start_send"),
    Point("intent not committed", Store, "start_send", after=True),
    Point("intent committed", sending.channel, "send"),
    Point("connected", HTTPConnection, "connect", after=True, doing="send"),
    Point("bytes sent", HTTPConnection, "getresponse", doing="send"),
    Point("answer read", sending.Sending, "_keep"),
    Point("answer not committed", Store, "put", after=True, when=_stage("answer:")),
    Point("answer kept", decide.Deciding, "judged", doing="send kept"),
    Point("decision not committed", Store, "put", True, "send", _stage("decision")),
    Point("number not committed", Store, "add_utn", after=True, doing="send"),
    Point("decided", follow, "let_go", doing="send"),
    Point("inquiring", HTTPConnection, "getresponse", doing="recover"),
    Point("found not committed", Store, "put", True, "recover", _stage("decision")),
    Point("polling", HTTPConnection, "getresponse", doing="poll"),
    Point("polled not committed", Store, "put", True, "poll", _stage("decision")),
    Point("polled", follow, "let_go", doing="poll"),
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
WEB = (
    Point("signing", review.reading, "orders_again", doing="sign"),
    Point("signature not committed", Tasks, "add", after=True, doing="sign"),
    Point("signature committed", review, "keep", doing="sign"),
)
PAYER = (
    Point("payer read", Office, "receive"),
    Point("payer recorded", Office, "receive", after=True),
    Point("payer asked", Office, "find"),
)
HALF, RANDOM = "half sent", "at random"
LONGEST = 0.15
"""Seconds within which a process that dies at random does: as long as a request takes, and more."""


def _told_task() -> None:
    """Let the worker know which case it is at, and how far."""
    run, keep, request = follow.Follow.run, sending.Sending._keep, HTTPConnection.request

    def told(self: Any, task: Any) -> str:
        here.key, here.doing = task.case, task.kind
        if RANDOM in _planned():
            threading.Timer(random.uniform(0, LONGEST), sometime, (task.case,)).start()
        try:
            return run(self, task)
        finally:
            here.key = here.doing = ""

    def sometime(case_id: str) -> None:
        here.key = case_id
        reached(RANDOM)

    def kept(*args: Any) -> None:
        keep(*args)
        here.doing += " kept"

    def asked(self: Any, method: str, *args: Any, **more: Any) -> Any:
        here.method = method
        return request(self, method, *args, **more)

    follow.Follow.run = told  # type: ignore[method-assign]
    sending.Sending._keep = kept  # type: ignore[method-assign]
    HTTPConnection.request = asked  # type: ignore[method-assign]


def _half() -> None:
    """Let a sending end in the middle of its bytes."""
    send = http.client.HTTPConnection.send

    def half(self: Any, data: Any) -> None:
        if here.doing == "send" and _body(self, data):
            if here.key and HALF in _planned():
                send(self, data[: len(data) // 2])
            reached(HALF)
        send(self, data)

    http.client.HTTPConnection.send = half  # type: ignore[method-assign]


def _planned() -> str:
    plan = plans() / here.key
    return plan.read_text().split(",")[0] if plan.exists() else ""


def worker(config: str) -> None:
    """Serve as a worker that may die."""
    configure()
    for one in WORKER:
        one.mark()
    _half()
    _told_task()
    serve(build(load_app(Path(config)), engines=0))


def web(config: str) -> None:
    """Serve as a web app that may die."""
    configure()
    for one in WEB:
        one.mark()
    sign = review.Review.sign

    def told(self: Any, case: Any, *args: Any) -> Any:
        here.key, here.doing = case.id, "sign"
        try:
            return sign(self, case, *args)
        finally:
            here.key = here.doing = ""

    review.Review.sign = told  # type: ignore[method-assign]
    app.Server(build(load_app(Path(config)), engines=0)).run()


def payer(port: str, forms: str) -> None:
    """Serve as a payer whose records outlive it, and that may die."""
    remembering.remember()
    for one in PAYER:
        one.mark()
    remembering.tell()
    config = PayerConfig(f"http://127.0.0.1:{port}", Path(forms))
    desk = Desk(config)
    remembering.recall(desk.office)
    desk.control.change({"idempotent": False})
    start(create_payer(config, desk), int(port))
    _wait()


def ehr(port: str, payer_url: str, app_url: str) -> None:
    """Serve as an EHR."""
    with tempfile.TemporaryDirectory(prefix="preclear-ehr-") as folder:
        config = EhrConfig(f"http://127.0.0.1:{port}", payer_url, app_url, Path(folder))
        start(create_ehr(config), int(port))
        _wait()


def _wait() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()


ROLES = {"worker": worker, "web": web, "payer": payer, "ehr": ehr}


def main(role: str, *arguments: str) -> int:
    """Start the role, and again whenever it was killed; it ends with this process."""
    while True:
        child = os.fork()
        if not child:
            LIBC.prctl(END_WITH_PARENT, signal.SIGKILL)
            os.setpgid(0, 0)
            ROLES[role](*arguments)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
