"""Nobody raises themselves or another beyond their right; credentials change by whoever holds them."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor, actor_for
from app.accounts.imports import PEOPLE_COLUMNS, import_people
from app.accounts.models import Person, SignInFailure, SignInSession
from app.accounts.permissions import ASSOCIATION_ROLES, Role
from app.accounts.service import add_person, change_person
from app.accounts.sign_in import (
    TooManyTries,
    change_password,
    check_password,
    create_api_key,
    forget_old_sign_ins,
    mail_link,
    open_session,
    set_password,
)
from app.core import clock
from app.core.audit import AuditEntry
from app.core.errors import Conflict, InvalidInput, NotAllowed
from app.core.tabular import BadFile, TableReader
from tests.factories import NOW, World
from tests.site import Site

OLD, NEW = "correct horse battery", "another horse battery"


def switch(session: Session, actor: Actor, person: Person, active: bool = False) -> Person:
    return change_person(session, actor, person.id or 0, order_limit=person.order_limit, active=active)


@pytest.mark.parametrize("role", sorted(ASSOCIATION_ROLES))
def test_only_an_administrator_gives_roles_of_the_association(
    world: World, session: Session, site: Site, tmp_path: Path, role: Role
) -> None:
    manager, administrator = world.a_manager(), world.an_actor(Role.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        add_person(session, manager, email="x@ex.com", name="X", roles=[role])
    key = create_api_key(session, manager, "ERP", ["read", "write"]).secret
    body = {"email": "x@ex.com", "name": "X", "roles": [role.value]}
    asked = site.post("/api/v1/people", json=body, headers={"Authorization": f"Bearer {key}"})
    assert (asked.status_code, asked.json()["code"]) == (403, "role_not_granted")
    form = {"email": "x@ex.com", "name": "X", "role": role.value}
    assert site.post("/association/people", manager, data=form).status_code == 422
    file = tmp_path / "people.csv"
    file.write_text(f"email,name,roles\nx@ex.com,X,{role.value}\n")
    with pytest.raises(BadFile, match="only an administrator"):
        import_people(session, manager, TableReader(file, PEOPLE_COLUMNS))
    assert session.exec(select(Person).where(Person.email == "x@ex.com")).one_or_none() is None
    assert add_person(session, administrator, email="x@ex.com", name="X", roles=[role]).roles == [role.value]


def test_a_manager_switches_off_nobody_of_the_association(world: World, session: Session) -> None:
    manager, treasurer = world.a_manager(), world.a_person(Role.TREASURER)
    with pytest.raises(NotAllowed, match="Only an administrator"):
        switch(session, manager, treasurer)
    administrator = world.an_actor(Role.ADMINISTRATOR)
    assert switch(session, administrator, treasurer).active is False
    with pytest.raises(NotAllowed, match="Only an administrator"):
        switch(session, manager, treasurer, active=True)


def test_the_last_administrator_stays(world: World, session: Session) -> None:
    first, second = world.a_person(Role.ADMINISTRATOR), world.a_person(Role.ADMINISTRATOR)
    assert switch(session, actor_for(first), second).active is False
    switch(session, actor_for(first), second, active=True)
    switch(session, actor_for(second), first)
    with pytest.raises(NotAllowed, match="Nobody changes their own"):
        switch(session, actor_for(second), second)
    third = actor_for(first)  # acts on from before
    with pytest.raises(Conflict, match="The last administrator stays"):
        switch(session, third, second)


def test_nobody_lifts_their_own_limit(world: World, session: Session) -> None:
    company = world.a_company()
    boss = world.a_person(Role.EMPLOYEE, Role.APPROVER, company=company, order_limit="100")
    with pytest.raises(NotAllowed, match="Nobody changes their own limit"):
        change_person(session, actor_for(boss), boss.id or 0, order_limit=None, active=True)
    other = world.an_actor(Role.APPROVER, company=company)
    assert change_person(session, other, boss.id or 0, order_limit=Decimal(200), active=True).order_limit == 200


def test_an_approver_switches_no_other_approver_off(world: World, session: Session) -> None:
    company = world.a_company()
    boss = world.an_actor(Role.EMPLOYEE, Role.APPROVER, company=company)
    other, employee = world.a_person(Role.APPROVER, company=company), world.a_person(Role.EMPLOYEE, company=company)
    with pytest.raises(NotAllowed, match="The association switches approvers"):
        switch(session, boss, other)
    assert switch(session, boss, employee).active is False
    assert switch(session, world.a_manager(), other).active is False


@pytest.fixture
def person(world: World, session: Session) -> Person:
    somebody = world.a_person(Role.EMPLOYEE, company=world.a_company())
    set_password(session, somebody, OLD)
    return somebody


def test_a_password_changes_by_the_old_one_and_ends_the_other_sessions(
    session: Session, person: Person, site: Site
) -> None:
    here, elsewhere = open_session(session, person), open_session(session, person)
    actor = actor_for(person)
    with pytest.raises(InvalidInput, match="not your present password"):
        change_password(session, actor, here, "wrong", NEW)
    change_password(session, actor, here, OLD, NEW)
    assert check_password(session, person.email, NEW) == person
    cookies = {"Cookie": f"engrenages_session={elsewhere}"}
    assert site.client.get("/account", headers=cookies).status_code == 303
    assert site.client.get("/account", headers={"Cookie": f"engrenages_session={here}"}).status_code == 200
    refused = site.post("/account/password", actor, data={"password": "a third horse battery", "old_password": OLD})
    assert refused.status_code == 422


def test_whoever_forgot_it_comes_by_a_mailed_link(session: Session, person: Person) -> None:
    by_link = open_session(session, person, by_link=True)
    with clock.frozen(NOW + timedelta(minutes=31)), pytest.raises(InvalidInput):
        change_password(session, actor_for(person), by_link, "", NEW)
    change_password(session, actor_for(person), by_link, "", NEW)
    assert check_password(session, person.email, NEW) == person


def test_a_key_changes_no_password(session: Session, person: Person, site: Site) -> None:
    key = create_api_key(session, actor_for(person), "ERP", ["read", "write"]).secret
    form = {"password": NEW, "old_password": OLD}
    asked = site.post("/account/password", data=form, headers={"Authorization": f"Bearer {key}"})
    assert asked.status_code in {403, 422}
    assert check_password(session, person.email, OLD) == person


def test_guessing_locks_out_the_one_who_guesses(session: Session, person: Person) -> None:
    for _try in range(10):
        assert check_password(session, person.email, "wrong", "192.0.2.1") is None
    with pytest.raises(TooManyTries):
        check_password(session, person.email, OLD, "192.0.2.1")
    assert check_password(session, person.email, OLD, "192.0.2.2") == person  # the owner, from elsewhere
    for number in range(40):
        check_password(session, f"guess{number}@ex.com", "wrong", "192.0.2.1")
    with pytest.raises(TooManyTries):
        check_password(session, "somebody@ex.com", "wrong", "192.0.2.1")
    refused = session.exec(select(AuditEntry).where(AuditEntry.action == "session.refused")).all()
    assert len(refused) == 10


def test_links_are_mailed_three_times_in_a_quarter_of_an_hour(session: Session, person: Person) -> None:
    count = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.send'")
    for _time in range(6):
        mail_link(session, person.email)
    assert session.scalar(count) == 3
    with clock.frozen(NOW + timedelta(minutes=16)):
        mail_link(session, person.email)
    assert session.scalar(count) == 4


def test_what_has_ended_is_dropped(session: Session, person: Person) -> None:
    check_password(session, person.email, "wrong")
    open_session(session, person)
    with clock.frozen(NOW + timedelta(days=20)):
        forget_old_sign_ins(session)
    assert session.exec(select(SignInFailure)).all() == []
    assert len(session.exec(select(SignInSession)).all()) == 1
    with clock.frozen(NOW + timedelta(days=61)):
        forget_old_sign_ins(session)
    assert session.exec(select(SignInSession)).all() == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_site_signs_nobody_in(site: Site, person: Person, headers: dict[str, str]) -> None:
    form = {"email": person.email, "password": OLD}
    assert site.post("/sign-in", data=form, headers=headers).status_code == 403
    assert site.post("/sign-in", data=form).status_code == 303
