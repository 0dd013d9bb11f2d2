"""Consolidating a million lines over 20,000 offers, against one SQL statement that writes the same rows."""

import resource

from sqlalchemy import Engine, text
from sqlmodel import Session

from app.accounts.actor import SYSTEM
from app.bench.measure import Measurement, against
from app.bench.scratch import make_offers, make_park, make_round, run
from app.orders.consolidation.draft import clear_draft, consolidate_round

LINES, OFFERS = 1_000_000, 20_000
_MEMORY_LIMIT_MB = 1500
_CODE = "bench"

# What SQL alone would do where every line gets what it wants: group, price, write. No packs, tolerances, ceilings.
_REFERENCE = """
    WITH lines AS MATERIALIZED (
        SELECT l.id, l.offer_id, l.quantity, f.supplier_id, f.tier_quantities, f.tier_prices
        FROM member_orders o JOIN order_lines l ON l.order_id = o.id JOIN offers f ON f.id = l.offer_id
        WHERE o.round_id = :round_id AND o.status = 'locked'
    ), supplier AS (
        INSERT INTO supplier_orders (number, round_id, supplier_id, status, amount, list_amount, commission,
            eco_contribution, delivery_fee, line_count, member_line_count, version)
        SELECT 'bench-' || supplier_id, :round_id, supplier_id, 'draft', 0, 0, 0, 0, 0, 1, 1, 1
        FROM lines GROUP BY supplier_id RETURNING id, supplier_id
    ), priced AS MATERIALIZED (
        SELECT l.offer_id, s.id AS supplier_order_id, sum(l.quantity) AS quantity, count(*) AS member_lines,
            min(l.tier_prices[1]) AS list_price,
            (SELECT t.price FROM unnest(min(l.tier_quantities), min(l.tier_prices)) AS t (quantity, price)
             WHERE t.quantity <= sum(l.quantity) ORDER BY t.quantity DESC LIMIT 1) AS price
        FROM lines l JOIN supplier s ON s.supplier_id = l.supplier_id
        GROUP BY l.offer_id, s.id
    ), ordered AS (
        INSERT INTO supplier_order_lines (supplier_order_id, offer_id, quantity, packs, unit_price, amount,
            list_amount, commission, member_line_count)
        SELECT supplier_order_id, offer_id, quantity, quantity, price, round(quantity * price, 2),
            round(quantity * list_price, 2), round(quantity * price * 0.035, 2), member_lines
        FROM priced
    )
    INSERT INTO allocations (order_line_id, round_id, offer_id, supplier_order_id, wanted, allocated, unfilled, surplus,
        reason, unit_price, amount, commission)
    SELECT l.id, :round_id, l.offer_id, p.supplier_order_id, l.quantity, l.quantity, 0, 0, NULL, p.price,
        round(l.quantity * p.price, 2), round(round(l.quantity * p.price, 2) * 0.035, 2)
    FROM lines l JOIN priced p ON p.offer_id = l.offer_id
"""


def measure(session: Session, _engine: Engine, scale: float) -> list[Measurement]:
    """The time of a consolidation, and the memory of the process that does it."""
    lines, offers = int(LINES * scale), max(int(OFFERS * scale), 50)
    make_park(session, 500)
    make_offers(session, offers)
    round_id = make_round(session, _CODE, "closed", lines, offers)
    before_mb = _peak_mb()

    def ours() -> None:
        consolidate_round(session, SYSTEM, _CODE)
        session.commit()

    def reference() -> None:
        session.execute(text(_REFERENCE), {"round_id": round_id})
        session.commit()

    def clear() -> None:
        clear_draft(session, round_id)
        run(session, "UPDATE rounds SET status = 'closed' WHERE id = :round_id", round_id=round_id)

    time = against(
        "consolidation",
        f"{lines:,} lines over {offers:,} offers; at most 2 × one SQL statement that groups and inserts",
        ours,
        reference,
        factor=2,
        runs=2,
        between=clear,
    )
    peak_mb = _peak_mb()
    memory = Measurement(
        "consolidation_memory",
        f"peak memory in MB (not seconds) of the consolidating process, {before_mb:.0f} before; at most 1,500",
        peak_mb,
        _MEMORY_LIMIT_MB,
    )
    return [time, memory]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
