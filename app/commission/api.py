"""Routes of the commission API: rules and the books."""

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.commission import queries as commission_queries
from app.commission import schemas, service
from app.commission.ledger import entries, queries
from app.web.api import DEFAULT_LIMIT, Cursor, Limit, PageOut, api_router, page_out
from app.web.edge import SessionDep

router = api_router("commission")


@router.get("/commission-rules")
def list_rules(session: SessionDep, actor: SignedIn) -> list[schemas.RuleOut]:
    """Every commission rule, the newest first."""
    actor.require(Permission.VIEW_COMMISSION)
    return [schemas.RuleOut.model_validate(rule) for rule in commission_queries.list_rules(session)]


@router.post("/commission-rules", status_code=201)
def create_rule(session: SessionDep, actor: SignedIn, rule: schemas.RuleIn) -> schemas.NewRuleOut:
    """Add a commission rule."""
    return schemas.NewRuleOut.model_validate(service.create_rule(session, actor, **rule.model_dump()))


@router.get("/ledger/postings")
def list_postings(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.PostingOut]:
    """The journal, the newest first."""
    actor.require(Permission.VIEW_COMMISSION)
    return page_out(queries.list_postings(session, cursor, limit), schemas.PostingOut)


@router.get("/ledger/trial-balance")
def read_trial_balance(session: SessionDep, actor: SignedIn) -> list[schemas.AccountBalanceOut]:
    """Every account with the sums of its debits and credits."""
    actor.require(Permission.VIEW_COMMISSION)
    return [schemas.AccountBalanceOut.model_validate(balance) for balance in entries.trial_balance(session)]
