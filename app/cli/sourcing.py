"""Commands about choosing well: scores by the charter, the best consolidation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import terminal
from app.orders.rounds.sharing_policy import SharingPolicy

if TYPE_CHECKING:
    from app.orders.consolidation.book_optimisation import Optimised


def score(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="One JSON object a line.")],
) -> None:
    """Score offers from a file by the charter's first version, one JSON object a line; docs/reference/charter.md."""
    import json

    from app.sourcing.charter.score_files import score_lines
    from app.sourcing.charter.version import FIRST_VERSION

    with file.open(encoding="utf-8-sig") as lines:
        scores = list(score_lines(lines, FIRST_VERSION))
    for one in scores:
        typer.echo(json.dumps(one))


def optimise(
    suppliers: Annotated[Path, terminal.ExistingOption],
    offers: Annotated[Path, terminal.ExistingOption],
    orders: Annotated[Path, terminal.ExistingOption],
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder for the result files and summary.json.")],
    premium: Annotated[str, typer.Option(help="What low scores weigh; 0: the price alone.")] = "0",
    scores: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Columns supplier_code, sku, score (0 to 100).")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="After so long the best plan found is taken.")] = 60.0,
    policy: SharingPolicy = SharingPolicy.PROPORTIONAL,
    rate: Annotated[str, typer.Option(help="Commission in percent.")] = "0",
    json: terminal.AsJson = False,
) -> None:
    """Find the consolidation of orders from files that serves most, at the least cost, and prove how good it is.

    Every line takes an equivalent offer of the same product, below its ceiling; docs/reference/optimiser.md.
    """
    from app.commission.tariff import Rate
    from app.orders.consolidation.book_optimisation import optimise_book, summary_of, write_summary
    from app.orders.consolidation.order_book import read_order_book, read_scores
    from app.orders.consolidation.result_files import write_consolidation

    weight, percent = terminal.number(premium, 4, 1000, "--premium"), terminal.number(rate, 2, 100, "--rate")
    with terminal.progress_bar("Reading"):
        book = read_order_book(suppliers, offers, orders)
        known = read_scores(scores, book) if scores else {}
    with terminal.progress_bar("Optimising (seconds)", int(seconds)) as tell:
        found = optimise_book(
            book,
            policy,
            premium=weight,
            scores=known,
            seconds=seconds,
            tell=lambda spent, _best, _bound: tell(int(spent)),
        )
    write_consolidation(found.results, book, Rate(percent), output)
    summary = summary_of(found, weight)
    write_summary(summary, output)
    terminal.show_unknown_columns(book.unknown_columns)
    names = ("supplier_orders.csv", "allocations.csv", "summary.json")
    terminal.show(summary | {"files": [str(output / name) for name in names]}, *_told(found))


def _told(found: "Optimised") -> list[str]:
    """What was found, for people."""
    costs, plain, beside = found.costs, found.plain, found.comparison
    return [
        (
            f"[bold]{terminal.money(costs.total)}[/] in {costs.deliveries} deliveries; plain consolidation:"
            f" {terminal.money(plain.total)} in {plain.deliveries}."
        ),
        (
            f"{terminal.money(beside.saved)} less for the units that both serve;"
            f" {beside.more_units} units more ({terminal.money(beside.more_amount)}),"
            f" {beside.fewer_units} fewer ({terminal.money(beside.fewer_amount)})."
        ),
        (
            f"None that serves as many can be better by more than {found.gap * 100:.3f} %"
            f" (found in {found.seconds:.1f} s)."
        ),
        f"Mean score {costs.score:.1f} against {plain.score:.1f}.",
        (
            f"{costs.unfilled} units unfilled ({terminal.money(costs.unfilled_amount)}) against {plain.unfilled}"
            f" ({terminal.money(plain.unfilled_amount)}); no plan leaves fewer than {found.least_unfilled}."
        ),
        *(f"[yellow]{code} is ordered from under its minimum.[/]" for code in costs.under_minimum),
        *(f"[yellow]{units} units of {product} stay unfilled.[/]" for product, units in found.unserved.items()),
    ]
