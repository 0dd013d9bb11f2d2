"""The demo command: loads the park, plays its round, tells the story, serves the site."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import terminal
from app.cli.serving import Host, Port

if TYPE_CHECKING:
    from app.demo.play import Story


def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End after the round.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    json: terminal.AsJson = False,
) -> None:
    """Load a demo park, play a round to its end, and serve it. Safe to repeat."""
    from app import server
    from app.core.processes import end_on_signals
    from app.demo.play import play_demo

    end_on_signals()
    sockets = [] if no_serve else server.listen(host, port)
    server.prepare_database()
    story = play_demo(terminal.progress_bar)
    if terminal.as_json():
        terminal.print_json(_as_json(story))
    else:
        _tell(story)
    if not no_serve:
        with _cards(port) as cards:
            server.run_web(sockets, 1, with_worker=True, tell=partial(_show_way_in, story, host, port, cards))


@contextmanager
def _cards(port: int) -> Iterator[bool]:
    """Stripe's part, played on this machine where that is installed and no key of Stripe's is set."""
    from app.core.settings import get_settings
    from app.demo import card_peer

    if get_settings().stripe_publishable_key or not card_peer.is_installed():
        yield False
        return
    with card_peer.running() as address:
        card_peer.use(get_settings(), address)
        os.environ |= card_peer.environment_for(address)
        card_peer.tell(address, f"http://127.0.0.1:{port}/webhooks/stripe")
        yield True


def _as_json(story: "Story") -> dict[str, object]:
    return {
        "round": story.round_code,
        **story.counts,
        "ordered_amount": story.figures.ordered_amount,
        "list_amount": story.figures.list_amount,
        "saved": story.figures.saved,
        "commission": story.figures.commission,
        "supplier_orders": story.figures.supplier_order_count,
        "shares_cut": story.shares_cut,
    }


def _tell(story: "Story") -> None:
    out, figures, counts = terminal.out, story.figures, story.counts
    out.print(
        f"\n[bold]Les Collines en commun[/]: {counts['parks']} parks, {counts['companies']} firms,"
        f" {counts['people']} people, {counts['suppliers']} suppliers, {counts['products']} products"
    )
    rows = [
        (order.supplier, str(order.member_line_count), str(order.line_count), order.decision or "")
        + tuple(map(terminal.money, (order.amount, order.saved, order.commission)))
        for order in story.supplier_orders
    ]
    headers = ("supplier", "member lines", "order lines", "decided", "amount", "saved", "commission")
    out.print(terminal.table(f"Round {story.round_code}: the supplier orders", headers, rows, numbers=3))
    percent = figures.saved * 100 / figures.list_amount if figures.list_amount else 0
    out.print(
        f"{counts['orders']} member orders became [bold]{figures.supplier_order_count} supplier orders[/] worth"
        f" {terminal.money(figures.ordered_amount)}."
    )
    out.print(f"The group saved [bold green]{terminal.money(figures.saved)}[/] ({percent:.1f} % of list prices).")
    out.print(
        f"The association earned [bold]{terminal.money(figures.commission)}[/] of commission, booked in the ledger."
    )
    out.print(f"{story.shares_cut} lines were not wholly served; each says why, and rolls over or is cancelled.")


def _show_way_in(story: "Story", host: str, port: int, cards: bool) -> None:
    from app.demo.play import PASSWORD

    out, address = terminal.out, f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}"
    out.print(f"\n[bold]The site is on {address}[/] (API: {address}/api/v1/openapi.json). Stop with Ctrl+C.")
    rows = [(email, role) for email, role in story.sign_ins]
    out.print(terminal.table(f"Sign in with the password {PASSWORD} as", ("address", "who"), rows))
    if cards:
        out.print("Cards are played: 4242 4242 4242 4242 pays, 4000 0027 6000 3184 asks its owner first.")
