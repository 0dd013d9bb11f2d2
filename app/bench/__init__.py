"""The promises of speed, measured: each figure is ours against a limit, both taken in turn in the same run."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlmodel import Session

from app.bench import consolidation, importing, invoicing, optimising, scoring, shop, starting, treasury
from app.bench.measure import Measurement
from app.bench.scratch import scratch_engine

ProgressBar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]

_MEASURES = (
    ("consolidation", consolidation.measure),
    ("import", importing.measure),
    ("invoices", invoicing.measure),
    ("optimise", optimising.measure),
    ("scores", scoring.measure),
    ("shop", shop.measure),
    ("start", starting.measure),
    ("treasury", treasury.measure),
)


def run_benchmarks(progress_bar: ProgressBar, only: str | None = None, scale: float = 1.0) -> list[Measurement]:
    """Run every measure (or those whose name begins with `only`) in a database of their own, dropped at the end.

    `scale` below 1 shrinks the data, for a quick look.
    """
    results: list[Measurement] = []
    for name, measure in _MEASURES:
        if only is not None and not name.startswith(only):
            continue
        with progress_bar(f"Measuring: {name}", None), scratch_engine() as engine, Session(engine) as session:
            results += measure(session, engine, scale)
    return results
