"""Several machines over one database, and what they do at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from smart_app.cases.store import Store
from tests.unit.kit import FakeClock, a_store

T = TypeVar("T")


@contextmanager
def machines(url: str, count: int, clock: FakeClock | None = None) -> Iterator[list[Store]]:
    """Return stores that share nothing but a database."""
    made = [a_store(url, clock) for _ in range(count)]
    yield made
    for one in made:
        one.engine.dispose()


def together(works: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Do pieces of work at the same moment; return what each gave or raised."""
    begin = threading.Barrier(len(works))

    def one(work: Callable[[], T]) -> T | Exception:
        begin.wait()
        try:
            return work()
        except Exception as cause:
            return cause

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))
