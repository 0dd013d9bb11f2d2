"""What a company sets up for its own orders: cost centres and approval rules."""

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Person
from app.accounts.permissions import Permission, Role
from app.catalog.models import Category
from app.core import audit
from app.core.errors import Conflict, InvalidInput, NotFound
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.models.company import ApprovalRule, CostCentre


def create_cost_centre(session: Session, actor: Actor, code: str, name: str) -> CostCentre:
    """Add a cost centre to the actor's company."""
    actor.require(Permission.MANAGE_COMPANY)
    company_id = actor.require_company()
    if session.exec(select(CostCentre).where(CostCentre.company_id == company_id, CostCentre.code == code)).first():
        raise Conflict("Your company has a cost centre {centre} already.", field="code", centre=code)
    centre = CostCentre(company_id=company_id, code=code, name=name)
    session.add(centre)
    session.flush()
    audit.record(session, actor.label, "cost_centre.created", centre, code=code)
    return centre


def list_cost_centres(session: Session, actor: Actor) -> list[CostCentre]:
    """The cost centres of the actor's company, by code."""
    company_id = actor.require_company()
    return list(
        session.exec(select(CostCentre).where(CostCentre.company_id == company_id).order_by(col(CostCentre.code)))
    )


def create_approval_rule(session: Session, actor: Actor, rule: StepRule) -> ApprovalRule:
    """Add an approval rule to the actor's company; it holds for orders placed from then on."""
    actor.require(Permission.MANAGE_COMPANY)
    company_id = actor.require_company()
    if rule.approver_id is not None:
        approver = session.get(Person, rule.approver_id)
        if approver is None or approver.company_id != company_id or Role.APPROVER.value not in approver.roles:
            raise InvalidInput("The rule names somebody who is no approver of your company.", field="approver_id")
    if rule.category_id is not None and session.get(Category, rule.category_id) is None:
        raise NotFound("There is no such category.", field="category_id")
    made = ApprovalRule(
        company_id=company_id,
        step=rule.step,
        above_amount=rule.above_amount,
        above_sku_count=rule.above_sku_count,
        category_id=rule.category_id,
        over_limit_only=rule.over_limit_only,
        approver_id=rule.approver_id,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor.label, "approval_rule.created", made, step=rule.step)
    return made


def step_rule(rule: ApprovalRule) -> StepRule:
    """A stored rule as the pure one that decides."""
    return StepRule(
        rule.step, rule.above_amount, rule.above_sku_count, rule.category_id, rule.over_limit_only, rule.approver_id
    )


def list_approval_rules(session: Session, actor: Actor) -> list[ApprovalRule]:
    """The approval rules of the actor's company, by step."""
    company_id = actor.require_company()
    query = select(ApprovalRule).where(ApprovalRule.company_id == company_id)
    return list(session.exec(query.order_by(col(ApprovalRule.step), col(ApprovalRule.id))))


def delete_approval_rule(session: Session, actor: Actor, rule_id: int) -> None:
    """Take an approval rule away; orders that wait already keep their steps."""
    actor.require(Permission.MANAGE_COMPANY)
    rule = session.get(ApprovalRule, rule_id)
    if rule is None or rule.company_id != actor.company_id:
        raise NotFound("There is no such rule.")
    audit.record(session, actor.label, "approval_rule.deleted", rule, step=rule.step)
    session.delete(rule)
