"""Signing in: passwords, links, sessions that end, keys."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.models import ApiKey, Person
from app.accounts.permissions import Role
from app.accounts.sign_in import (
    TooManyTries,
    actor_of_key,
    actor_of_session,
    check_password,
    close_all_sessions,
    create_api_key,
    make_link,
    open_session,
    revoke_api_key,
    set_password,
    use_link,
)
from app.core import clock
from app.core.errors import InvalidInput, NotAllowed, NotFound
from tests.factories import NOW, World
from tests.site import Site

PASSWORD = "correct horse battery"


@pytest.fixture
def person(world: World, session: Session) -> Person:
    somebody = world.a_person(Role.EMPLOYEE, company=world.a_company())
    set_password(session, somebody, PASSWORD)
    return somebody


def test_a_password_signs_in_whatever_the_capitals_of_the_address(session: Session, person: Person) -> None:
    assert check_password(session, person.email.upper(), PASSWORD) == person
    assert check_password(session, person.email, PASSWORD + "x") is None
    assert check_password(session, "nobody@example.com", PASSWORD) is None


def test_passwords_are_kept_as_argon2_hashes_only(session: Session, person: Person) -> None:
    assert person.password_hash is not None
    assert person.password_hash.startswith("$argon2id$")
    with pytest.raises(InvalidInput, match="at least 10 characters"):
        set_password(session, person, "short")


def test_guessing_is_slowed_down_for_a_quarter_of_an_hour(session: Session, person: Person) -> None:
    for _try in range(10):
        assert check_password(session, person.email, "wrong") is None
    with pytest.raises(TooManyTries):
        check_password(session, person.email, PASSWORD)
    with clock.frozen(NOW + timedelta(minutes=16)):
        assert check_password(session, person.email, PASSWORD) == person


def test_a_link_signs_in_once_and_not_after_its_time(session: Session, person: Person) -> None:
    token = make_link(session, person).split("token=")[1]
    assert use_link(session, token) == person
    with pytest.raises(InvalidInput, match="used or too old"):
        use_link(session, token)
    old = make_link(session, person).split("token=")[1]
    with clock.frozen(NOW + timedelta(minutes=31)), pytest.raises(InvalidInput):
        use_link(session, old)


def test_sessions_end_by_time_by_revocation_and_with_the_account(session: Session, person: Person) -> None:
    token = open_session(session, person)
    actor = actor_of_session(session, token)
    assert actor is not None
    with clock.frozen(NOW + timedelta(days=31)):
        assert actor_of_session(session, token) is None
    close_all_sessions(session, actor, actor.require_person())
    assert actor_of_session(session, token) is None
    other = open_session(session, person)
    person.active = False
    session.flush()
    assert actor_of_session(session, other) is None


def test_only_hashes_of_tokens_are_stored(session: Session, person: Person) -> None:
    token = open_session(session, person)
    link = make_link(session, person).split("token=")[1]
    kept = session.execute(text("SELECT token_hash FROM sign_in_sessions UNION SELECT token_hash FROM sign_in_links"))
    assert {token, link} & set(kept.scalars()) == set()


def test_a_key_acts_as_its_maker_within_its_scope_until_revoked(session: Session, world: World) -> None:
    manager = world.a_manager()
    made = create_api_key(session, manager, "ERP", ["read"])
    actor = actor_of_key(session, made.secret)
    assert actor is not None
    assert (actor.person_id, actor.may_write) == (manager.person_id, False)
    stored = session.exec(select(ApiKey)).one()
    assert made.secret not in (stored.secret_hash, stored.prefix)
    with pytest.raises(NotFound):
        revoke_api_key(session, world.a_manager(), made.key.id or 0)
    revoke_api_key(session, manager, made.key.id or 0)
    assert actor_of_key(session, made.secret) is None


def test_people_sign_in_and_out_in_a_browser(site: Site, person: Person) -> None:
    wrong = site.post("/sign-in", data={"email": person.email, "password": "wrong"})
    assert wrong.status_code == 422
    assert "do not go together" in wrong.text
    assert person.email in wrong.text
    right = site.post("/sign-in", data={"email": person.email, "password": PASSWORD, "next": "/catalogue"})
    assert (right.status_code, right.headers["location"]) == (303, "/catalogue")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    away = site.post("/sign-in", data={"email": person.email, "password": PASSWORD, "next": "//evil.example"})
    assert away.headers["location"] == "/"


def test_asking_for_a_link_tells_nothing_of_unknown_addresses(site: Site, person: Person) -> None:
    known = site.post("/sign-in/mail", data={"email": person.email}).text
    unknown = site.post("/sign-in/mail", data={"email": "nobody@example.com"}).text
    assert known.replace(person.email, "") == unknown.replace("nobody@example.com", "")


def test_a_request_from_another_site_is_not_carried_out(site: Site, person: Person, world: World) -> None:
    from app.accounts.actor import actor_for

    answer = site.post("/account/sign-out-everywhere", actor_for(person), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site"


def test_a_read_key_writes_nothing(site: Site, session: Session, world: World) -> None:
    secret = create_api_key(session, world.a_manager(), "BI", ["read"]).secret
    bearer = {"Authorization": f"Bearer {secret}"}
    assert site.get("/api/v1/me", headers=bearer).status_code == 200
    refused = site.post("/api/v1/parks", headers=bearer, json={"code": "x", "name": "X"})
    assert (refused.status_code, refused.json()["code"]) == (403, "read_only_key")
    unknown = site.get("/api/v1/me", headers={"Authorization": "Bearer eng_nope"})
    assert (unknown.status_code, unknown.json()["code"]) == (401, "bad_api_key")
    assert unknown.headers["www-authenticate"] == "Bearer"


def test_nobody_signs_out_somebody_else(session: Session, world: World, person: Person) -> None:
    with pytest.raises(NotAllowed):
        close_all_sessions(session, world.a_buyer(), person.id or 0)


def test_a_key_is_made_shown_once_used_and_revoked_on_the_account_page(site: Site, world: World) -> None:
    manager = world.a_manager()
    assert site.post("/account/keys", manager, data={"name": " "}).status_code == 422
    made = site.post("/account/keys", manager, data={"name": "ERP", "may_write": "true"}).text
    found = re.search(r"eng_[0-9a-f]{8}_[\w-]{40,}", made)
    assert found is not None
    assert found[0] not in site.get("/account", manager).text
    bearer = {"Authorization": f"Bearer {found[0]}"}
    assert site.get("/api/v1/me", headers=bearer).json()["person_id"] == manager.person_id
    revoke = re.search(r"/account/keys/\d+/revoke", made)
    assert revoke is not None
    site.post(revoke[0], manager)
    assert site.get("/api/v1/me", headers=bearer).status_code == 401
