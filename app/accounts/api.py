"""Routes of the accounts API."""

from fastapi import Response

from app.accounts import queries, schemas, service, sign_in
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Id, Limit, PageOut, api_router, page_out, set_etag
from app.web.edge import SessionDep

router = api_router("accounts")


@router.get("/me")
def read_me(actor: SignedIn) -> schemas.ActorOut:
    """Who I am."""
    return schemas.ActorOut(
        person_id=actor.person_id,
        company_id=actor.company_id,
        name=actor.name,
        roles=sorted(actor.roles),
        permissions=sorted(actor.permissions),
    )


@router.get("/parks")
def list_parks(session: SessionDep, actor: SignedIn) -> list[schemas.ParkOut]:
    """Every business park."""
    return [schemas.ParkOut.model_validate(park) for park in queries.list_parks(session)]


@router.post("/parks", status_code=201)
def create_park(session: SessionDep, actor: SignedIn, park: schemas.ParkIn) -> schemas.ParkOut:
    """Add a business park."""
    made = service.create_park(session, actor, **park.model_dump())
    return schemas.ParkOut.model_validate(made)


@router.get("/companies")
def list_companies(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.CompanyOut]:
    """Member companies, by name."""
    actor.require(Permission.MANAGE_PEOPLE)
    return page_out(queries.list_companies(session, cursor, limit), schemas.CompanyOut)


@router.post("/companies", status_code=201)
def create_company(session: SessionDep, actor: SignedIn, company: schemas.CompanyIn) -> schemas.CompanyOut:
    """Add a member company."""
    made = service.create_company(session, actor, **company.model_dump())
    return schemas.CompanyOut.model_validate(made)


@router.get("/people")
def list_people(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.PersonOut]:
    """People, by address: all for the association, those of the own company for its approvers."""
    company_id = None
    if not actor.may(Permission.MANAGE_PEOPLE):
        actor.require(Permission.MANAGE_COMPANY)
        company_id = actor.require_company()
    return page_out(queries.list_people(session, cursor, limit, company_id), schemas.PersonOut)


@router.post("/people", status_code=201)
def add_person(session: SessionDep, actor: SignedIn, person: schemas.PersonIn) -> schemas.PersonOut:
    """Add a person and invite them by mail."""
    added = service.add_person(session, actor, **person.model_dump())
    sign_in.invite_all(session, [added])
    return schemas.PersonOut.model_validate(added)


@router.patch("/people/{person_id}")
def change_person(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    person_id: Id,
    change: schemas.PersonChange,
    version: ExpectedVersion,
) -> schemas.PersonOut:
    """Set a person's order limit and whether they may sign in."""
    changed = service.change_person(session, actor, person_id, **change.model_dump(), expected_version=version)
    set_etag(response, changed.version)
    return schemas.PersonOut.model_validate(changed)


@router.delete("/people/{person_id}/sessions", status_code=204)
def close_sessions(session: SessionDep, actor: SignedIn, person_id: Id) -> None:
    """Sign a person out everywhere."""
    sign_in.close_all_sessions(session, actor, person_id)


@router.get("/api-keys")
def list_api_keys(session: SessionDep, actor: SignedIn) -> list[schemas.ApiKeyOut]:
    """My API keys."""
    return [schemas.ApiKeyOut.model_validate(key) for key in queries.list_api_keys(session, actor.require_person())]


@router.post("/api-keys", status_code=201)
def create_api_key(session: SessionDep, actor: SignedIn, key: schemas.ApiKeyIn) -> schemas.NewApiKeyOut:
    """Make an API key; its secret is in this answer and nowhere else."""
    made = sign_in.create_api_key(session, actor, key.name, key.scopes)
    shown = schemas.ApiKeyOut.model_validate(made.key)
    return schemas.NewApiKeyOut(**shown.model_dump(), secret=made.secret)


@router.delete("/api-keys/{key_id}", status_code=204)
def revoke_api_key(session: SessionDep, actor: SignedIn, key_id: Id) -> None:
    """Revoke an API key of mine."""
    sign_in.revoke_api_key(session, actor, key_id)


@router.get("/audit-entries")
def list_audit_entries(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.AuditEntryOut]:
    """Every change of state, the newest first."""
    actor.require(Permission.VIEW_AUDIT)
    return page_out(queries.list_audit_entries(session, cursor, limit), schemas.AuditEntryOut)
