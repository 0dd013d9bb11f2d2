"""Commands of a round's life: create, open, close, consolidate, approve, send, cancel, list, show."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import terminal
from app.core import clock
from app.orders.rounds.sharing_policy import SharingPolicy

if TYPE_CHECKING:
    from sqlmodel import Session

    from app.accounts.actor import Actor

rounds = typer.Typer(help="Plan rounds and take them through their life.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="CODE")]
By = Annotated[str | None, typer.Option("--by", metavar="EMAIL", help="The person of the association who acts.")]


@rounds.command()
def create(
    code: Code,
    name: str | None = None,
    opens: Annotated[datetime | None, typer.Option(help="Paris time; now where empty.")] = None,
    closes: Annotated[
        datetime | None, typer.Option(help="Cut-off, Paris time; the next Thursday noon where empty.")
    ] = None,
    deliver: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Delivery day on every park; the Tuesday after the cut-off."),
    ] = None,
    completing: Annotated[
        datetime | None, typer.Option(help="From then on orders may only help to complete packs.")
    ] = None,
    policy: Annotated[SharingPolicy | None, typer.Option(help="The association's own where empty.")] = None,
    json: terminal.AsJson = False,
) -> None:
    """Plan a round for every park."""
    from app.accounts.actor import COMMAND_LINE
    from app.accounts.queries import list_parks
    from app.core.database import transaction
    from app.orders.rounds.service import create_round, next_cut_off, next_delivery_day

    opens_at = _paris(opens) or clock.now()
    closes_at = _paris(closes) or next_cut_off(opens_at + timedelta(days=1))
    day = deliver.date() if deliver else next_delivery_day(closes_at)
    with transaction() as session:
        create_round(
            session,
            COMMAND_LINE,
            code=code,
            name=name or code,
            opens_at=opens_at,
            closes_at=closes_at,
            completing_from=_paris(completing),
            deliveries={park.id: day for park in list_parks(session) if park.id},
            sharing_policy=policy,
        )
    _show_committed(code)


def _paris(local: datetime | None) -> datetime | None:
    return local.replace(tzinfo=clock.PARIS) if local else None


def _take(code: str, by: str | None, step: Callable[..., Any], **options: Any) -> None:
    """Take a round one step on, in one transaction; only what is committed is shown."""
    from app.core.database import transaction

    with transaction() as session:
        step(session, _actor(session, by), code, **options)
    _show_committed(code)


def _show_committed(code: str) -> None:
    from app.core.database import transaction

    with transaction() as session:
        _show(session, code)


def _actor(session: "Session", email: str | None) -> "Actor":
    """The command line, or the named person: whoever has this shell has the database."""
    from app.accounts.actor import COMMAND_LINE, actor_for
    from app.accounts.service import find_person
    from app.core.errors import NotFound

    if email is None:
        return COMMAND_LINE
    person = find_person(session, email)
    if person is None or not person.active:
        raise NotFound("Nobody has the address {email}.", email=email)
    return actor_for(person, label=f"{person.email} (command line)")


@rounds.command("open")
def open_(code: Code, by: By = None, json: terminal.AsJson = False) -> None:
    """Open a planned round to orders."""
    from app.orders.consolidation.round_lifecycle import open_round

    _take(code, by, open_round)


@rounds.command()
def close(code: Code, by: By = None, json: terminal.AsJson = False) -> None:
    """Cut off: approved orders are locked, waiting ones roll over."""
    from app.orders.consolidation.round_lifecycle import close_round

    _take(code, by, close_round)


@rounds.command()
def consolidate(code: Code, by: By = None, json: terminal.AsJson = False) -> None:
    """Turn a closed round into draft supplier orders; again gives the same."""
    from app.core.database import transaction
    from app.orders.consolidation.draft import consolidate_round
    from app.orders.consolidation.queries.rounds import round_figures
    from app.orders.rounds.service import get_round, round_key

    with transaction() as session:
        lines = round_figures(session, round_key(get_round(session, code))).line_count
    with terminal.progress_bar("Consolidating", lines) as tell:
        _take(code, by, consolidate_round, progress=tell)


@rounds.command()
def approve(code: Code, by: By = None, json: terminal.AsJson = False) -> None:
    """Approve a consolidated round; above the association's limit a second person must (--by): status 2 until then."""
    from app.core.database import transaction
    from app.orders.consolidation.round_approval import approve_round
    from app.orders.rounds.models import RoundStatus
    from app.orders.rounds.service import get_round

    _take(code, by, approve_round)
    with transaction() as session:
        approved = get_round(session, code).status is not RoundStatus.CONSOLIDATED
    if not approved:
        raise typer.Exit(terminal.NOT_ALL_DONE)


@rounds.command()
def send(code: Code, by: By = None, json: terminal.AsJson = False) -> None:
    """Send the approved supplier orders; they leave through the worker of `engrenages serve`.

    Ends with status 2 where some are held back, as their suppliers have no mail address.
    """
    from app.core.database import transaction
    from app.orders.consolidation.sending import held_back, send_round
    from app.orders.rounds.service import get_round, round_key

    _take(code, by, send_round)
    with transaction() as session:
        waiting = held_back(session, round_key(get_round(session, code)))
    for order in waiting:
        terminal.err.print(f"Not sent: {order.number}, {order.supplier} ({order.supplier_code}) has no mail address.")
    if waiting:
        terminal.err.print("Enter their addresses and send again, or: engrenages supplier-order hand-over NUMBER")
        raise typer.Exit(terminal.NOT_ALL_DONE)


@rounds.command()
def cancel(code: Code, by: By = None, json: terminal.AsJson = False) -> None:
    """Call a round off; its orders roll over."""
    from app.orders.consolidation.round_lifecycle import cancel_round

    _take(code, by, cancel_round)


@rounds.command("list")
def list_(json: terminal.AsJson = False) -> None:
    """Every round, the latest cut-off first."""
    from app.core.database import transaction
    from app.orders.rounds.queries import list_rounds

    found, cursor = [], None
    with transaction() as session:
        while True:
            page = list_rounds(session, cursor, 200)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    if terminal.as_json():
        terminal.print_json([{"code": r.code, "name": r.name, "status": r.status.value} for r in found])
        return
    rows = [(r.code, r.name, r.status.value, _local(r.opens_at), _local(r.closes_at)) for r in found]
    terminal.out.print(terminal.table("Rounds", ("code", "name", "status", "opens", "cut-off"), rows))


@rounds.command()
def show(code: Code, json: terminal.AsJson = False) -> None:
    """A round in figures, with its supplier orders."""
    _show_committed(code)


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(clock.PARIS):%Y-%m-%d %H:%M}"


def _show(session: "Session", code: str) -> None:
    from app.orders.consolidation.queries import rounds as round_queries
    from app.orders.consolidation.queries import supplier_orders as supplier_order_queries
    from app.orders.rounds import queries
    from app.orders.rounds.service import get_round, round_key

    found = get_round(session, code)
    key = round_key(found)
    figures = round_queries.round_figures(session, key)
    orders = supplier_order_queries.list_supplier_orders(session, key, None, 1000).items
    approvals = round_queries.approval_names(session, key)
    days: dict[str, date] = {d.park: d.delivery_on for d in queries.deliveries_of(session, key)}
    if terminal.as_json():
        shown = ("number", "supplier_code", "status", "amount", "saved", "commission", "delivery_fee", "alert")
        terminal.print_json(
            {
                "code": found.code,
                "name": found.name,
                "status": found.status.value,
                "opens_at": found.opens_at,
                "closes_at": found.closes_at,
                "sharing_policy": found.sharing_policy.value,
                "deliveries": days,
                "offers": figures.offer_count,
                "lines": figures.line_count,
                "wanted": figures.wanted,
                "ordered_amount": figures.ordered_amount,
                "saved": figures.saved,
                "commission": figures.commission,
                "alerts": figures.alert_count,
                "approved_by": approvals,
                "supplier_orders": [{name: getattr(order, name) for name in shown} for order in orders],
            }
        )
        return
    out = terminal.out
    out.print(f"[bold]{found.code}[/] {found.name}: [bold]{found.status.value}[/]")
    out.print(
        f"opens {_local(found.opens_at)}, cut-off {_local(found.closes_at)}, sharing {found.sharing_policy.value}"
    )
    for park, day in days.items():
        out.print(f"delivery {park}: {day}")
    out.print(f"{figures.line_count} lines on {figures.offer_count} offers, {figures.wanted} units wanted")
    if approvals and found.status.value == "consolidated":
        out.print(f"Approved by {', '.join(approvals)}; a second person must approve: --by EMAIL")
    if not orders:
        return
    rows = [
        (o.number, o.supplier, o.status, o.alert or "") + tuple(map(terminal.money, (o.amount, o.saved, o.commission)))
        for o in orders
    ]
    headers = ("number", "supplier", "status", "alert", "amount", "saved", "commission")
    out.print(terminal.table("Supplier orders", headers, rows, numbers=3))
    out.print(
        f"Ordered {terminal.money(figures.ordered_amount)}, saved [bold]{terminal.money(figures.saved)}[/] against list"
        f" prices, commission {terminal.money(figures.commission)}, alerts {figures.alert_count}"
    )
