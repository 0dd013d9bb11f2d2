"""Joining: from a SIRET to the first sign-in; the register may answer, not know, or not answer."""

import json
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts import company_register
from app.accounts.company_register import RegisteredFirm, RegisterUnreachable, look_up_firm
from app.accounts.join_requests import TooManyRequests, ask_to_join, decide_request, open_requests
from app.accounts.models import Company, JoinRequest, Person
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from tests.factories import NOW, World
from tests.site import Site

SIRET = "73282932000074"
# The shape of the service's documentation, with the fields that are read.
ANSWER = {
    "results": [
        {
            "siren": "732829320",
            "nom_complet": "ATELIER WEBER",
            "siege": {"siret": "73282932000066", "code_postal": "75001", "libelle_commune": "PARIS"},
            "matching_etablissements": [
                {"siret": SIRET, "code_postal": "68200", "libelle_commune": "MULHOUSE", "etat_administratif": "A"}
            ],
        }
    ],
    "total_results": 1,
}


def answering(status: int = 200, json: object = None, text: str | None = None, siret: str = SIRET) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["q"] == siret
        return httpx.Response(status, text=text) if text is not None else httpx.Response(status, json=json)

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_name_and_address_come_from_the_establishment_asked_for() -> None:
    assert look_up_firm("732 829 320 00074", answering(json=ANSWER)) == RegisteredFirm(
        SIRET, "ATELIER WEBER", "", "68200", "MULHOUSE", True
    )


def test_a_recorded_answer_of_the_register_is_read() -> None:
    """One that the service gave in November 2025, whole (State's open data, Licence Ouverte)."""
    recorded = json.loads(Path(__file__).with_name("register_answer.json").read_text(encoding="utf-8"))
    siret = recorded["results"][0]["siege"]["siret"]
    assert look_up_firm(siret, answering(json=recorded, siret=siret)) == RegisteredFirm(
        siret, "CARREFOUR (CTIM)", "15 AVENUE DES ECOLES", "06110", "LE CANNET", True
    )
    del recorded["results"][0]["matching_etablissements"]
    found = look_up_firm(siret, answering(json=recorded, siret=siret))
    assert found is not None
    assert found.city == "LE CANNET"


def test_an_unknown_number_is_no_firm() -> None:
    assert look_up_firm(SIRET, answering(json={"results": []})) is None


@pytest.mark.parametrize(
    "client",
    [
        answering(503, json={}),
        answering(429, json={}),
        answering(text="<html>maintenance</html>"),
        answering(json=[]),
        answering(json={"results": ["x"]}),
        answering(json={"results": [{"matching_etablissements": [{"siret": SIRET}]}]}),
    ],
)
def test_a_register_that_does_not_answer_as_it_should_is_said_to_be_away(client: httpx.Client) -> None:
    with pytest.raises(RegisterUnreachable):
        look_up_firm(SIRET, client)


def test_a_slow_or_dead_register_too() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("slow", request=request)

    with pytest.raises(RegisterUnreachable):
        look_up_firm(SIRET, httpx.Client(transport=httpx.MockTransport(refuse)))


@pytest.mark.parametrize("siret", ["", "12345678901234", "abc"])
def test_a_wrong_number_is_not_asked_for(siret: str) -> None:
    with pytest.raises(InvalidInput):
        look_up_firm(siret, answering(500))


def ask(session: Session, world: World, **change: object) -> JoinRequest:
    asked = {
        "firm": "Atelier Weber", "siret": SIRET, "postal_code": "68200", "city": "Mulhouse",
        "park_id": world.park.id or 0, "contact": "Anne Weber", "email": "Anne@weber.example",
    } | change  # fmt: skip
    return ask_to_join(session, **asked)  # type: ignore[arg-type]


def test_an_accepted_firm_is_a_member_and_its_contact_invited_as_approver(world: World, session: Session) -> None:
    manager = world.a_manager()
    request = ask(session, world)
    company = decide_request(session, manager, request.id or 0, accept=True)
    assert company is not None
    assert (company.code, company.siret, company.city) == ("ATELIER-WEBER", SIRET, "Mulhouse")
    person = session.exec(select(Person).where(Person.email == "anne@weber.example")).one()
    assert (person.roles, person.company_id) == (["approver", "employee"], company.id)
    mails = list(
        session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id")).scalars()
    )
    assert [mail["to"] for mail in mails] == [manager.identity, "anne@weber.example"]
    assert re.search(r"/sign-in/link\?token=\S{40,}", mails[1]["body"])
    with pytest.raises(NotFound, match="decided already"):
        decide_request(session, manager, request.id or 0, accept=True)


def test_a_declined_firm_is_no_member(world: World, session: Session) -> None:
    assert decide_request(session, world.a_manager(), ask(session, world).id or 0, accept=False) is None
    assert session.exec(select(Company)).all() == []
    assert open_requests(session) == []


def test_asking_again_changes_the_request_that_waits(world: World, session: Session) -> None:
    first = ask(session, world)
    assert ask(session, world, firm="Atelier Weber et Fils").id == first.id
    assert [request.firm for request in open_requests(session)] == ["Atelier Weber et Fils"]


def test_a_member_does_not_ask_again_and_names_do_not_collide(world: World, session: Session) -> None:
    manager = world.a_manager()
    decide_request(session, manager, ask(session, world).id or 0, accept=True)
    with pytest.raises(Conflict, match="is a member already"):
        ask(session, world, email="other@weber.example")
    second = ask(session, world, siret="", email="other@weber.example")
    company = decide_request(session, manager, second.id or 0, accept=True)
    assert company is not None
    assert company.code == "ATELIER-WEBER-2"


def test_strangers_are_held_to_thirty_requests_an_hour(world: World, session: Session) -> None:
    for number in range(30):
        ask(session, world, siret="", email=f"p{number}@x.example")
    with pytest.raises(TooManyRequests):
        ask(session, world, siret="", email="p31@x.example")
    with clock.frozen(NOW + timedelta(minutes=61)):
        ask(session, world, siret="", email="p31@x.example")


def test_only_the_association_decides(world: World, session: Session) -> None:
    with pytest.raises(NotAllowed):
        decide_request(session, world.a_buyer(), ask(session, world).id or 0, accept=True)


def test_the_page_fills_itself_in_or_lets_one_type(
    site: Site, world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(siret: str) -> None:
        raise RegisterUnreachable("The company register does not answer now: type the firm by hand.")

    from app.accounts.pages import join_requests as pages

    monkeypatch.setattr(
        pages, "look_up_firm", lambda siret: company_register.look_up_firm(siret, answering(json=ANSWER))
    )
    filled = site.post("/join/look-up", data={"siret": SIRET}).text
    assert 'value="ATELIER WEBER"' in filled
    assert 'value="MULHOUSE"' in filled
    monkeypatch.setattr(pages, "look_up_firm", away)
    typed_by_hand = site.post("/join/look-up", data={"siret": SIRET})
    assert "type the firm by hand" in typed_by_hand.text
    assert f'value="{SIRET}"' in typed_by_hand.text
    form = {"firm": "Weber", "park_id": world.park.id, "contact": "Anne", "email": "no address"}
    refused = site.post("/join", data=form)
    assert refused.status_code == 422
    assert 'value="Anne"' in refused.text
    taken = site.post("/join", data=form | {"email": "anne@weber.example"})
    assert "is with the association" in taken.text
    assert len(open_requests(session)) == 1
