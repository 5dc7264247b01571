"""``python -m sandbox``: the pretend EHR and payer, two ports of one process."""

from __future__ import annotations

import argparse
import signal
import tempfile
import threading
from pathlib import Path

from sandbox.ehr import EhrConfig, create_ehr
from sandbox.payer import Desk, PayerConfig, create_payer
from sandbox.server import start


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="sandbox")
    parser.add_argument("--ehr-port", type=int, required=True)
    parser.add_argument("--payer-port", type=int, required=True)
    parser.add_argument("--app-url", required=True)
    parser.add_argument("--forms", type=Path, required=True)
    asked = parser.parse_args()
    ehr_url = f"http://127.0.0.1:{asked.ehr_port}"
    payer_url = f"http://127.0.0.1:{asked.payer_port}"
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="preclear-ehr-") as folder:
        payer = PayerConfig(payer_url, asked.forms)
        desk = Desk(payer)
        start(create_payer(payer, desk), asked.payer_port)
        ehr = EhrConfig(ehr_url, payer_url, asked.app_url, Path(folder), with_reset=desk.start_over)
        start(create_ehr(ehr), asked.ehr_port)
        stop.wait()
        desk.courier.stop()


if __name__ == "__main__":
    main()
