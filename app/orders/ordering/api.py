"""Routes of what a company sets up for its own orders: budgets, cost centres, approval rules."""

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.orders.ordering import approval_settings, budgets, schemas
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.queries import orders as order_queries
from app.web.api import Id, api_router
from app.web.edge import SessionDep

router = api_router("company")


@router.get("/budgets")
def list_budgets(session: SessionDep, actor: SignedIn) -> list[schemas.BudgetOut]:
    """My company's budgets, the newest month first."""
    actor.require(Permission.PLACE_ORDERS)
    return [
        schemas.BudgetOut.model_validate(row) for row in order_queries.list_budgets(session, actor.require_company())
    ]


@router.put("/budgets")
def set_budget(session: SessionDep, actor: SignedIn, budget: schemas.BudgetIn) -> schemas.BudgetOut:
    """Set a month's budget of my company or of one of its cost centres."""
    return schemas.BudgetOut.model_validate(budgets.set_budget(session, actor, **budget.model_dump()))


@router.get("/cost-centres")
def list_cost_centres(session: SessionDep, actor: SignedIn) -> list[schemas.CostCentreOut]:
    """My company's cost centres."""
    return [schemas.CostCentreOut.model_validate(c) for c in approval_settings.list_cost_centres(session, actor)]


@router.post("/cost-centres", status_code=201)
def create_cost_centre(session: SessionDep, actor: SignedIn, centre: schemas.CostCentreIn) -> schemas.CostCentreOut:
    """Add a cost centre."""
    made = approval_settings.create_cost_centre(session, actor, centre.code, centre.name)
    return schemas.CostCentreOut.model_validate(made)


@router.get("/approval-rules")
def list_approval_rules(session: SessionDep, actor: SignedIn) -> list[schemas.ApprovalRuleOut]:
    """My company's approval rules, by step."""
    return [schemas.ApprovalRuleOut.model_validate(r) for r in approval_settings.list_approval_rules(session, actor)]


@router.post("/approval-rules", status_code=201)
def create_approval_rule(session: SessionDep, actor: SignedIn, rule: schemas.ApprovalRuleIn) -> schemas.ApprovalRuleOut:
    """Add an approval rule."""
    made = approval_settings.create_approval_rule(session, actor, StepRule(**rule.model_dump()))
    return schemas.ApprovalRuleOut.model_validate(made)


@router.delete("/approval-rules/{rule_id}", status_code=204)
def delete_approval_rule(session: SessionDep, actor: SignedIn, rule_id: Id) -> None:
    """Take an approval rule away."""
    approval_settings.delete_approval_rule(session, actor, rule_id)
