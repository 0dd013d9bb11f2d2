"""What one round could not serve is placed again in the next."""

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.core import audit, clock
from app.orders.consolidation.rules import UnfilledReason
from app.orders.ordering.models.member_orders import IfUnfilled, OrderStatus
from app.orders.ordering.successors import place_successors
from app.orders.rounds.models import APPROVED_ROUNDS, Round, RoundStatus
from app.orders.rounds.service import round_key


def next_round(session: Session, after: Round) -> Round | None:
    """The open round that closes first after this one, for all suppliers."""
    return session.exec(
        select(Round)
        .where(
            col(Round.status) == RoundStatus.OPEN,
            Round.closes_at > max(after.closes_at, clock.now()),
            col(Round.only_supplier_id).is_(None),
            Round.id != after.id,
        )
        .order_by(col(Round.closes_at), col(Round.id))
        .limit(1)
    ).one_or_none()


_WAITING = """
    -- Orders that were still to be approved at cut-off, or whose round was cancelled: whole.
    SELECT l.id AS line_id, o.id AS order_id, l.quantity AS units, l.tolerance,
        EXISTS (SELECT FROM order_approvals a WHERE a.order_id = o.id AND a.decided_at IS NULL) AS waited
    FROM member_orders o JOIN order_lines l ON l.order_id = o.id
    WHERE o.status = :rolled_over
    UNION ALL
    -- What an approved round could not serve, or a supplier took away,
    -- where the line asks for it or the manager rolled the supplier over.
    SELECT l.id, o.id, a.units, least(l.tolerance, a.units), false
    FROM (
        SELECT order_line_id, round_id, reason, wanted - served AS units FROM allocations WHERE served < wanted
    ) a
    JOIN rounds r ON r.id = a.round_id AND r.status = ANY(:approved_rounds)
    JOIN order_lines l ON l.id = a.order_line_id
    JOIN member_orders o ON o.id = l.order_id
    WHERE {reasons}
"""
_ROLLING = "(l.if_unfilled = :roll_over OR a.reason = :supplier_rolled_over) AND a.reason IS DISTINCT FROM :postponed"
_STATES = {
    "rolled_over": OrderStatus.ROLLED_OVER,
    "approved_rounds": list(APPROVED_ROUNDS),
    "roll_over": IfUnfilled.ROLL_OVER,
    "supplier_rolled_over": UnfilledReason.SUPPLIER_ROLLED_OVER,
    "postponed": UnfilledReason.SUPPLIER_POSTPONED,
}
_POSTPONED = "a.reason = :postponed"
_CARRYING = 7_265_901  # the number of the lock that carrying takes


def carry_over_into(session: Session, actor: Actor, target: Round) -> int:
    """Place again, in `target`, the units that wait for a next round and were not carried over yet.

    A unit is carried once: successors name the line that lost it, and whoever carries waits for whoever is carrying.
    The lines keep their ceilings. Returns the number of lines carried.
    """
    waiting = _WAITING.format(reasons=_ROLLING if target.only_supplier_id is None else _POSTPONED)
    only = "" if target.only_supplier_id is None else "AND f.supplier_id = :supplier_id"
    parameters = _STATES | {
        "target": round_key(target),
        "code": target.code,
        "now": clock.now(),
        "supplier_id": target.only_supplier_id,
    }
    session.execute(text("SELECT pg_advisory_xact_lock(:carrying)"), {"carrying": _CARRYING})
    session.execute(text("DROP TABLE IF EXISTS carried"))
    session.execute(
        text(f"""
            CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
            SELECT w.line_id, w.order_id, w.units - carried.units AS quantity,
                CASE WHEN carried.units = 0 THEN w.tolerance ELSE least(w.tolerance, w.units - carried.units) END
                    AS tolerance,
                w.waited
            FROM ({waiting}) w
            JOIN order_lines line ON line.id = w.line_id
            JOIN offers f ON f.id = line.offer_id AND f.withdrawn_at IS NULL {only}
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(s.quantity), 0) AS units FROM order_lines s WHERE s.rolled_over_from_id = w.line_id
            ) carried
            WHERE w.units > carried.units
        """),
        parameters,
    )
    lines = place_successors(session, round_key(target), target.code)
    if lines:
        audit.record(session, actor.label, "round.carried_over", target, lines=lines)
    return lines
