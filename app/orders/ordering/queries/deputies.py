"""Who decides in whose place."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission, Role
from app.core import clock
from app.core.database import rows_as
from app.orders.ordering.models.member_orders import OrderStatus

# The approvers that a person may decide as today: themselves, and those whom they stand in for.
PRINCIPALS = """
    SELECT CAST(:person_id AS int) AS id WHERE :is_approver
    UNION
    SELECT d.approver_id FROM deputies d
    JOIN people a ON a.id = d.approver_id AND a.active AND :approver = ANY(a.roles) AND a.company_id = :company_id
    WHERE d.deputy_id = :person_id AND :today BETWEEN d.first_day AND d.last_day
"""

# Orders of the firm whose next step such a person may decide; nobody decides on an order of theirs, nor as its buyer.
WAITING = f"""
    SELECT m.* FROM member_orders m
    JOIN LATERAL (
        SELECT approver_id FROM order_approvals a
        WHERE a.order_id = m.id AND a.decided_at IS NULL ORDER BY step LIMIT 1
    ) next ON EXISTS (
        SELECT FROM ({PRINCIPALS}) principal
        WHERE principal.id <> m.person_id AND (next.approver_id = principal.id OR NOT EXISTS (
            SELECT FROM people named WHERE named.id = next.approver_id AND named.active
                AND :approver = ANY(named.roles) AND named.company_id = m.company_id AND named.id <> m.person_id
        ))
    )
    WHERE m.company_id = :company_id AND m.status = :awaiting_approval AND m.person_id <> :person_id
"""


def principal_parameters(actor: Actor) -> dict[str, object]:
    """What `PRINCIPALS` and `WAITING` are filled in with."""
    return {
        "person_id": actor.person_id,
        "company_id": actor.company_id,
        "is_approver": actor.may(Permission.APPROVE_COMPANY_ORDERS),
        "today": clock.today(),
        "approver": Role.APPROVER,
        "awaiting_approval": OrderStatus.AWAITING_APPROVAL,
    }


def principals_of(session: Session, actor: Actor) -> frozenset[int]:
    """The approvers of the actor's firm that the actor may decide as today; the actor too, if an approver."""
    return frozenset(session.scalars(text(PRINCIPALS), principal_parameters(actor)))


class DeputyRow(NamedTuple):
    """Somebody who stands in, from a day to a day (both included)."""

    id: int
    name: str
    first_day: date
    last_day: date


def deputies_of(session: Session, actor: Actor) -> list[DeputyRow]:
    """Who stands in for the actor now or later, the earliest first."""
    rows = session.execute(
        text("""
            SELECT d.id, p.name, d.first_day, d.last_day FROM deputies d JOIN people p ON p.id = d.deputy_id
            WHERE d.approver_id = :person_id AND d.last_day >= :today ORDER BY d.first_day, d.id LIMIT 50
        """),
        {"person_id": actor.person_id, "today": clock.today()},
    )
    return rows_as(DeputyRow, rows)
