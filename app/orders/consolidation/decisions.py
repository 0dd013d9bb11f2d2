"""The manager's decisions about a consolidated round: lines taken out, pack counts, suppliers under their terms.

Each is written down and consolidates the round again.
"""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import audit, clock
from app.core.errors import InvalidInput, NotFound
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.supplier_orders import PackDecision, SupplierChoice, SupplierDecision
from app.orders.ordering.models.member_orders import MemberOrder, OrderLine, OrderStatus
from app.orders.rounds.models import Round
from app.orders.rounds.service import get_round, require_event, round_key
from app.orders.rounds.states import RoundEvent


def exclude_line(session: Session, actor: Actor, code: str, line_id: int, because: str) -> Round:
    """Take one member line out of a consolidated round, with a reason its buyer is told, and consolidate again."""
    if not because.strip():
        raise InvalidInput("Say why the line is taken out: its buyer is told.", field="because")
    _decidable(session, actor, code)
    line = _line_of_round(session, code, line_id)
    line.excluded_because = because.strip()[:200]
    audit.record(session, actor.label, "order_line.excluded", line, because=line.excluded_because)
    return consolidate_round(session, actor, code)


def put_line_back(session: Session, actor: Actor, code: str, line_id: int) -> Round:
    """Let a line that was taken out take part again, and consolidate again."""
    _decidable(session, actor, code)
    line = _line_of_round(session, code, line_id)
    line.excluded_because = None
    audit.record(session, actor.label, "order_line.put_back", line)
    return consolidate_round(session, actor, code)


def _line_of_round(session: Session, code: str, line_id: int) -> OrderLine:
    line = session.get(OrderLine, line_id)
    order = session.get(MemberOrder, line.order_id) if line else None
    if line is None or order is None or order.round_id != round_key(get_round(session, code)):
        raise NotFound("There is no such line in this round.")
    return line


def set_packs(session: Session, actor: Actor, code: str, offer_id: int, packs: int | None) -> Round:
    """Order another number of packs of an offer, within what members want and tolerate; None takes the rule's own."""
    purchasing_round = _decidable(session, actor, code)
    round_id = round_key(purchasing_round)
    wanted = session.execute(
        text("""
            SELECT sum(l.quantity + l.tolerance) / max(f.pack_size) FROM order_lines l
            JOIN member_orders o ON o.id = l.order_id AND o.round_id = :round_id AND o.status = :locked
            LEFT JOIN line_moves m ON m.order_line_id = l.id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = coalesce(m.offer_id, l.offer_id)
            WHERE f.offer_id = :offer_id AND l.excluded_because IS NULL
                AND (m.order_line_id IS NULL OR m.offer_id IS NOT NULL)
        """),
        {"round_id": round_id, "offer_id": offer_id, "locked": OrderStatus.LOCKED},
    ).scalar_one()
    if wanted is None:
        raise NotFound("Nobody wants this offer in this round.", field="offer_id")
    if packs is not None and not 0 <= packs <= wanted:
        raise InvalidInput(
            "Members want and tolerate at most {most} packs.",
            code="packs_out_of_range",
            field="packs",
            most=int(wanted),
        )
    decision = session.get(PackDecision, (round_id, offer_id))
    if decision is not None:
        session.delete(decision)
        session.flush()
    if packs is not None:
        session.add(PackDecision(round_id=round_id, offer_id=offer_id, packs=packs))
    audit.record(session, actor.label, "round.packs_set", purchasing_round, offer_id=offer_id, packs=packs)
    return consolidate_round(session, actor, code)


def choose_for_supplier(
    session: Session,
    actor: Actor,
    code: str,
    supplier_id: int,
    decision: SupplierDecision,
    keep_open_until: datetime | None = None,
) -> Round:
    """Decide about a supplier under its minimum or free-delivery amount, and consolidate again.

    Pay the fee, keep it open until a later instant (`keep_open_until`), roll its lines over, or drop it.
    """
    purchasing_round = _decidable(session, actor, code)
    if (decision is SupplierDecision.POSTPONE) != (keep_open_until is not None):
        raise InvalidInput("Keeping a supplier open needs the later instant, and only that.", field="keep_open_until")
    if keep_open_until is not None and keep_open_until <= max(clock.now(), purchasing_round.closes_at):
        raise InvalidInput("The later instant lies after now and after the cut-off.", field="keep_open_until")
    round_id = round_key(purchasing_round)
    wanted = session.execute(
        text("""
            SELECT 1 FROM order_lines l
            JOIN member_orders o ON o.id = l.order_id AND o.round_id = :round_id AND o.status = :locked
            LEFT JOIN line_moves m ON m.order_line_id = l.id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = coalesce(m.offer_id, l.offer_id)
                AND f.supplier_id = :supplier_id LIMIT 1
        """),
        {"round_id": round_id, "supplier_id": supplier_id, "locked": OrderStatus.LOCKED},
    ).scalar_one_or_none()
    if wanted is None:
        raise NotFound("Nobody orders from this supplier in this round.", field="supplier_id")
    choice = session.get(SupplierChoice, (round_id, supplier_id))
    if choice is None:
        choice = SupplierChoice(round_id=round_id, supplier_id=supplier_id, decision=decision)
        session.add(choice)
    choice.decision, choice.keep_open_until = decision, keep_open_until
    session.flush()
    audit.record(
        session,
        actor.label,
        "round.supplier_decided",
        purchasing_round,
        supplier_id=supplier_id,
        decision=decision.value,
    )
    return consolidate_round(session, actor, code)


def take_choice_back(session: Session, actor: Actor, code: str, supplier_id: int) -> Round:
    """Undo what was decided about a supplier, and consolidate again."""
    purchasing_round = _decidable(session, actor, code)
    choice = session.get(SupplierChoice, (round_key(purchasing_round), supplier_id))
    if choice is None:
        raise NotFound("Nothing was decided about this supplier.", field="supplier_id")
    session.delete(choice)
    session.flush()
    audit.record(session, actor.label, "round.supplier_undecided", purchasing_round, supplier_id=supplier_id)
    return consolidate_round(session, actor, code)


def _decidable(session: Session, actor: Actor, code: str) -> Round:
    actor.require(Permission.MANAGE_ROUNDS)
    purchasing_round = get_round(session, code, lock=True)
    require_event(purchasing_round, RoundEvent.DECIDE)
    return purchasing_round
