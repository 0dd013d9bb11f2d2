"""The association's approval of a consolidated round, and what follows: drops, books, carrying over."""

from datetime import timedelta

from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version, get_association
from app.catalog.models import Supplier
from app.commission.ledger.entries import book, commission_entry
from app.core import audit, clock
from app.core.errors import Conflict
from app.core.money import ZERO
from app.orders.consolidation.drops import make_drops
from app.orders.consolidation.models.rounds import RoundApproval
from app.orders.consolidation.models.supplier_orders import (
    SupplierAlert,
    SupplierChoice,
    SupplierDecision,
    SupplierOrder,
    SupplierOrderStatus,
)
from app.orders.consolidation.rollover import carry_over_into, next_round
from app.orders.consolidation.round_lifecycle import open_round
from app.orders.consolidation.shares import costs_of_orders
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.ordering import budgets
from app.orders.rounds.models import Round, RoundDelivery, RoundStatus
from app.orders.rounds.service import create_round, get_round, move_on, require_event, round_key
from app.orders.rounds.states import RoundEvent


def approve_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Approve a consolidated round; where its amount asks for a second person, the first approval waits for them.

    Approving books the commission, makes the drops, settles budgets and carries unfilled lines over: once, however
    many approve at the same moment. Raises `Conflict` while a supplier under its minimum is undecided.
    """
    actor.require(Permission.APPROVE_ROUNDS)
    approved = get_round(session, code, lock=True)
    check_version(approved.version, expected_version)
    require_event(approved, RoundEvent.APPROVE)
    _require_decided_alerts(session, approved)
    round_id = round_key(approved)
    newly = session.scalar(
        insert(RoundApproval)
        .values(round_id=round_id, approver=actor.identity, approved_at=clock.now())
        .on_conflict_do_nothing()
        .returning(col(RoundApproval.approver))
    )
    approvals = session.scalar(select(func.count()).where(RoundApproval.round_id == round_id)) or 0
    if approvals < 2 and second_person_needed(session, actor, approved):
        if newly is None:
            raise Conflict("You approved this round already: a second person must approve it too.", code="same_person")
        audit.record(session, actor.label, "round.first_approval", approved, code=code)
        approved.version += 1
        return approved
    _take_effect(session, actor, approved)
    return approved


def second_person_needed(session: Session, actor: Actor, approved: Round) -> bool:
    """Whether one approval is not enough: an order above the limit, or the approver's own line above it."""
    limit = get_association(session).second_approval_above
    round_id = round_key(approved)
    largest = session.scalar(select(func.max(SupplierOrder.amount)).where(SupplierOrder.round_id == round_id))
    if (largest or ZERO) > limit:
        return True
    own_line = session.execute(
        text("""
            WITH own AS MATERIALIZED (
                SELECT id FROM member_orders WHERE person_id = :person_id AND round_id = :round_id
            )
            SELECT 1 FROM own JOIN order_lines l ON l.order_id = own.id JOIN allocations a ON a.order_line_id = l.id
            WHERE a.amount > :limit LIMIT 1
        """),
        {"round_id": round_id, "person_id": actor.person_id, "limit": limit},
    ).scalar_one_or_none()
    return own_line is not None


def _require_decided_alerts(session: Session, approved: Round) -> None:
    undecided = session.scalars(
        select(Supplier.code)
        .join(SupplierOrder, col(SupplierOrder.supplier_id) == Supplier.id)
        .outerjoin(
            SupplierChoice,
            (col(SupplierChoice.round_id) == SupplierOrder.round_id)
            & (col(SupplierChoice.supplier_id) == SupplierOrder.supplier_id),
        )
        .where(
            SupplierOrder.round_id == round_key(approved),
            col(SupplierOrder.alert) == SupplierAlert.BELOW_MINIMUM,
            col(SupplierChoice.decision).is_(None),
        )
        .order_by(col(Supplier.code))
    ).all()
    if undecided:
        raise Conflict(
            "Decide first about the suppliers under their minimum order: {suppliers}",
            code="alerts_undecided",
            suppliers=", ".join(undecided),
        )


def _take_effect(session: Session, actor: Actor, approved: Round) -> None:
    round_id = round_key(approved)
    session.execute(
        update(SupplierOrder)
        .where(col(SupplierOrder.round_id) == round_id)
        .values(
            status=SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.APPROVE, SupplierOrderStatus.DRAFT),
            approved_at=clock.now(),
            version=SupplierOrder.version + 1,
        )
    )
    make_drops(session, round_id)
    _count_result(session, round_id)
    _book_commission(session, round_id)
    budgets.settle(session, costs_of_orders(session, round_id=round_id))
    move_on(session, actor, approved, RoundEvent.APPROVE, RoundStatus.APPROVED)
    _keep_postponed_suppliers_open(session, approved)
    following = next_round(session, approved)
    if following is not None:
        carry_over_into(session, actor, following)


def _count_result(session: Session, round_id: int) -> None:
    """Keep what the round came to, in figures."""
    session.execute(
        text("""
            INSERT INTO round_results (round_id, order_count, company_count, firm_deliveries, drop_count)
            SELECT :round_id, count(DISTINCT o.id), count(DISTINCT o.company_id),
                count(DISTINCT (a.supplier_order_id, o.company_id)),
                (SELECT count(*) FROM drops d JOIN supplier_orders s ON s.id = d.supplier_order_id
                 WHERE s.round_id = :round_id)
            FROM allocations a
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id
            WHERE a.round_id = :round_id AND a.supplier_order_id IS NOT NULL
            ON CONFLICT (round_id) DO NOTHING
        """),
        {"round_id": round_id},
    )


def _book_commission(session: Session, round_id: int) -> None:
    orders = session.exec(
        select(SupplierOrder)
        .where(SupplierOrder.round_id == round_id, SupplierOrder.commission > 0)
        .order_by(col(SupplierOrder.number))
        .execution_options(populate_existing=True)
    ).all()
    book(session, [commission_entry(order.number, order.supplier_id, order.commission) for order in orders])


def _keep_postponed_suppliers_open(session: Session, approved: Round) -> None:
    """A sequel round for each postponed supplier: open at once, until the chosen instant, with the lines carried."""
    postponed = session.execute(
        select(SupplierChoice.supplier_id, SupplierChoice.keep_open_until, Supplier.code)
        .join(Supplier, col(Supplier.id) == SupplierChoice.supplier_id)
        .where(SupplierChoice.round_id == round_key(approved), SupplierChoice.decision == SupplierDecision.POSTPONE)
        .order_by(col(Supplier.code))
    ).all()
    days = session.exec(select(RoundDelivery).where(RoundDelivery.round_id == round_key(approved))).all()
    for supplier_id, keep_open_until, supplier_code in postponed:
        assert keep_open_until is not None
        later = keep_open_until - approved.closes_at
        sequel = create_round(
            session,
            SYSTEM,
            code=f"{approved.code}-{supplier_code}",
            name=approved.name,
            opens_at=clock.now() - timedelta(seconds=1),
            closes_at=keep_open_until,
            deliveries={d.park_id: d.delivery_on + timedelta(days=max(later.days, 0) + 1) for d in days},
            sharing_policy=approved.sharing_policy,
            only_supplier_id=supplier_id,
        )
        open_round(session, SYSTEM, sequel.code)
