"""Consolidation of a round in the database: lines streamed out by COPY, shared by the rules, streamed back.

One transaction: a process killed at any moment leaves the round as it was. Doing it again clears the draft and
computes the same one from the same lines and decisions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Row, text, update
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.terms import PriceTier, SupplierTerms, Terms
from app.commission.service import tariff_on
from app.commission.tariff import NO_COMMISSION, Rate
from app.core import clock
from app.core.apportion import apportion
from app.core.bulk_copy import copy_rows
from app.core.database import psycopg_connection
from app.core.money import ZERO, round_amount
from app.orders.consolidation.models.supplier_orders import (
    PackDecision,
    SupplierAlert,
    SupplierChoice,
    SupplierDecision,
    SupplierOrder,
    SupplierOrderStatus,
)
from app.orders.consolidation.rules import DemandLine, OfferOutcome, Share, UnfilledReason, consolidate_offer
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds.models import Round
from app.orders.rounds.service import get_round, move_on, require_event, round_key
from app.orders.rounds.sharing_policy import SharingPolicy
from app.orders.rounds.states import RoundEvent

Progress = Callable[[int], None]

_SET_ASIDE = {
    SupplierDecision.DROP: UnfilledReason.SUPPLIER_DROPPED,
    SupplierDecision.ROLL_OVER: UnfilledReason.SUPPLIER_ROLLED_OVER,
    SupplierDecision.POSTPONE: UnfilledReason.SUPPLIER_POSTPONED,
}

_TOTALS = ("amount", "list_amount", "commission", "eco_contribution", "line_count", "member_line_count")


class _Offer(NamedTuple):
    offer_id: int
    supplier_id: int
    terms: Terms
    rate: Rate
    rule_id: int | None
    packs: int | None
    set_aside: UnfilledReason | None


class _Line(NamedTuple):
    line_id: int
    demand: DemandLine
    excluded: bool
    left_out: bool  # by an applied plan


@dataclass
class _Ordered:
    """Supplier order lines to be written, and how many member lines went through."""

    lines: list[tuple[object, ...]] = field(default_factory=list)
    member_lines: int = 0


def consolidate_round(
    session: Session, actor: Actor, code: str, expected_version: int | None = None, *, progress: Progress | None = None
) -> Round:
    """Turn the locked orders of a closed round into draft supplier orders and allocations.

    A consolidated round may be consolidated again: same lines and decisions, same result. `progress` is told the
    number of lines done. Raises `Conflict` for a round that is still open or already approved.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    consolidated = get_round(session, code, lock=True)
    check_version(consolidated.version, expected_version)
    require_event(consolidated, RoundEvent.CONSOLIDATE)
    round_id = round_key(consolidated)
    clear_draft(session, round_id)
    offers = _read_offers(session, consolidated)
    supplier_orders = _number_supplier_orders(session, consolidated)
    blocks = _read_lines(session, round_id)
    ordered = _Ordered()
    allocations = _allocations(
        blocks, offers, supplier_orders, round_id, consolidated.sharing_policy, ordered, progress
    )
    copy_rows(
        session,
        "COPY allocations (order_line_id, round_id, offer_id, supplier_order_id, wanted, allocated, unfilled, surplus,"
        " reason, unit_price, amount, commission) FROM STDIN",
        allocations,
    )
    copy_rows(
        session,
        "COPY supplier_order_lines (supplier_order_id, offer_id, quantity, packs, unit_price, amount, list_amount,"
        " commission, member_line_count, commission_rule_id, commission_rate, commission_minimum, commission_maximum)"
        " FROM STDIN",
        ordered.lines,
    )
    session.execute(text("ANALYZE supplier_order_lines, allocations (supplier_order_id, offer_id, round_id)"))
    _total_supplier_orders(session, round_id)
    _share_delivery_fees(session, round_id)
    session.execute(text("DELETE FROM round_approvals WHERE round_id = :round_id"), {"round_id": round_id})
    move_on(session, actor, consolidated, RoundEvent.CONSOLIDATE)
    session.expire_all()
    return get_round(session, code)


def _read_offers(session: Session, consolidated: Round) -> dict[int, _Offer]:
    """Terms, commission rate and the manager's decisions of every offer with demand."""
    round_id = round_key(consolidated)
    closing_day = consolidated.closes_at.astimezone(clock.PARIS).date()
    tariff = tariff_on(session, closing_day)
    packs = {d.offer_id: d.packs for d in session.exec(select(PackDecision).where(PackDecision.round_id == round_id))}
    choices = {
        c.supplier_id: _SET_ASIDE.get(c.decision)
        for c in session.exec(select(SupplierChoice).where(SupplierChoice.round_id == round_id))
    }
    rows = session.execute(
        text("""
            SELECT f.offer_id, f.supplier_id, f.category_id, f.pack_size, f.min_quantity, f.tier_quantities,
                f.tier_prices
            FROM round_offers f
            WHERE f.round_id = :round_id AND f.offer_id IN (
                SELECT coalesce(m.offer_id, l.offer_id) FROM order_lines l JOIN member_orders o ON o.id = l.order_id
                LEFT JOIN line_moves m ON m.order_line_id = l.id
                WHERE o.round_id = :round_id AND o.status = :locked
            )
        """),
        {"round_id": round_id, "locked": OrderStatus.LOCKED},
    )
    offers = {}
    for row in rows:
        rule = tariff.rule_for(row.offer_id, row.supplier_id, row.category_id)
        offers[row.offer_id] = _Offer(
            row.offer_id,
            row.supplier_id,
            Terms(row.pack_size, row.min_quantity, tuple(map(PriceTier, row.tier_quantities, row.tier_prices))),
            rule.rate if rule else NO_COMMISSION,
            rule.rule_id if rule else None,
            packs.get(row.offer_id),
            choices.get(row.supplier_id),
        )
    return offers


def _number_supplier_orders(session: Session, consolidated: Round) -> dict[int, int]:
    """A draft supplier order for every supplier with demand, by supplier; empty ones go away in the end."""
    rows = session.execute(
        text("""
            INSERT INTO supplier_orders (number, round_id, supplier_id, status, amount, list_amount, commission,
                eco_contribution, delivery_fee, line_count, member_line_count, version)
            SELECT :code || '-' || s.code, :round_id, s.supplier_id, :draft, 0, 0, 0, 0, 0, 0, 0, 1
            FROM round_suppliers s
            WHERE s.round_id = :round_id AND s.supplier_id IN (
                SELECT f.supplier_id FROM order_lines l
                JOIN member_orders o ON o.id = l.order_id
                LEFT JOIN line_moves m ON m.order_line_id = l.id
                JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = coalesce(m.offer_id, l.offer_id)
                WHERE o.round_id = :round_id AND o.status = :locked
            )
            ORDER BY s.code
            RETURNING supplier_id, id
        """),
        {
            "round_id": round_key(consolidated),
            "code": consolidated.code,
            "draft": SupplierOrderStatus.DRAFT,
            "locked": OrderStatus.LOCKED,
        },
    )
    return {row.supplier_id: row.id for row in rows}


def _read_lines(session: Session, round_id: int) -> list[bytes]:
    """The locked lines of a round, by offer, as COPY's own text: compact while it waits to be shared."""
    session.flush()
    query = """
        COPY (
            SELECT coalesce(m.offer_id, l.offer_id) AS served_by, l.id, o.reference, o.placed_at, l.quantity,
                l.tolerance, l.ceiling_price, l.excluded_because IS NOT NULL,
                m.order_line_id IS NOT NULL AND m.offer_id IS NULL
            FROM member_orders o JOIN order_lines l ON l.order_id = o.id
            LEFT JOIN line_moves m ON m.order_line_id = l.id
            WHERE o.round_id = %s AND o.status = %s
            ORDER BY served_by
        ) TO STDOUT
    """
    with psycopg_connection(session).cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        with cursor.copy(query, (round_id, OrderStatus.LOCKED.value)) as copy:
            return [bytes(block) for block in copy]


def _lines_by_offer(blocks: list[bytes]) -> Iterator[tuple[int, list[_Line]]]:
    """Take the text apart, dropping each block once it is read."""

    def rows() -> Iterator[list[str]]:
        for i, block in enumerate(blocks):
            blocks[i] = b""
            for line in block.decode().splitlines():
                yield line.split("\t")

    for offer_id, group in groupby(rows(), key=itemgetter(0)):
        yield (
            int(offer_id),
            [
                _Line(
                    int(line_id),
                    DemandLine(
                        reference.replace("\\\\", "\\") if "\\" in reference else reference,
                        datetime.fromisoformat(placed_at),
                        int(quantity),
                        int(tolerance),
                        Decimal(ceiling),
                    ),
                    excluded == "t",
                    left_out == "t",
                )
                for _offer, line_id, reference, placed_at, quantity, tolerance, ceiling, excluded, left_out in group
            ],
        )


def _allocations(
    blocks: list[bytes],
    offers: dict[int, _Offer],
    supplier_orders: dict[int, int],
    round_id: int,
    policy: SharingPolicy,
    ordered: _Ordered,
    progress: Progress | None,
) -> Iterator[tuple[object, ...]]:
    """Every allocation row, offer by offer; the supplier order lines gather in `ordered` on the way."""
    for offer_id, lines in _lines_by_offer(blocks):
        offer = offers[offer_id]
        outcome = _outcome_of(offer, lines, policy)
        supplier_order_id = supplier_orders[offer.supplier_id]
        price, rate = outcome.unit_price, offer.rate
        amount_sum = commission_sum = ZERO
        served = 0
        for line, (allocated, reason) in zip(lines, outcome.shares, strict=True):
            wanted = line.demand.quantity
            amount = commission = ZERO
            if allocated and price is not None:
                amount = round_amount(allocated * price)
                commission = rate.commission_of(amount)
                amount_sum += amount
                commission_sum += commission
                served += 1
            yield (
                line.line_id,
                round_id,
                offer_id,
                supplier_order_id if allocated else None,
                wanted,
                allocated,
                wanted - allocated if allocated < wanted else 0,
                allocated - wanted if allocated > wanted else 0,
                reason and reason.value,
                price,
                amount,
                commission,
            )
        if outcome.quantity:
            packs = outcome.quantity // offer.terms.pack_size
            list_amount = round_amount(outcome.quantity * offer.terms.tiers[0].unit_price)
            ordered.lines.append(
                (supplier_order_id, offer_id, outcome.quantity, packs)
                + (price, amount_sum, list_amount, commission_sum, served)
                + (offer.rule_id, rate.percent, rate.minimum, rate.maximum)
            )
        ordered.member_lines += len(lines)
        if progress:
            progress(ordered.member_lines)


def _outcome_of(offer: _Offer, lines: list[_Line], policy: SharingPolicy) -> OfferOutcome:
    """The rules' outcome for one offer, with the manager's exclusions and decisions taken into account."""
    if offer.set_aside is not None:
        return OfferOutcome(0, None, [Share(0, offer.set_aside)] * len(lines))
    reasons = [_why_out(offer, line) for line in lines]
    taking_part = [line.demand for line, reason in zip(lines, reasons, strict=True) if reason is None]
    outcome = consolidate_offer(offer.terms, taking_part, policy, offer.packs)
    shares = iter(outcome.shares)
    return outcome._replace(shares=[Share(0, reason) if reason else next(shares) for reason in reasons])


def _why_out(offer: _Offer, line: _Line) -> UnfilledReason | None:
    """Why a line does not take part: taken out by hand, or left out by an applied plan; None for one that does."""
    if line.excluded:
        return UnfilledReason.EXCLUDED
    if not line.left_out:
        return None
    cheapest = min(tier.unit_price for tier in offer.terms.tiers)
    return UnfilledReason.ABOVE_CEILING if cheapest > line.demand.ceiling_price else UnfilledReason.SHORT


def _total_supplier_orders(session: Session, round_id: int) -> None:
    """Sum the lines up, drop empty supplier orders, and hold the sums against the suppliers' own terms."""
    of_round = {"round_id": round_id}
    sums = session.execute(
        text("""
            SELECT o.id, s.minimum_order, s.free_delivery_from, s.delivery_fee, sum(l.amount) AS amount,
                sum(l.list_amount) AS list_amount, sum(l.commission) AS commission,
                sum(round(l.quantity * f.eco_contribution, 2)) AS eco_contribution,
                count(*) AS line_count, sum(l.member_line_count) AS member_line_count
            FROM supplier_orders o
            JOIN round_suppliers s ON s.round_id = o.round_id AND s.supplier_id = o.supplier_id
            JOIN supplier_order_lines l ON l.supplier_order_id = o.id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            WHERE o.round_id = :round_id GROUP BY o.id, s.round_id, s.supplier_id
        """),
        of_round,
    )
    session.execute(update(SupplierOrder), [_totals(row) for row in sums])
    session.execute(text("DELETE FROM supplier_orders WHERE round_id = :round_id AND line_count = 0"), of_round)


def _totals(row: Row[Any]) -> dict[str, object]:
    """What a supplier order comes to: amounts before VAT, without eco-contribution, decide about alert and fee."""
    terms = SupplierTerms(row.minimum_order, row.free_delivery_from, row.delivery_fee)
    alert = None
    if terms.is_below_minimum(row.amount):
        alert = SupplierAlert.BELOW_MINIMUM
    elif terms.is_below_free_delivery(row.amount):
        alert = SupplierAlert.BELOW_FREE_DELIVERY
    totals = {name: row._mapping[name] for name in _TOTALS}
    return {"id": row.id, "alert": alert, "delivery_fee": terms.fee_on(row.amount), **totals}


def _share_delivery_fees(session: Session, round_id: int) -> None:
    """Split each delivery fee over companies by largest remainder, in proportion to their amounts."""
    rows = session.execute(
        text("""
            SELECT so.id, so.delivery_fee, c.id, c.code, sum(a.amount)
            FROM supplier_orders so
            JOIN allocations a ON a.supplier_order_id = so.id
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id
            JOIN companies c ON c.id = o.company_id
            WHERE so.round_id = :round_id AND so.delivery_fee > 0
            GROUP BY so.id, so.delivery_fee, c.id, c.code
            HAVING sum(a.amount) > 0
        """),
        {"round_id": round_id},
    )
    companies: defaultdict[tuple[int, Decimal], list[tuple[int, str, Decimal]]] = defaultdict(list)
    for supplier_order_id, fee, company_id, company_code, amount in rows:
        companies[supplier_order_id, fee].append((company_id, company_code, amount))
    shares = []
    for (supplier_order_id, fee), members in companies.items():
        weights = [int(amount * 100) for _id, _code, amount in members]
        parts = apportion(int(fee * 100), weights, [company_code for _id, company_code, _amount in members])
        shares += [
            (supplier_order_id, company_id, Decimal(part) / 100)
            for (company_id, _code, _amount), part in zip(members, parts, strict=True)
            if part
        ]
    copy_rows(session, "COPY delivery_fee_shares (supplier_order_id, company_id, amount) FROM STDIN", shares)


def clear_draft(session: Session, round_id: int) -> None:
    """Take away the draft supplier orders and allocations of a round."""
    of_round = "supplier_order_id IN (SELECT id FROM supplier_orders WHERE round_id = :round_id)"
    for draft in (
        f"delivery_fee_shares WHERE {of_round}",
        "allocations WHERE round_id = :round_id",
        f"supplier_order_lines WHERE {of_round}",
        "supplier_orders WHERE round_id = :round_id",
    ):
        session.execute(text(f"DELETE FROM {draft}"), {"round_id": round_id})
