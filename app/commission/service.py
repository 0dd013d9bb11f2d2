"""Use cases about commission rules."""

from datetime import date
from decimal import Decimal

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.models import Category, Offer, Supplier
from app.commission.models import CommissionRule
from app.commission.tariff import Rate, Rule, Scope, Tariff
from app.core import audit
from app.core.errors import InvalidInput, NotFound
from app.core.money import ZERO


def create_rule(
    session: Session,
    actor: Actor,
    *,
    percent: Decimal,
    offer_id: int | None = None,
    supplier_id: int | None = None,
    category_id: int | None = None,
    minimum: Decimal | None = None,
    maximum: Decimal | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> CommissionRule:
    """Add a rule; past rules stay as they are. Raises `InvalidInput` for figures out of range or order."""
    actor.require(Permission.MANAGE_COMMISSION)
    if not ZERO <= percent <= 100:
        raise InvalidInput("A commission rate lies between 0 and 100 percent.", field="percent")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise InvalidInput("The minimum is not above the maximum.", field="minimum")
    if valid_from and valid_to and valid_from > valid_to:
        raise InvalidInput("The first day is not after the last.", field="valid_from")
    if offer_id is not None and (supplier_id is not None or category_id is not None):
        raise InvalidInput("A rule for an offer names neither supplier nor category.", field="offer_id")
    for model, key, field in (
        (Offer, offer_id, "offer_id"),
        (Supplier, supplier_id, "supplier_id"),
        (Category, category_id, "category_id"),
    ):
        if key is not None and session.get(model, key) is None:
            raise NotFound("The rule names something that does not exist.", field=field)
    rule = CommissionRule(
        percent=percent,
        offer_id=offer_id,
        supplier_id=supplier_id,
        category_id=category_id,
        minimum=minimum,
        maximum=maximum,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    session.add(rule)
    session.flush()
    audit.record(session, actor.label, "commission_rule.created", rule, percent=str(percent))
    return rule


def tariff_on(session: Session, day: date) -> Tariff:
    """The commission rules that hold on a day."""
    rules = session.exec(select(CommissionRule).order_by(col(CommissionRule.id))).all()
    return Tariff(
        (
            Rule(
                rule.id or 0,
                Scope(rule.offer_id, rule.supplier_id, rule.category_id),
                Rate(rule.percent, rule.minimum, rule.maximum),
                rule.valid_from,
                rule.valid_to,
            )
            for rule in rules
        ),
        day,
    )
