"""The tables of the firm's page, and the chart of its budgets."""

from collections.abc import Callable

from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.labels import role_words
from app.accounts.queries import list_approvers, list_people
from app.catalog.queries import list_categories
from app.core.i18n import format_money
from app.core.i18n import gettext as _
from app.core.pagination import every_row
from app.orders.ordering import approval_settings
from app.orders.ordering.models.company import ApprovalRule
from app.orders.ordering.queries import orders as order_queries
from app.web.charts import BarChart, part_of_whole_chart
from app.web.tables import Column, Table

MONTHS_DRAWN = 12


def people(session: Session, actor: Actor) -> Table:
    """Everybody of the firm."""
    columns = [Column(_("Person")), Column(_("Mail address")), Column(_("Role")), Column(_("Limit"), "money")]
    columns.append(Column(_("Access")))
    found = every_row(lambda at, limit: list_people(session, at, limit, actor.require_company()))
    return Table(
        "people",
        columns,
        (
            (p.name, p.email, ", ".join(role_words()[role] for role in p.roles), p.order_limit)
            + (_("may sign in") if p.active else _("no access"),)
            for p in found
        ),
    )


def rules(session: Session, actor: Actor) -> Table:
    """The approval rules in words."""
    names = {person.id: person.name for person in list_approvers(session, actor.require_company())}
    categories = {category.id: category.name for category in list_categories(session)}
    return Table(
        "approval-rules",
        [Column(_("Step"), "number"), Column(_("When")), Column(_("Who decides"))],
        [
            (rule.step, rule_words(rule, categories), names.get(rule.approver_id, _("any approver")))
            for rule in approval_settings.list_approval_rules(session, actor)
        ],
    )


def rule_words(rule: ApprovalRule, categories: dict[int | None, str]) -> str:
    """When a rule asks for its step."""
    conditions = [
        _("above") + " " + format_money(rule.above_amount) if rule.above_amount is not None else "",
        f"{_('more articles than')} {rule.above_sku_count}" if rule.above_sku_count is not None else "",
        f"{_('category')} {categories[rule.category_id]}" if rule.category_id else "",
        _("above the buyer's limit") if rule.over_limit_only else "",
    ]
    return ", ".join(filter(None, conditions)) or _("always")


def budgets(session: Session, actor: Actor) -> Table:
    """Budgets by month, the newest first."""
    columns = [Column(_("Month"), "month"), Column(_("For")), Column(_("Committed"), "money")]
    columns += [Column(_("Budget"), "money"), Column(_("Left"), "money")]
    rows = [
        (budget.month, budget.cost_centre or _("the whole firm"), budget.committed, budget.amount, budget.left)
        for budget in order_queries.list_budgets(session, actor.require_company())
    ]
    return Table("budgets", columns, rows)


def budget_chart(session: Session, actor: Actor) -> BarChart | None:
    """The whole firm's budgets of the last months and what is committed of them; None without any."""
    whole = [b for b in order_queries.list_budgets(session, actor.require_company()) if b.cost_centre_id is None]
    drawn = sorted(whole, key=lambda b: b.month)[-MONTHS_DRAWN:]
    return part_of_whole_chart([(f"{b.month:%m/%y}", b.committed, b.amount) for b in drawn]) if drawn else None


def cost_centres(session: Session, actor: Actor) -> Table:
    """Cost centres by code."""
    rows = [(centre.code, centre.name) for centre in approval_settings.list_cost_centres(session, actor)]
    return Table("cost-centres", [Column(_("Code")), Column(_("Name"))], rows)


TABLES: dict[str, Callable[[Session, Actor], Table]] = {
    "people": people,
    "rules": rules,
    "budgets": budgets,
    "cost-centres": cost_centres,
}
