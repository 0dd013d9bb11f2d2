"""Rounds: planning, opening, closing, and carrying over what one round could not serve into the next."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.models import Park
from app.accounts.permissions import Permission
from app.accounts.service import check_version, get_association
from app.core import audit, clock, jobs
from app.core.errors import Conflict, InvalidInput, NotFound
from app.orders.consolidation import SharingPolicy
from app.orders.models import MemberOrder, OrderStatus, Round, RoundDelivery, RoundStatus
from app.orders.outbox import PLACE_STANDING_ORDERS
from app.orders.service import budgets


def get_round(session: Session, code: str, *, lock: bool = False) -> Round:
    """The round with this code, locked for a change of state if asked. Raises `NotFound`."""
    query = select(Round).where(Round.code == code)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound("There is no round {round}.", field="round", round=code)
    return found


def round_key(purchasing_round: Round) -> int:
    """The stored round's number."""
    assert purchasing_round.id is not None
    return purchasing_round.id


def require_status(purchasing_round: Round, *allowed: RoundStatus) -> None:
    """Raise `Conflict` where the round is in no state for what is asked."""
    if purchasing_round.status not in allowed:
        raise Conflict(
            "Round {round} is {status}; this needs it to be {allowed}.",
            code="wrong_round_status",
            round=purchasing_round.code,
            status=purchasing_round.status.value,
            allowed=" / ".join(status.value for status in allowed),
        )


def change_status(session: Session, actor: Actor, purchasing_round: Round, status: RoundStatus) -> None:
    """Move a round on, and write it down."""
    before = purchasing_round.status
    purchasing_round.status = status
    purchasing_round.version += 1
    session.flush()
    audit.record(
        session,
        actor.label,
        f"round.{status.value}",
        purchasing_round,
        before=before.value,
        code=purchasing_round.code,
    )


def create_round(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    opens_at: datetime,
    closes_at: datetime,
    deliveries: Mapping[int, date],
    completing_from: datetime | None = None,
    sharing_policy: SharingPolicy | None = None,
    only_supplier_id: int | None = None,
) -> Round:
    """Plan a round; `deliveries` gives the delivery day of each park (by its id).

    Raises `Conflict` for a code in use, `InvalidInput` for instants or days out of order.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    if session.scalar(select(Round.id).where(Round.code == code)):
        raise Conflict("There is a round {round} already.", code="duplicate_round", field="code", round=code)
    if opens_at >= closes_at:
        raise InvalidInput("A round opens before its cut-off.", field="closes_at")
    if completing_from is not None and not opens_at <= completing_from <= closes_at:
        raise InvalidInput("The completing phase lies between opening and cut-off.", field="completing_from")
    for day in deliveries.values():
        if day < closes_at.astimezone(clock.PARIS).date():
            raise InvalidInput("A delivery day does not lie before the cut-off.", field="deliveries")
    unknown = set(deliveries) - set(session.scalars(select(Park.id).where(col(Park.id).in_(deliveries))))
    if unknown:
        raise NotFound("There is no such park.", field="deliveries")
    planned = Round(
        code=code,
        name=name,
        opens_at=opens_at,
        closes_at=closes_at,
        completing_from=completing_from,
        sharing_policy=sharing_policy or SharingPolicy(get_association(session).sharing_policy),
        only_supplier_id=only_supplier_id,
    )
    session.add(planned)
    session.flush()
    for park_id, day in deliveries.items():
        session.add(RoundDelivery(round_id=round_key(planned), park_id=park_id, delivery_on=day))
    session.flush()
    audit.record(session, actor.label, "round.planned", planned, code=code)
    return planned


def next_cut_off(after: datetime) -> datetime:
    """The first Thursday noon in Paris after an instant: the usual cut-off."""
    local = after.astimezone(clock.PARIS)
    thursday = local.date() + timedelta(days=(3 - local.weekday()) % 7)
    noon = datetime.combine(thursday, time(12), clock.PARIS)
    return noon if noon > after else datetime.combine(thursday + timedelta(days=7), time(12), clock.PARIS)


def next_delivery_day(closes_at: datetime) -> date:
    """The Tuesday after a cut-off: the usual delivery day."""
    day = closes_at.astimezone(clock.PARIS).date()
    return day + timedelta(days=(1 - day.weekday()) % 7 or 7)


def open_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Open a planned round to orders, and carry over into it what earlier ones left waiting."""
    actor.require(Permission.MANAGE_ROUNDS)
    opened = get_round(session, code, lock=True)
    check_version(opened.version, expected_version)
    require_status(opened, RoundStatus.PLANNED)
    change_status(session, actor, opened, RoundStatus.OPEN)
    carry_over_into(session, actor, opened)
    if opened.only_supplier_id is None:
        jobs.defer(session, PLACE_STANDING_ORDERS, round_id=round_key(opened))
    return opened


def close_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Cut off: approved orders are locked, orders still waiting roll over, carts are emptied into nothing.

    Waits for checkouts under way, which hold a share of the round's row.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    closed = get_round(session, code, lock=True)
    check_version(closed.version, expected_version)
    require_status(closed, RoundStatus.OPEN)
    round_id = round_key(closed)
    for before, after in (
        (OrderStatus.APPROVED, OrderStatus.LOCKED),
        (OrderStatus.AWAITING_APPROVAL, OrderStatus.ROLLED_OVER),
    ):
        session.execute(
            update(MemberOrder)
            .where(col(MemberOrder.round_id) == round_id, col(MemberOrder.status) == before)
            .values(status=after, version=MemberOrder.version + 1)
        )
    closed.closed_at = clock.now()
    change_status(session, actor, closed, RoundStatus.CLOSED)
    recount_demand(session, round_id)
    release_rolled_over_budgets(session, round_id)
    following = next_round(session, closed)
    if following is not None:
        carry_over_into(session, actor, following)
    return closed


def cancel_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Call a round off before anything of it was approved; every placed order rolls over."""
    actor.require(Permission.MANAGE_ROUNDS)
    cancelled = get_round(session, code, lock=True)
    check_version(cancelled.version, expected_version)
    require_status(cancelled, RoundStatus.PLANNED, RoundStatus.OPEN, RoundStatus.CLOSED, RoundStatus.CONSOLIDATED)
    session.execute(
        text("""
            UPDATE member_orders SET status = 'rolled_over', version = version + 1
            WHERE round_id = :round_id AND status IN ('awaiting_approval', 'approved', 'locked')
        """),
        {"round_id": round_key(cancelled)},
    )
    clear_draft(session, round_key(cancelled))
    change_status(session, actor, cancelled, RoundStatus.CANCELLED)
    release_rolled_over_budgets(session, round_key(cancelled))
    following = next_round(session, cancelled)
    if following is not None:
        carry_over_into(session, actor, following)
    return cancelled


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
    SELECT l.id AS line_id, o.id AS order_id, l.quantity, l.tolerance,
           CASE WHEN EXISTS (SELECT FROM order_approvals a WHERE a.order_id = o.id AND a.decided_at IS NULL)
                THEN 'awaiting_approval' ELSE 'approved' END AS status
    FROM member_orders o JOIN order_lines l ON l.order_id = o.id
    WHERE o.status = 'rolled_over'
    UNION ALL
    -- What an approved round could not serve, or a supplier took away,
    -- where the line asks for it or the manager rolled the supplier over.
    SELECT l.id, o.id, a.units, least(l.tolerance, a.units), 'approved'
    FROM (
        SELECT order_line_id, round_id, reason, wanted - served AS units FROM allocations WHERE served < wanted
    ) a
    JOIN rounds r ON r.id = a.round_id AND r.status IN ('approved', 'sent', 'delivered', 'settled')
    JOIN order_lines l ON l.id = a.order_line_id
    JOIN member_orders o ON o.id = l.order_id
    WHERE {reasons}
"""
_ROLLING = (
    "(l.if_unfilled = 'roll_over' OR a.reason = 'supplier_rolled_over')"
    " AND a.reason IS DISTINCT FROM 'supplier_postponed'"
)
_POSTPONED = "a.reason = 'supplier_postponed'"


def carry_over_into(session: Session, actor: Actor, target: Round) -> int:
    """Place again, in `target`, everything that waits for a next round and was not carried over yet.

    A line is carried once: its successor names it, and the database takes one successor only. The lines keep
    their ceilings. Returns the number of lines carried.
    """
    waiting = _WAITING.format(reasons=_ROLLING if target.only_supplier_id is None else _POSTPONED)
    only = "" if target.only_supplier_id is None else "AND f.supplier_id = :supplier_id"
    parameters = {
        "target": round_key(target),
        "code": target.code,
        "now": clock.now(),
        "supplier_id": target.only_supplier_id,
    }
    session.execute(text("DROP TABLE IF EXISTS carried"))
    session.execute(
        text(f"""
            CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
            SELECT w.* FROM ({waiting}) w
            JOIN order_lines line ON line.id = w.line_id
            JOIN offers f ON f.id = line.offer_id AND f.withdrawn_at IS NULL {only}
            WHERE NOT EXISTS (SELECT FROM order_lines s WHERE s.rolled_over_from_id = w.line_id)
        """),
        parameters,
    )
    session.execute(
        text("""
            INSERT INTO member_orders (reference, round_id, company_id, person_id, park_id, status, placed_at,
                company_reference, cost_centre_id, rolled_over_from_id, version)
            SELECT split_part(o.reference, '>', 1) || '>' || :code || '-' || o.id, :target, o.company_id,
                o.person_id, o.park_id, c.status, o.placed_at, o.company_reference, o.cost_centre_id, o.id, 1
            FROM (SELECT order_id, min(status) AS status FROM carried GROUP BY order_id) c
            JOIN member_orders o ON o.id = c.order_id
            WHERE NOT EXISTS (
                SELECT FROM member_orders s WHERE s.rolled_over_from_id = o.id AND s.round_id = :target
            )
            ORDER BY o.id
        """),
        parameters,
    )
    lines = (
        session.execute(
            text("""
            INSERT INTO order_lines (order_id, offer_id, quantity, tolerance, ceiling_price, if_unfilled,
                accepts_equivalents, rolled_over_from_id)
            SELECT successor.id, l.offer_id, c.quantity, c.tolerance, l.ceiling_price, l.if_unfilled,
                l.accepts_equivalents, l.id
            FROM carried c
            JOIN order_lines l ON l.id = c.line_id
            JOIN member_orders successor
                ON successor.rolled_over_from_id = c.order_id AND successor.round_id = :target
            ORDER BY l.id
            RETURNING id
        """),
            parameters,
        )
        .scalars()
        .all()
    )
    session.execute(
        text("""
            INSERT INTO order_approvals (order_id, step, approver_id, because, comment)
            SELECT successor.id, a.step, a.approver_id, a.because, ''
            FROM order_approvals a
            JOIN member_orders successor ON successor.rolled_over_from_id = a.order_id
            WHERE successor.round_id = :target AND a.decided_at IS NULL
            ON CONFLICT DO NOTHING
        """),
        parameters,
    )
    if lines:
        carried = session.scalars(
            text("SELECT DISTINCT order_id FROM order_lines WHERE id = ANY(:ids)"), {"ids": list(lines)}
        )
        budgets.reserve_carried(session, list(carried))
        recount_demand(session, round_key(target))
        audit.record(session, actor.label, "round.carried_over", target, lines=len(lines))
    return len(lines)


def recount_demand(session: Session, round_id: int) -> None:
    """Count the group's demand of a round anew from its placed orders."""
    session.execute(text("DELETE FROM round_demand WHERE round_id = :round_id"), {"round_id": round_id})
    session.execute(
        text("""
            INSERT INTO round_demand (round_id, offer_id, quantity, tolerance, line_count)
            SELECT o.round_id, l.offer_id, sum(l.quantity), sum(l.tolerance), count(*)
            FROM member_orders o JOIN order_lines l ON l.order_id = o.id
            WHERE o.round_id = :round_id AND o.status IN ('awaiting_approval', 'approved', 'locked')
            GROUP BY o.round_id, l.offer_id
        """),
        {"round_id": round_id},
    )


def release_rolled_over_budgets(session: Session, round_id: int) -> None:
    """Give back what rolled-over orders of a round held of their budgets; their successors hold their own."""
    session.execute(
        text("""
            WITH freed AS (
                DELETE FROM budget_reservations r USING member_orders o
                WHERE o.id = r.order_id AND o.round_id = :round_id AND o.status = 'rolled_over'
                RETURNING r.budget_id, r.amount
            )
            UPDATE budgets SET committed = committed - f.amount
            FROM (SELECT budget_id, sum(amount) AS amount FROM freed GROUP BY budget_id) f
            WHERE budgets.id = f.budget_id
        """),
        {"round_id": round_id},
    )


def open_and_close_due_rounds(session: Session) -> list[str]:
    """Open the planned rounds whose opening has come, and close the open ones whose cut-off has; their codes."""
    now = clock.now()
    due = session.execute(
        select(Round.code, Round.status)
        .where(
            (col(Round.status) == RoundStatus.PLANNED) & (col(Round.opens_at) <= now)
            | (col(Round.status) == RoundStatus.OPEN) & (col(Round.closes_at) <= now)
        )
        .order_by(col(Round.closes_at), col(Round.id))
        .with_for_update(skip_locked=True)
    ).all()
    for code, status in due:
        step = open_round if status is RoundStatus.PLANNED else close_round
        step(session, SYSTEM, code)
    return [code for code, _status in due]
