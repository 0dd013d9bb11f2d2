"""The firm's page for its approvers: people and limits, approval rules with a preview, budgets, cost centres."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import sign_in
from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.accounts.queries import list_approvers, list_people
from app.accounts.service import change_person, invite_colleague
from app.catalog.queries import list_categories
from app.core import clock
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE
from app.orders.ordering import approval_settings, budgets
from app.orders.ordering.approval_rules import OrderFacts, StepRule, required_steps
from app.orders.ordering.pages import company_tables
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import typed_amount, typed_day, typed_whole
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)

Text = Annotated[str, Form(max_length=200)]


@router.get("/company")
def company_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    amount: str = "",
    articles: int = 1,
    category: int = 0,
    cursor: str | None = None,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern="^(people|rules|budgets|cost-centres)$")] = "people",
) -> Response:
    """Everything the firm sets up for its own orders; `amount`, `articles`, `category` preview its rules.

    `form` gives one of its tables as a file.
    """
    if form is not None:
        actor.require(Permission.MANAGE_COMPANY)
        return company_tables.TABLES[table](session, actor).as_file(form)
    return _page(request, session, actor, amount=amount, articles=articles, category=category, cursor=cursor)


def _page(
    request: Request,
    session: Session,
    actor: Actor,
    error: str | None = None,
    amount: str = "",
    articles: int = 1,
    category: int = 0,
    cursor: str | None = None,
) -> Response:
    actor.require(Permission.MANAGE_COMPANY)
    company_id = actor.require_company()
    rules = approval_settings.list_approval_rules(session, actor)
    approvers = list_approvers(session, company_id)
    categories = list_categories(session)
    preview = None
    try:
        asked = typed_amount(amount, "amount")
    except InvalidInput as refusal:
        asked, error = None, say(refusal)
    if asked is not None:
        facts = OrderFacts(asked, articles, frozenset({category} if category else ()), over_limit=False)
        preview = required_steps(facts, [approval_settings.step_rule(rule) for rule in rules])
    return render(
        request,
        "ordering/company.html",
        status_code=422 if error else 200,
        page=list_people(session, cursor, PAGE_SIZE, company_id),
        names={person.id: person.name for person in approvers},
        approvers=approvers,
        rules=rules,
        rule_words=company_tables.rule_words,
        categories=categories,
        category_names={category.id: category.name for category in categories},
        centres=approval_settings.list_cost_centres(session, actor),
        budgets=company_tables.budgets(session, actor),
        chart=company_tables.budget_chart(session, actor),
        month=clock.today().strftime("%Y-%m"),
        preview=preview,
        asked={"amount": amount, "articles": articles, "category": category},
        error=error,
    )


def _done(anchor: str) -> Response:
    return RedirectResponse(f"/company#{anchor}", 303)


@router.post("/company/people")
def invite(request: Request, session: SessionDep, actor: SignedIn, email: Text = "", name: Text = "",
           order_limit: Text = "", approver: Annotated[bool, Form()] = False) -> Response:  # fmt: skip
    """Invite a colleague by mail."""
    try:
        with session.begin_nested():
            limit = typed_amount(order_limit, "order_limit")
            added = invite_colleague(session, actor, email=email, name=name, order_limit=limit, approver=approver)
            sign_in.invite_all(session, [added])
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _done("people")


@router.post("/company/people/{person_id}")
def change(request: Request, session: SessionDep, actor: SignedIn, person_id: int, order_limit: Text = "",
           active: Annotated[bool, Form()] = False) -> Response:  # fmt: skip
    """Set a colleague's limit, and whether they may sign in."""
    try:
        with session.begin_nested():
            change_person(
                session, actor, person_id, order_limit=typed_amount(order_limit, "order_limit"), active=active
            )
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _done("people")


@router.post("/company/rules")
def add_rule(request: Request, session: SessionDep, actor: SignedIn, step: Annotated[int, Form(ge=1, le=10)] = 1,
             above_amount: Text = "", above_sku_count: Annotated[str, Form(pattern=r"^\d{0,4}$")] = "",
             category_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
             approver_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
             over_limit_only: Annotated[bool, Form()] = False) -> Response:  # fmt: skip
    """Add an approval rule."""
    try:
        with session.begin_nested():
            rule = StepRule(
                step,
                typed_amount(above_amount, "above_amount"),
                typed_whole(above_sku_count, "above_sku_count"),
                typed_whole(category_id, "category_id"),
                over_limit_only,
                typed_whole(approver_id, "approver_id"),
            )
            approval_settings.create_approval_rule(session, actor, rule)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _done("rules")


@router.post("/company/rules/{rule_id}/delete")
def delete_rule(session: SessionDep, actor: SignedIn, rule_id: int) -> Response:
    """Take a rule away."""
    approval_settings.delete_approval_rule(session, actor, rule_id)
    return _done("rules")


@router.post("/company/budgets")
def set_budget(request: Request, session: SessionDep, actor: SignedIn,
               month: Annotated[str, Form(pattern=r"^\d{4}-\d{2}$")], amount: Text = "",
               cost_centre_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "") -> Response:  # fmt: skip
    """Set a month's budget."""
    try:
        with session.begin_nested():
            value = typed_amount(amount, "amount")
            if value is None:
                raise InvalidInput("A budget needs an amount.", field="amount")
            centre = typed_whole(cost_centre_id, "cost_centre_id")
            first = typed_day(f"{month}-01")
            assert first is not None
            budgets.set_budget(session, actor, month=first, amount=value, cost_centre_id=centre)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _done("budgets")


@router.post("/company/cost-centres")
def add_cost_centre(
    request: Request, session: SessionDep, actor: SignedIn, code: Text = "", name: Text = ""
) -> Response:
    """Add a cost centre."""
    try:
        with session.begin_nested():
            approval_settings.create_cost_centre(session, actor, code.strip(), name.strip() or code.strip())
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _done("budgets")
