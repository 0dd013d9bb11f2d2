"""Deciding by a mailed link: one approver, one order, once; nothing happens by just opening it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.permissions import Role
from app.core import clock
from app.core.errors import Conflict, InvalidInput
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.approval_settings import create_approval_rule
from app.orders.ordering.approvals import decide_by_link
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus
from tests.factories import NOW, World
from tests.site import Site


def letters(session: Session) -> list[dict[str, str]]:
    return list(
        session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id")).scalars()
    )


def token_in(letter: dict[str, str]) -> str:
    found = re.search(r"/approvals/by-mail\?token=([\w-]+)", letter["body"])
    assert found is not None
    assert found[0] in letter["html"]
    return found[1]


@pytest.fixture
def waiting(world: World, session: Session) -> MemberOrder:
    company = world.a_company()
    first, second = (world.an_actor(Role.APPROVER, company=company) for _ in range(2))
    create_approval_rule(session, first, StepRule(1, approver_id=first.person_id))
    create_approval_rule(session, first, StepRule(2, approver_id=second.person_id))
    return world.an_order(world.an_open_round(), (world.an_offer(), 2), buyer=world.a_buyer(company))


def test_each_step_is_asked_by_mail_when_it_is_its_turn(session: Session, waiting: MemberOrder) -> None:
    (first,) = letters(session)
    assert decide_by_link(session, token_in(first), approve=True).status is OrderStatus.AWAITING_APPROVAL
    second = letters(session)[1]
    assert second["to"] != first["to"]
    assert decide_by_link(session, token_in(second), approve=True).status is OrderStatus.APPROVED
    assert "is approved" in letters(session)[2]["subject"]


def test_a_link_decides_once_and_not_after_its_time(session: Session, waiting: MemberOrder) -> None:
    token = token_in(letters(session)[0])
    with clock.frozen(NOW + timedelta(days=15)), pytest.raises(InvalidInput, match="too old"):
        decide_by_link(session, token, approve=True)
    decide_by_link(session, token, approve=False, comment="non")
    assert waiting.status is OrderStatus.REJECTED
    with pytest.raises(InvalidInput, match="used or too old"):
        decide_by_link(session, token, approve=True)


def test_a_link_gives_no_more_rights_than_its_approver_has(session: Session, waiting: MemberOrder) -> None:
    token = token_in(letters(session)[0])
    with clock.frozen(NOW + timedelta(days=4)), pytest.raises(Conflict, match="takes no orders now"):
        decide_by_link(session, token, approve=True)


def test_opening_the_link_shows_the_order_and_decides_nothing(
    site: Site, session: Session, waiting: MemberOrder
) -> None:
    token = token_in(letters(session)[0])
    shown = site.get(f"/approvals/by-mail?token={token}")
    assert shown.status_code == 200
    assert waiting.reference in shown.text
    assert session.get_one(MemberOrder, waiting.id).status is OrderStatus.AWAITING_APPROVAL
    done = site.post("/approvals/by-mail", data={"token": token, "decision": "approve"})
    assert "your decision is noted" in done.text
    assert site.get(f"/approvals/by-mail?token={token}").status_code == 422
    assert site.get("/approvals/by-mail?token=guess").status_code == 422
