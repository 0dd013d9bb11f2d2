"""Filling a cart with many lines at once: quick orders, lists, ordering again. One statement, however many."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.assortment import hidden_from
from app.core.database import rows_as
from app.core.errors import Conflict, InvalidInput
from app.core.i18n import gettext as _
from app.core.i18n import marked
from app.orders.ordering.member_orders import MAX_QUANTITY, cart_of, withdraw_order
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder
from app.orders.ordering.placed_orders import get_own_order, open_round_with, order_key

MAX_LINES = 2000
_PARTS = re.compile(r"[\t;,]| +")


class Wish(NamedTuple):
    """An offer and how much of it is wanted."""

    offer_id: int
    quantity: int
    tolerance: int = 0
    if_unfilled: str = IfUnfilled.ROLL_OVER


class BadLine(NamedTuple):
    """A line of a quick order that cannot be taken, and how to mend it."""

    number: int
    text: str
    cure: str


class QuickOrder(NamedTuple):
    """What was read from typed lines: wishes, and the lines that cannot be taken."""

    wishes: list[Wish]
    bad_lines: list[BadLine]


def fill_cart(session: Session, actor: Actor, round_id: int, wishes: Iterable[Wish]) -> MemberOrder:
    """Put many offers into the actor's cart of a round; offers in it already get the new quantity.

    Each line keeps its offer's list price as its ceiling. Raises `Conflict` where nothing can be ordered now.
    """
    actor.require(Permission.PLACE_ORDERS)
    purchasing_round = open_round_with(session, round_id)
    wanted = {wish.offer_id: wish for wish in wishes}
    if not wanted:
        raise Conflict("There is nothing to order here.", code="nothing_to_order")
    cart = cart_of(session, actor, round_id)
    taken = session.execute(
        text("""
            INSERT INTO order_lines AS l (order_id, offer_id, quantity, tolerance, ceiling_price, if_unfilled)
            SELECT :cart, f.id, w.quantity, w.tolerance, (SELECT max(p) FROM unnest(f.tier_prices) p),
                w.if_unfilled
            FROM unnest(CAST(:offers AS int[]), CAST(:quantities AS int[]), CAST(:tolerances AS int[]),
                CAST(:if_unfilled AS text[])) AS w (offer_id, quantity, tolerance, if_unfilled)
            JOIN offers f ON f.id = w.offer_id AND f.withdrawn_at IS NULL
            JOIN suppliers s ON s.id = f.supplier_id AND s.active
            JOIN products p ON p.id = f.product_id
            WHERE (CAST(:only AS int) IS NULL OR f.supplier_id = :only)
                AND f.id <> ALL(:hidden_offers) AND p.category_id <> ALL(:hidden_categories)
            ON CONFLICT (order_id, offer_id) DO UPDATE
            SET quantity = excluded.quantity, tolerance = excluded.tolerance, ceiling_price = excluded.ceiling_price,
                if_unfilled = excluded.if_unfilled
            RETURNING 1
        """),
        {
            "cart": order_key(cart),
            "offers": list(wanted),
            "quantities": [wish.quantity for wish in wanted.values()],
            "tolerances": [wish.tolerance for wish in wanted.values()],
            "if_unfilled": [str(wish.if_unfilled) for wish in wanted.values()],
            "only": purchasing_round.only_supplier_id,
            **_hidden(session, actor),
        },
    ).all()
    if not taken:
        raise Conflict("None of these offers can be ordered any more.", code="nothing_to_order")
    cart.version += 1
    session.flush()
    return cart


def _hidden(session: Session, actor: Actor) -> dict[str, list[int]]:
    hidden = hidden_from(session, actor)
    return {"hidden_offers": list(hidden.offer_ids), "hidden_categories": list(hidden.category_ids)}


def read_quick_order(session: Session, actor: Actor, typed: str) -> QuickOrder:
    """Read typed or pasted lines `SKU quantity [more to fill a pack]`, parted by blanks, tabs, commas or semicolons.

    Where several suppliers have a SKU, `SUPPLIER:SKU` says which.
    """
    numbered = [(n, line.strip()) for n, line in enumerate(typed.splitlines(), start=1) if line.strip()]
    if len(numbered) > MAX_LINES:
        raise InvalidInput("At most {maximum} lines at a time.", field="lines", maximum=MAX_LINES)
    read = [(number, line, *_parts_of(line)) for number, line in numbered]
    known = _offers_by_sku(session, actor, [sku for _n, _line, sku, *_rest in read])
    wishes: list[Wish] = []
    bad_lines: list[BadLine] = []
    seen: set[int] = set()
    for number, line, sku, quantity, tolerance in read:
        offers = known.get(sku.lower(), [])
        cure = _cure_of(offers, quantity, tolerance, seen)
        if cure:
            bad_lines.append(BadLine(number, line, _(cure).format(suppliers=", ".join(code for _id, code in offers))))
        else:
            assert quantity is not None
            assert tolerance is not None
            seen.add(offers[0][0])
            wishes.append(Wish(offers[0][0], quantity, tolerance))
    return QuickOrder(wishes, bad_lines)


def _parts_of(line: str) -> tuple[str, int | None, int | None]:
    """SKU, quantity (1 where left out) and tolerance (0); None for a figure that cannot be read."""
    parts = [part for part in _PARTS.split(line) if part]
    sku, quantity, tolerance = [*parts, *["", "1", "0"][len(parts) :]][:3]
    if len(parts) > 3:
        return sku, None, None
    return sku, _figure(quantity, 1), _figure(tolerance, 0)


def _figure(value: str, minimum: int) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and minimum <= int(value) <= MAX_QUANTITY else None


def _cure_of(
    offers: Sequence[tuple[int, str]], quantity: int | None, tolerance: int | None, seen: set[int]
) -> str | None:
    if not offers:
        return marked("no offer has this SKU now")
    if len(offers) > 1:
        return marked("several suppliers have this SKU ({suppliers}): write SUPPLIER:SKU")
    if quantity is None or tolerance is None:
        return marked("after the SKU: a quantity, and perhaps how many more to fill a pack, in whole units")
    if offers[0][0] in seen:
        return marked("this offer stands on an earlier line already")
    return None


def _offers_by_sku(session: Session, actor: Actor, skus: list[str]) -> dict[str, list[tuple[int, str]]]:
    """Offers that can be ordered, by the SKU in lower case, and by `supplier:sku`."""
    rows = session.execute(
        text("""
            SELECT f.id AS offer_id, s.code AS supplier, lower(f.sku) AS sku
            FROM offers f
            JOIN suppliers s ON s.id = f.supplier_id AND s.active
            JOIN products p ON p.id = f.product_id
            WHERE f.withdrawn_at IS NULL AND lower(f.sku) = ANY(:skus)
                AND f.id <> ALL(:hidden_offers) AND p.category_id <> ALL(:hidden_categories)
        """),
        {
            "skus": [sku.lower().rpartition(":")[2] for sku in skus] + [sku.lower() for sku in skus],
            **_hidden(session, actor),
        },
    )
    known: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        known.setdefault(row.sku, []).append((row.offer_id, row.supplier))
        known.setdefault(f"{row.supplier.lower()}:{row.sku}", []).append((row.offer_id, row.supplier))
    return known


def order_again(session: Session, actor: Actor, order_id: int, round_id: int) -> MemberOrder:
    """Put the lines of an order that the actor may see into their cart of an open round."""
    get_own_order(session, actor, order_id)
    return fill_cart(session, actor, round_id, _wishes_of(session, order_id))


def change_order(session: Session, actor: Actor, order_id: int, expected_version: int | None = None) -> MemberOrder:
    """Take a placed order of one's own back into the cart, to be changed and placed again until the cut-off."""
    order = withdraw_order(session, actor, order_id, expected_version)
    return fill_cart(session, actor, order.round_id, _wishes_of(session, order_id))


def _wishes_of(session: Session, order_id: int) -> list[Wish]:
    rows = session.execute(
        text("SELECT offer_id, quantity, tolerance, if_unfilled FROM order_lines WHERE order_id = :order_id"),
        {"order_id": order_id},
    )
    return rows_as(Wish, rows)
