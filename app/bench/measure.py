"""A measurement: ours against the limit, A B A B, by medians. These machines are noisy: ratios, not seconds."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One promise. `limit_seconds` is what it allows: a factor times the reference that ran beside it."""

    name: str
    what: str
    ours_seconds: float
    limit_seconds: float

    @property
    def ratio(self) -> float:
        """Ours by the limit: at most 1 where the promise is kept."""
        return self.ours_seconds / self.limit_seconds

    @property
    def kept(self) -> bool:
        """Whether the promise is kept."""
        return self.ratio <= 1

    def as_json(self) -> dict[str, Any]:
        """As `bench --json` writes it."""
        plain = asdict(self)
        return {
            "ours": round(plain["ours_seconds"], 4),
            "limit": round(plain["limit_seconds"], 4),
            "ratio": round(self.ratio, 3),
            "what": plain["what"],
        }


def against(
    name: str,
    what: str,
    ours: Callable[[], None],
    reference: Callable[[], None],
    *,
    factor: float,
    runs: int,
    between: Callable[[], None] = lambda: None,
) -> Measurement:
    """Run ours and the reference in turn, `between` after each, untimed; the limit is `factor` times the reference."""
    ours_seconds, reference_seconds = [], []
    for _run in range(runs):
        ours_seconds.append(_timed(ours))
        between()
        reference_seconds.append(_timed(reference))
        between()
    return Measurement(name, what, statistics.median(ours_seconds), factor * statistics.median(reference_seconds))


def worst_of(name: str, what: str, measured: Sequence[Measurement]) -> Measurement:
    """The worst of many promises of one kind, with the ratio of each in its words."""
    worst = max(measured, key=lambda one: one.ratio)
    ratios = ", ".join(f"{one.name} {one.ratio:.2f}" for one in measured)
    median = statistics.median(one.ratio for one in measured)
    words = f"{what}; the worst of: {ratios}; median {median:.2f}"
    return Measurement(name, words, worst.ours_seconds, worst.limit_seconds)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
