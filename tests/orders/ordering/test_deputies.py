"""Deputies: who decides in whose place, from when to when, and never on what is their own."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Role
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.approval_settings import create_approval_rule
from app.orders.ordering.approvals import decide_order
from app.orders.ordering.deputies import end_deputy, name_deputy
from app.orders.ordering.models.member_orders import MemberOrder
from app.orders.ordering.queries import carts as cart_queries
from app.orders.ordering.queries import deputies as deputy_queries
from app.orders.ordering.queries import orders as order_queries
from tests.factories import NOW, World
from tests.site import Site

TODAY = NOW.date()


class Firm:
    """A firm whose every order waits for its approver, with a colleague who may stand in."""

    def __init__(self, world: World) -> None:
        self.world = world
        company = world.a_company()
        self.approver = world.an_actor(Role.APPROVER, company=company)
        self.second = world.an_actor(Role.APPROVER, company=company)
        self.colleague, self.buyer = world.a_buyer(company), world.a_buyer(company)
        create_approval_rule(world.session, self.approver, StepRule(1, approver_id=self.approver.person_id))
        self.round = world.an_open_round()

    def an_order(self, buyer: Actor | None = None) -> MemberOrder:
        return self.world.an_order(self.round, (self.world.an_offer(), 1), buyer=buyer or self.buyer)

    def stand_in(self, deputy: Actor, first: int = 0, last: int = 7) -> int:
        made = name_deputy(
            self.world.session,
            self.approver,
            deputy_id=deputy.person_id or 0,
            first_day=TODAY + timedelta(days=first),
            last_day=TODAY + timedelta(days=last),
        )
        return made.id or 0


@pytest.fixture
def firm(world: World) -> Firm:
    return Firm(world)


def waiting(session: Session, actor: Actor) -> int:
    listed = len(order_queries.list_waiting(session, actor, None, 10).items)
    assert cart_queries.waiting_count(session, actor) == listed
    return listed


def test_a_deputy_sees_and_decides_what_waits_for_the_approver(firm: Firm, session: Session) -> None:
    order = firm.an_order()
    with pytest.raises(NotAllowed):
        decide_order(session, firm.colleague, order.id or 0, approve=True)
    with pytest.raises(Conflict, match="another approver"):
        decide_order(session, firm.second, order.id or 0, approve=True)
    firm.stand_in(firm.colleague)
    assert waiting(session, firm.colleague) == 1
    assert waiting(session, firm.second) == 0
    decide_order(session, firm.colleague, order.id or 0, approve=True)
    assert order.status == "approved"
    (step,) = order_queries.approvals_of(session, order.id or 0)
    assert (step.approver, step.decided_by) == (firm.approver.name, firm.colleague.name)


@pytest.mark.parametrize(("first", "last"), [(1, 3), (-3, -1)])
def test_a_deputy_decides_between_the_days_only(
    firm: Firm, session: Session, first: int, last: int, at_now: None
) -> None:
    order = firm.an_order()
    if last < 0:
        with clock.frozen(NOW - timedelta(days=5)):
            firm.stand_in(firm.colleague, first, last)
    else:
        firm.stand_in(firm.colleague, first, last)
    with pytest.raises(NotAllowed):
        decide_order(session, firm.colleague, order.id or 0, approve=True)
    assert cart_queries.waiting_count(session, firm.colleague) == 0


def test_a_deputy_decides_neither_on_their_own_order_nor_on_the_approvers(firm: Firm, session: Session) -> None:
    firm.stand_in(firm.colleague)
    own = firm.an_order(firm.colleague)
    with pytest.raises(Conflict, match="Nobody approves their own order"):
        decide_order(session, firm.colleague, own.id or 0, approve=True)
    approvers = firm.an_order(firm.approver)
    assert waiting(session, firm.colleague) == 0
    with pytest.raises(Conflict, match="Nobody approves their own order"):
        decide_order(session, firm.colleague, approvers.id or 0, approve=True)


def test_deputies_get_the_letters_while_they_stand_in(firm: Firm, session: Session) -> None:
    key = firm.stand_in(firm.colleague)
    firm.an_order()
    end_deputy(session, firm.approver, key)
    firm.an_order()
    letters = session.scalars(
        text("SELECT args->>'to' FROM procrastinate_jobs WHERE args->>'subject' LIKE 'Order % waits%' ORDER BY id")
    ).all()
    assert list(letters) == [firm.approver.label, firm.colleague.label, firm.approver.label]
    assert deputy_queries.deputies_of(session, firm.approver) == []


def test_only_a_colleague_can_stand_in_and_for_days_to_come(firm: Firm, session: Session) -> None:
    stranger = firm.world.a_buyer()
    with pytest.raises(NotFound):
        firm.stand_in(stranger)
    with pytest.raises(InvalidInput):
        firm.stand_in(firm.approver)
    with pytest.raises(InvalidInput):
        firm.stand_in(firm.colleague, 3, 2)
    with pytest.raises(InvalidInput):
        firm.stand_in(firm.colleague, -3, -1)
    with pytest.raises(NotFound):
        end_deputy(session, firm.second, firm.stand_in(firm.colleague))


def test_the_page_takes_a_deputy_and_keeps_what_was_typed(firm: Firm, session: Session, site: Site) -> None:
    form = {"deputy_id": firm.colleague.person_id, "first_day": str(TODAY), "last_day": ""}
    refused = site.post("/approvals/deputies", firm.approver, data=form)
    assert refused.status_code == 422
    assert f'value="{TODAY}"' in refused.text
    site.post("/approvals/deputies", firm.approver, data=form | {"last_day": str(TODAY)})
    assert f"{firm.colleague.name} stands in for you" in site.get("/approvals", firm.approver).text
    order = firm.an_order()
    assert "/approvals" in site.get("/", firm.colleague).text
    assert site.get(f"/orders/{order.id}", firm.colleague).status_code == 200
    assert order.reference in site.get("/approvals", firm.colleague).text
    assert "stand in" not in site.get("/approvals", firm.colleague).text


def test_the_cockpit_names_the_firms_that_have_not_decided(firm: Firm, site: Site) -> None:
    """The page's own list, which a name of the shell once hid."""
    firm.an_order()
    page = site.get("/cockpit", firm.world.a_manager()).text
    assert "None waits." not in page
    assert page.count("Firme C") == 1
