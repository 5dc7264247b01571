"""``dying.py ROLE ARGUMENTS``: a web app, worker, payer or EHR that dies where its plan says.

What dies is started again at once, as a process of its own group, by one that has read the code
already and does nothing else: it has no database, no thread and no state.
"""

from __future__ import annotations

import ctypes
import http.client
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
from sandbox.server import start
from smart_app import decide, follow
from smart_app.cases.model import Task
from smart_app.config import load_app
from smart_app.listening import Listening
from smart_app.logs import configure
from smart_app.pas import subscription
from smart_app.worker import serve
from smart_app.world import World, build
from tests.durability import remembering
from tests.durability.marks import PAYER, SIGNS, WEB, WORKER
from tests.durability.points import here, plans, reached

LIBC, END_WITH_PARENT = ctypes.CDLL(None), 1
HALF, RANDOM = "half sent", "at random"
LONGEST = 0.15
"""Seconds within which a process that dies at random does: as long as a request takes, and more."""


def _about(world: World, task: Task) -> str:
    """Return what a task is about: its case, or of a subscription the payer."""
    if task.kind == "heard":
        mail = world.inbox.mail(task.key.rpartition(":")[2])
        return _case(world, mail.body) if mail else ""
    if task.kind == "listen":
        kept = world.inbox.listener(task.case)
        return kept.payer if kept else ""
    return task.case


def _case(world: World, body: Any) -> str:
    """Return the case of a notification over which somebody is to die."""
    found = subscription.read(body)
    named = {name for one in found.results for name in subscription.names(one)} if found else ()
    return next((one for one in world.inbox.known(named) if (plans() / one).exists()), "")


def _told_task() -> None:
    """Let the worker know what it is at, and how far."""
    run, keep, request = follow.Follow.run, decide.Deciding.keep_answer, HTTPConnection.request

    def told(self: Any, task: Any) -> str:
        here.key, here.doing = _about(self.world, task), task.kind
        if RANDOM in _planned():
            threading.Timer(random.uniform(0, LONGEST), sometime, (here.key,)).start()
        try:
            return run(self, task)
        finally:
            here.key = here.doing = ""

    def sometime(key: str) -> None:
        here.key = key
        reached(RANDOM)

    def kept(*args: Any) -> None:
        keep(*args)
        here.doing += " kept"

    def asked(self: Any, method: str, *args: Any, **more: Any) -> Any:
        here.method = method
        return request(self, method, *args, **more)

    follow.Follow.run = told  # type: ignore[method-assign]
    decide.Deciding.keep_answer = kept  # type: ignore[method-assign]
    HTTPConnection.request = asked  # type: ignore[method-assign]


def _half() -> None:
    """Let a sending end in the middle of its bytes."""
    send = http.client.HTTPConnection.send

    def half(self: Any, data: Any) -> None:
        if here.doing == "send" and isinstance(data, bytes) and len(data) > 2_000:
            if here.key and HALF in _planned():
                send(self, data[: len(data) // 2])
            reached(HALF)
        send(self, data)

    http.client.HTTPConnection.send = half  # type: ignore[method-assign]


def _planned() -> str:
    plan = plans() / here.key
    return plan.read_text().split(",")[0] if here.key and plan.exists() else ""


def worker(config: str) -> None:
    """Serve as a worker that may die."""
    configure()
    for one in WORKER:
        one.mark()
    _half()
    _told_task()
    serve(build(load_app(Path(config)), engines=0))


def _told_act(owner: Any, call: str, doing: str) -> None:
    """Let the web app know at which case a person does something."""
    act = getattr(owner, call)

    def told(self: Any, case: Any, *args: Any) -> Any:
        here.key, here.doing = case.id, doing
        try:
            return act(self, case, *args)
        finally:
            here.key = here.doing = ""

    setattr(owner, call, told)


def _told_notification() -> None:
    """Let the web app know of which case a payer tells."""
    receive = Listening.receive

    def told(self: Listening, name: str, secret: str, body: Any) -> bool:
        here.key = _case(self.world, body)
        try:
            return receive(self, name, secret, body)
        finally:
            here.key = ""

    Listening.receive = told  # type: ignore[method-assign]


def web(config: str) -> None:
    """Serve as a web app that may die."""
    configure()
    for one in WEB:
        one.mark()
    for owner, call, doing in SIGNS:
        _told_act(owner, call, doing)
    _told_notification()
    app.Server(build(load_app(Path(config)), engines=0)).run()


def payer(port: str, forms: str) -> None:
    """Serve as a payer whose records outlive it, and that may die."""
    memory = remembering.Memory()
    for one in PAYER:
        one.mark()
    remembering.tell()
    config = PayerConfig(f"http://127.0.0.1:{port}", Path(forms))
    desk = Desk(config)
    memory.recall(desk)
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
