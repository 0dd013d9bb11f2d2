"""Accounts that money goes to change once two people have given them, and nobody's is changed unseen."""

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.bank_accounts import ASSOCIATION, refuse_change
from app.accounts.permissions import Permission, Role
from app.accounts.service import confirm_iban, get_association, identify_association
from app.billing.payments.supplier_payments import set_iban
from app.catalog.models import Supplier
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tests.factories import World
from tests.site import Site

FIRST, SECOND = "FR1420041010050500013M02606", "FR7630006000011234567890189"


@pytest.fixture
def supplier(world: World) -> Supplier:
    return world.a_supplier("S1")


@pytest.fixture
def treasurers(world: World) -> tuple[Actor, Actor]:
    return world.an_actor(Role.TREASURER), world.an_actor(Role.TREASURER)


def iban_of(session: Session, supplier: Supplier) -> str:
    session.flush()
    session.refresh(supplier)
    return supplier.iban or ""


def told(session: Session) -> list[str]:
    rows = session.scalars(text("SELECT args->>'to' FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id"))
    return list(rows)


def test_a_suppliers_account_needs_two_people(
    session: Session, supplier: Supplier, treasurers: tuple[Actor, Actor], world: World
) -> None:
    one, other = treasurers
    set_iban(session, one, "S1", FIRST)
    assert (iban_of(session, supplier), told(session)) == ("", [other.label])
    with pytest.raises(Conflict, match="a second person must confirm"):
        set_iban(session, one, "S1", FIRST)
    set_iban(session, other, "S1", SECOND)  # another account: asked for anew
    assert iban_of(session, supplier) == ""
    with pytest.raises(Conflict, match="a second person must confirm"):
        set_iban(session, other, "S1", SECOND)
    set_iban(session, one, "S1", SECOND)
    assert iban_of(session, supplier) == SECOND
    set_iban(session, one, "S1", SECOND)  # it is that already
    with pytest.raises(InvalidInput):
        set_iban(session, one, "S1", "FR00")
    with pytest.raises(NotAllowed):
        set_iban(session, world.a_manager(), "S1", FIRST)


def test_who_is_alone_is_told_so_by_nobody_and_sets_it(session: Session, supplier: Supplier, world: World) -> None:
    only = world.an_actor(Role.TREASURER)
    set_iban(session, only, "S1", FIRST)
    assert iban_of(session, supplier) == FIRST


def test_it_is_confirmed_or_refused_on_the_page(
    session: Session, supplier: Supplier, treasurers: tuple[Actor, Actor], site: Site
) -> None:
    one, other = treasurers
    form = {"code": "S1", "iban": FIRST}
    assert site.post("/payments/ibans", one, data=form).status_code == 303
    assert "Confirm the account" not in site.get("/payments", one).text
    assert "Confirm the account" in site.get("/payments", other).text
    assert site.post("/payments/ibans/S1/refusal", other).status_code == 303
    assert "a second person must confirm" not in site.get("/payments", one).text
    assert site.post("/payments/ibans/S1/refusal", other).status_code == 422
    for actor in (one, other):
        site.post("/payments/ibans", actor, data=form)
    assert iban_of(session, supplier) == FIRST


def test_the_associations_own_account_too(session: Session, world: World, site: Site) -> None:
    manager, administrator = world.a_manager(), world.an_actor(Role.ADMINISTRATOR)
    known = {"name": "Les Collines", "street": "", "postal_code": "", "city": "", "siret": "", "vat_number": ""}
    identify_association(session, manager, **known, email="", iban=FIRST)
    association = get_association(session)
    assert (association.name, association.iban) == ("Les Collines", "")
    identify_association(session, administrator, **known, email="", iban="")  # saves something else
    assert "a second person must confirm" in site.get("/association", administrator).text
    with pytest.raises(Conflict, match="a second person"):
        confirm_iban(session, manager, FIRST)
    assert site.post("/association/iban", administrator, data={"iban": FIRST}).status_code == 303
    session.expire_all()
    assert get_association(session).iban == FIRST
    with pytest.raises(NotFound):
        refuse_change(session, manager, ASSOCIATION, Permission.MANAGE_PEOPLE)
