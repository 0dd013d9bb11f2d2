"""Charter versions: copied, changed, tried out, published; never changed after."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.accounts.permissions import Role
from app.core import clock
from app.core.errors import Conflict, NotAllowed, StaleVersion
from app.sourcing.charter.models import StoredCharter
from app.sourcing.charter.pages.editor_form import form_of, version_of
from app.sourcing.charter.simulation import simulate
from app.sourcing.charter.stored_scores import score_offers
from app.sourcing.charter.version import FIRST_VERSION, Axis, CharterVersion, Grade
from app.sourcing.charter.version_data import as_data, faults_of, from_data
from app.sourcing.charter.versions import (
    CharterState,
    NotACharter,
    change_draft,
    copy_version,
    current_charter,
    discard_draft,
    get_version,
    publish_draft,
)
from tests.factories import World
from tests.site import Site
from tests.sourcing.charter.test_stored_scores import scores_of, speaker_of


def heavier_environment(version: CharterVersion) -> CharterVersion:
    return version.reweighed(10, 10, 80)


def test_the_first_version_ships_and_is_in_force(session: Session) -> None:
    assert current_charter(session) == FIRST_VERSION
    assert from_data(1, as_data(FIRST_VERSION)) == FIRST_VERSION
    assert faults_of(FIRST_VERSION) == []


def test_a_draft_counts_only_once_it_is_published(world: World) -> None:
    session, manager = world.session, world.a_manager()
    draft = copy_version(session, manager, 1).charter
    change_draft(session, manager, heavier_environment(draft), note="Plus vert")
    assert current_charter(session).number == 1
    publish_draft(session, manager, 2)
    assert current_charter(session) == replace(heavier_environment(FIRST_VERSION), number=2)


def test_there_is_one_draft_at_a_time_and_it_can_be_thrown_away(world: World) -> None:
    session, manager = world.session, world.a_manager()
    copy_version(session, manager, 1)
    with pytest.raises(Conflict):
        copy_version(session, manager, 1)
    discard_draft(session, manager, 2)
    assert copy_version(session, manager, 1).charter.number == 2


def test_a_published_version_never_changes(world: World) -> None:
    session, manager = world.session, world.a_manager()
    with pytest.raises(Conflict):
        change_draft(session, manager, heavier_environment(FIRST_VERSION))
    with pytest.raises(Conflict):
        discard_draft(session, manager, 1)
    for statement in ("UPDATE charter_versions SET note = 'x'", "DELETE FROM charter_versions"):
        with pytest.raises(IntegrityError, match="published"), session.begin_nested():
            session.execute(text(statement))


def test_two_people_do_not_write_over_each_other(world: World) -> None:
    session, manager = world.session, world.a_manager()
    draft = copy_version(session, manager, 1)
    change_draft(session, manager, heavier_environment(draft.charter), expected_version=1)
    with pytest.raises(StaleVersion):
        change_draft(session, manager, draft.charter, expected_version=1)


def test_only_who_manages_sourcing_writes_the_charter(world: World) -> None:
    for role in (Role.TREASURER, Role.WASTE_MANAGER):
        with pytest.raises(NotAllowed):
            copy_version(world.session, world.an_actor(role), 1)


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({"weights": {Axis.ORIGIN: 50, Axis.SOCIAL: 50, Axis.ENVIRONMENT: 10}}, "weights"),
        ({"made_in_part": Decimal("1.1")}, "made_in_part"),
        ({"bands": tuple(one._replace(points=100 - one.points) for one in FIRST_VERSION.bands)}, "bands"),
        ({"criteria": (*FIRST_VERSION.criteria, FIRST_VERSION.criteria[0])}, "criteria"),
        ({"criteria": (FIRST_VERSION.criteria[0]._replace(points=101),)}, "criteria"),
        ({"trusts": tuple(one._replace(factor=Decimal("0.5")) for one in FIRST_VERSION.trusts)}, "trusts"),
        ({"grades": (Grade("A", 80), Grade("B", 80), Grade("C", 40), Grade("D", 20), Grade("E", 0))}, "grades"),
        ({"social_limit_at_risk": 101}, "social_limit_at_risk"),
        ({"countries_at_risk": ("Bangladesh",)}, "countries_at_risk"),
    ],
)
def test_what_is_no_charter_is_refused_with_its_fault(world: World, broken: dict[str, object], field: str) -> None:
    manager = world.a_manager()
    draft = copy_version(world.session, manager, 1).charter
    with pytest.raises(NotACharter) as refusal:
        change_draft(world.session, manager, replace(draft, **broken))  # type: ignore[arg-type]
    assert [fault.field for fault in refusal.value.faults] == [field]
    assert get_version(world.session, 2).charter == draft


def test_the_simulation_foretells_what_publishing_does(world: World) -> None:
    session, manager = world.session, world.a_manager()
    near = world.a_supplier(country="FR", postal_code="68200", city="Mulhouse")
    world.park.postal_code = "68200"
    offers = [world.an_offer(near), world.an_offer(near, origin_country="FR"), world.an_offer()]
    score_offers(session)
    before = scores_of(session, [offer.id or 0 for offer in offers])
    draft = replace(copy_version(session, manager, 1).charter, grades=(
        Grade("A", 17), Grade("B", 10), Grade("C", 5), Grade("D", 2), Grade("E", 0)))  # fmt: skip
    change_draft(session, manager, draft)
    foretold = simulate(session, current_charter(session), draft)
    assert scores_of(session, [offer.id or 0 for offer in offers]) == before
    publish_draft(session, manager, 2)
    score_offers(session)
    after = scores_of(session, [offer.id or 0 for offer in offers])
    moved = {key: (before[key][1], after[key][1]) for key in after if before[key][1] != after[key][1]}
    assert {move.offer_id: (move.grade_now, move.grade_then) for move in foretold.moves} == moved
    assert moved
    assert foretold.offer_count == 3
    assert foretold.better == len(moved)


@given(
    st.permutations([30, 30, 40]),
    st.lists(st.integers(0, 100), min_size=6, max_size=6).map(lambda points: sorted(points, reverse=True)),
    st.integers(0, 100),
)
def test_the_form_shows_a_version_and_gives_it_back(weights: list[int], points: list[int], part: int) -> None:
    version = replace(
        FIRST_VERSION,
        weights=dict(zip(Axis, weights, strict=True)),
        made_in_part=Decimal(part) / 100,
        bands=tuple(band._replace(points=one) for band, one in zip(FIRST_VERSION.bands, points, strict=True)),
    )
    state = CharterState(version, StoredCharter(number=1, content={}, made_at=clock.now()))
    assert version_of(form_of(state), version) == version


def test_a_criterion_is_taken_out_and_another_added_in_the_form() -> None:
    form = form_of(CharterState(FIRST_VERSION, StoredCharter(number=1, content={}, made_at=clock.now())))
    form.criterion_french[0] = form.criterion_english[0] = ""
    for column, value in (
        (form.criterion_key, ""), (form.criterion_axis, "environment"), (form.criterion_french, "sans plastique"),
        (form.criterion_english, "No plastic!"), (form.criterion_points, "15"), (form.criterion_scope, "offer"),
    ):  # fmt: skip
        column.append(value)
    criteria = version_of(form, FIRST_VERSION).criteria
    assert FIRST_VERSION.criteria[0] not in criteria
    assert (criteria[-1].key, criteria[-1].points, criteria[-1].of_supplier) == ("no_plastic", 15, False)


def test_the_manager_goes_from_the_charter_in_force_to_the_next_on_pages(world: World, site: Site) -> None:
    manager = world.a_manager()
    world.an_offer(origin_country="FR")
    assert "Copy version 1" in site.get("/sourcing", manager).text
    assert site.post("/sourcing/charter", manager, data={"number": "1"}).headers["location"] == "/sourcing/charter/2"
    typed = form_of(get_version(world.session, 2)).model_dump()
    refused = site.post("/sourcing/charter/2", manager, data=typed | {"weight": ["50", "50", "50"], "note": "Vert"})
    assert (refused.status_code, "100 % together" in refused.text, 'value="Vert"' in refused.text) == (422, True, True)
    odd = site.post("/sourcing/charter/2", manager, data=typed | {"limit": "viele"})
    assert (odd.status_code, "not a whole number" in odd.text) == (422, True)
    kept = site.post("/sourcing/charter/2", manager, data=typed | {"grade_from": ["80", "60", "40", "5", "0"]})
    assert kept.headers["location"] == "/sourcing/charter/2/simulation"
    page = site.get("/sourcing/charter/2/simulation", manager).text
    assert "Publish version 2" in page
    assert site.get("/charter?number=2").status_code == 404
    assert site.post("/sourcing/charter/2/publish", manager, data={"version": "2"}).status_code == 303
    assert "Version 2" in site.get("/charter").text
    assert site.get("/api/v1/charter").json()["grades"][3] == {"letter": "D", "from_score": 5}
    assert "Version 1" in site.get("/charter?number=1").text


@pytest.mark.parametrize("path", ["/sourcing", "/sourcing/evidence", "/sourcing/evidence?every=true", "/tenders"])
def test_pages_with_nothing_on_them_yet_say_so(world: World, site: Site, path: str) -> None:
    assert site.get(path, world.a_manager()).status_code == 200
    assert site.get("/supplier/tenders", speaker_of(world, world.a_supplier())).status_code == 200
