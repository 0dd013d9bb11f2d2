"""Who sees what: categories and offers that are open to some firms, parks or roles only."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company, Park
from app.accounts.permissions import COMPANY_ROLES, Permission, Role
from app.catalog.models import AssortmentRule, Category, Offer
from app.core import audit
from app.core.database import rows_as
from app.core.errors import InvalidInput, NotFound


@dataclass(frozen=True)
class Hidden:
    """The categories and offers that somebody does not see."""

    category_ids: frozenset[int] = field(default_factory=frozenset)
    offer_ids: frozenset[int] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        """Whether anything is hidden."""
        return bool(self.category_ids or self.offer_ids)

    def covers(self, offer_id: int, category_id: int) -> bool:
        """Whether an offer of a category is hidden."""
        return offer_id in self.offer_ids or category_id in self.category_ids


NOTHING = Hidden()


def hidden_from(session: Session, actor: Actor | None) -> Hidden:
    """What an actor does not see; people of the association see everything, strangers nothing that is restricted."""
    if actor is not None and actor.company_id is None:
        return NOTHING
    rows = session.execute(
        text("""
            SELECT r.category_id, r.offer_id FROM assortment_rules r LEFT JOIN companies c ON c.id = :company_id
            GROUP BY r.category_id, r.offer_id
            HAVING NOT bool_or(
                (r.company_id IS NULL OR r.company_id IS NOT DISTINCT FROM c.id)
                AND (r.park_id IS NULL OR r.park_id IS NOT DISTINCT FROM c.park_id)
                AND (r.role IS NULL OR r.role = ANY(:roles)))
        """),
        {
            "company_id": actor.company_id if actor else None,
            "roles": [role.value for role in actor.roles] if actor else [],
        },
    ).all()
    return Hidden(
        frozenset(row.category_id for row in rows if row.category_id is not None),
        frozenset(row.offer_id for row in rows if row.offer_id is not None),
    )


class RuleRow(NamedTuple):
    """A rule in words."""

    id: int
    category: str | None
    offer: str | None
    company: str | None
    park: str | None
    role: str | None


def list_rules(session: Session) -> list[RuleRow]:
    """Every rule, by what it is about."""
    rows = session.execute(
        text("""
            SELECT r.id, g.name AS category, f.sku || ' ' || f.name AS offer, c.name AS company, k.name AS park, r.role
            FROM assortment_rules r
            LEFT JOIN categories g ON g.id = r.category_id
            LEFT JOIN offers f ON f.id = r.offer_id
            LEFT JOIN companies c ON c.id = r.company_id
            LEFT JOIN parks k ON k.id = r.park_id
            ORDER BY g.name, f.sku, r.id LIMIT 2000
        """)
    )
    return rows_as(RuleRow, rows)


def open_to(
    session: Session,
    actor: Actor,
    *,
    category_id: int | None = None,
    sku: str = "",
    company_id: int | None = None,
    park_id: int | None = None,
    role: Role | None = None,
) -> AssortmentRule:
    """Open a category, or the offer of a SKU, to those alone who meet every condition given.

    A second rule about the same thing opens it to others too.
    """
    actor.require(Permission.MANAGE_CATALOG)
    if (category_id is None) is (not sku.strip()):
        raise InvalidInput("Give either a category or a SKU.", field="sku")
    if company_id is None and park_id is None and role is None:
        raise InvalidInput("Say to whom it is open: a firm, a park or a role.", field="company_id")
    if role is not None and role not in COMPANY_ROLES:
        raise InvalidInput("Only people of member firms order: employees or approvers.", field="role")
    for model, key, field_name in (
        (Category, category_id, "category_id"),
        (Company, company_id, "company_id"),
        (Park, park_id, "park_id"),
    ):
        if key is not None and session.get(model, key) is None:
            raise NotFound("There is no such category, firm or park.", field=field_name)
    rule = AssortmentRule(
        category_id=category_id,
        offer_id=_offer_of(session, sku.strip()) if sku.strip() else None,
        company_id=company_id,
        park_id=park_id,
        role=role.value if role else None,
    )
    session.add(rule)
    session.flush()
    audit.record(session, actor.label, "assortment.restricted", rule)
    return rule


def _offer_of(session: Session, sku: str) -> int:
    found = session.exec(select(Offer.id).where(Offer.sku == sku, col(Offer.withdrawn_at).is_(None))).all()
    if not found or found[0] is None:
        raise NotFound("There is no offer {sku}.", field="sku", sku=sku)
    if len(found) > 1:
        raise InvalidInput("Several suppliers have the SKU {sku}: restrict its category instead.", field="sku", sku=sku)
    return found[0]


def drop_rule(session: Session, actor: Actor, rule_id: int) -> None:
    """Take a rule away; without any, everyone sees the category or offer again."""
    actor.require(Permission.MANAGE_CATALOG)
    rule = session.get(AssortmentRule, rule_id)
    if rule is None:
        raise NotFound("There is no such rule.")
    audit.record(session, actor.label, "assortment.opened", rule)
    session.delete(rule)
