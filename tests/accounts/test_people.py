"""Parks, companies and people: who can be added where, and people from a file."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE
from app.accounts.imports import PEOPLE_COLUMNS, PeopleImportReport, import_people
from app.accounts.models import Company, Person
from app.accounts.permissions import Role
from app.accounts.service import add_person, change_person, create_company, get_association, set_up_installation
from app.core.errors import Conflict, InvalidInput, NotAllowed, StaleVersion
from app.core.tabular import BadFile, TableReader
from tests.factories import World
from tests.site import Site

HEADER = "email,name,company_code,company_name,park,siret,roles,order_limit"


def test_a_first_run_makes_the_association_its_parks_and_its_manager(session: Session) -> None:
    manager = set_up_installation(
        session, COMMAND_LINE, name="Les Portes", parks={"nord": "Parc Nord"}, manager_email="Claire@Ex.com",
        manager_name="Claire",
    )  # fmt: skip
    assert (manager.email, Role.PURCHASING_MANAGER.value in manager.roles) == ("claire@ex.com", True)
    with pytest.raises(Conflict, match="has its association already"):
        set_up_installation(
            session, COMMAND_LINE, name="X", parks={"x": "X"}, manager_email="b@ex.com", manager_name="B"
        )


@pytest.mark.parametrize(("siret", "kept"), [("732 829 320 00074", "73282932000074"), (None, None)])
def test_a_siret_is_checked_and_kept_compact(
    world: World, session: Session, siret: str | None, kept: str | None
) -> None:
    company = create_company(session, COMMAND_LINE, code="A", name="A", park_id=world.park.id or 0, siret=siret)
    assert company.siret == kept


def test_a_wrong_siret_or_one_in_use_is_refused(world: World, session: Session) -> None:
    park_id = world.park.id or 0
    with pytest.raises(InvalidInput, match="is not a SIRET"):
        create_company(session, COMMAND_LINE, code="A", name="A", park_id=park_id, siret="73282932000075")
    create_company(session, COMMAND_LINE, code="A", name="A", park_id=park_id, siret="73282932000074")
    with pytest.raises(Conflict, match="is a member already"):
        create_company(session, COMMAND_LINE, code="B", name="B", park_id=park_id, siret="73282932000074")


def test_buyers_belong_to_a_company_and_the_association_to_none(world: World, session: Session) -> None:
    with pytest.raises(InvalidInput, match="belong to a company"):
        add_person(session, COMMAND_LINE, email="a@ex.com", name="A", roles=[Role.EMPLOYEE])
    with pytest.raises(InvalidInput, match="belong to no member company"):
        add_person(
            session, COMMAND_LINE, email="a@ex.com", name="A", roles=[Role.TREASURER], company_id=world.a_company().id
        )
    add_person(session, COMMAND_LINE, email="a@ex.com", name="A", roles=[Role.TREASURER])
    with pytest.raises(Conflict, match="has an account already"):
        add_person(session, COMMAND_LINE, email="A@ex.com", name="A", roles=[Role.TREASURER])
    with pytest.raises(InvalidInput, match="is not a mail address"):
        add_person(session, COMMAND_LINE, email="nobody", name="A", roles=[Role.TREASURER])


def test_an_approver_sets_limits_of_their_own_company_only(world: World, session: Session) -> None:
    company = world.a_company()
    approver = world.an_actor(Role.APPROVER, company=company)
    own, stranger = (
        world.a_person(Role.EMPLOYEE, company=company),
        world.a_person(Role.EMPLOYEE, company=world.a_company()),
    )
    changed = change_person(session, approver, own.id or 0, order_limit=Decimal(50), active=True)
    assert changed.order_limit == 50
    with pytest.raises(NotAllowed):
        change_person(session, approver, stranger.id or 0, order_limit=None, active=False)
    with pytest.raises(StaleVersion):
        change_person(session, approver, own.id or 0, order_limit=None, active=True, expected_version=1)


def load(session: Session, tmp_path: Path, *rows: str, **options: bool) -> PeopleImportReport:
    path = tmp_path / "people.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return import_people(session, COMMAND_LINE, TableReader(path, PEOPLE_COLUMNS), **options)


ROWS = (
    "anne@a.example,Anne,A1,Atelier,nord,73282932000074,approver|employee,",
    "bruno@a.example,Bruno,A1,,,,,150",
    "chef@asso.example,Chef,,,,,treasurer,",
)


def test_people_come_in_with_their_company_and_are_invited(world: World, session: Session, tmp_path: Path) -> None:
    report = load(session, tmp_path, *ROWS)
    assert (report.invited_count, report.new_company_count, report.known_count) == (3, 1, 0)
    company = session.exec(select(Company)).one()
    assert (company.code, company.name, company.siret) == ("A1", "Atelier", "73282932000074")
    bruno = session.exec(select(Person).where(Person.email == "bruno@a.example")).one()
    assert (bruno.roles, bruno.company_id, bruno.order_limit) == (["employee"], company.id, Decimal(150))
    mails = session.execute(
        text("SELECT args FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id")
    ).scalars()
    assert [mail["to"] for mail in mails] == ["anne@a.example", "bruno@a.example", "chef@asso.example"]
    assert session.execute(text("SELECT count(*) FROM sign_in_links")).scalar_one() == 3


def test_known_people_stay_as_they_are(world: World, session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, *ROWS)
    again = load(session, tmp_path, *ROWS, "dora@a.example,Dora,A1,,,,,")
    assert (again.invited_count, again.known_count, again.new_company_count) == (1, 3, 0)


def test_a_dry_run_adds_nobody(world: World, session: Session, tmp_path: Path) -> None:
    assert load(session, tmp_path, *ROWS, dry_run=True).invited_count == 3
    assert session.exec(select(Person)).all() == []


@pytest.mark.parametrize(
    ("row", "column", "cure"),
    [
        ("nobody,X,A1,,nord,,,", "email", "a mail address"),
        ("x@a.example,X,,,,,employee,", "company_code", "employees and approvers belong to a company"),
        ("x@a.example,X,A1,,nord,,treasurer,", "company_code", "people of the association belong to no company"),
        ("x@a.example,X,B2,,sud,,,", "park", "a new company sits on a park"),
        ("x@a.example,X,B2,,nord,12345678901234,,", "siret", "a SIRET"),
        ("x@a.example,X,A1,,nord,,king,", "roles", "roles parted by |"),
    ],
)
def test_a_bad_row_is_told_and_nobody_is_added(
    world: World, session: Session, tmp_path: Path, row: str, column: str, cure: str
) -> None:
    with pytest.raises(BadFile) as refused:
        load(session, tmp_path, row, ROWS[0])
    assert [bad.column for bad in refused.value.bad_cells] == [column]
    assert refused.value.bad_cells[0].cure.startswith(cure)
    assert session.exec(select(Person)).all() == []
    assert load(session, tmp_path, row, ROWS[0], skip_bad_rows=True).invited_count == 1


def test_the_association_says_who_it_is_and_wrong_numbers_are_kept_to_be_mended(world: World, site: Site) -> None:
    form = {"name": "Les Portes", "siret": "732 829 320 00074", "vat_number": "FR44 732 829 320", "city": "Mulhouse"}
    manager = world.a_manager()
    assert site.post("/association", manager, data=form).status_code == 303
    association = get_association(world.session)
    assert (association.siret, association.vat_number) == ("73282932000074", "FR44732829320")
    refused = site.post("/association", manager, data=form | {"vat_number": "FR00 1"})
    assert refused.status_code == 422
    assert 'value="FR00 1"' in refused.text
    assert site.post("/association", world.a_buyer(), data=form).status_code == 403
