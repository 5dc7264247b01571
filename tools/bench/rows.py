"""One row of the table, and the baseline that makes machines comparable."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

ROUNDS = 9


@dataclass(frozen=True)
class Row:
    """A figure beside its budget; ``ratio`` is the figure over the budget."""

    name: str
    value: float
    unit: str
    budget: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """Return how much of the budget is used: 1 is all of it."""
        return round(self.value / self.budget, 3)

    @property
    def met(self) -> bool:
        """Tell whether the budget is kept."""
        return self.value <= self.budget

    def plain(self, baseline_ms: float) -> dict[str, Any]:
        """Return the row for ``--json``; times also as multiples of the baseline."""
        found = asdict(self) | {"ratio": self.ratio, "met": self.met}
        if self.unit == "ms":
            found["baselines"] = round(self.value / baseline_ms, 2)
        return found


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median of several rounds, in milliseconds."""
    return round(statistics.median(milliseconds(work) for _ in range(rounds)), 2)


def p95(values: list[float]) -> float:
    """Return the value that 95 of 100 stay below."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 1)


def baseline() -> float:
    """Return how long this machine takes for a fixed piece of work, in milliseconds."""
    tree = {str(number): {"value": number, "words": "x" * 40} for number in range(4000)}
    return median(lambda: json.loads(json.dumps(tree)))
