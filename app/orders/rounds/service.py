"""Rounds: planning, opening, closing, and carrying over what one round could not serve into the next."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Park
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.orders.rounds.models import Round, RoundDelivery, RoundStatus
from app.orders.rounds.sharing_policy import SharingPolicy
from app.orders.rounds.states import ROUND_LIFE, RoundEvent


def get_round(session: Session, code: str, *, lock: bool = False) -> Round:
    """The round with this code, locked for a change of state if asked. Raises `NotFound`."""
    query = select(Round).where(Round.code == code)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound("There is no round {round}.", field="round", round=code)
    return found


def round_key(purchasing_round: Round) -> int:
    """The stored round's number."""
    assert purchasing_round.id is not None
    return purchasing_round.id


def require_event(purchasing_round: Round, event: RoundEvent) -> None:
    """Raise `Conflict` where the round is in no state for what is asked."""
    if not ROUND_LIFE.allows(event, purchasing_round.status):
        raise Conflict(
            "Round {round} is {status}; this needs it to be {allowed}.",
            code="wrong_round_status",
            round=purchasing_round.code,
            status=purchasing_round.status.value,
            allowed=" / ".join(status.value for status in ROUND_LIFE.before(event)),
        )


def move_on(
    session: Session, actor: Actor, purchasing_round: Round, event: RoundEvent, outcome: RoundStatus | None = None
) -> None:
    """Let an event move a round on, and write it down; `outcome` where it may lead to several states."""
    before = purchasing_round.status
    status = purchasing_round.status = ROUND_LIFE.after(event, before, outcome)
    purchasing_round.version += 1
    session.flush()
    audit.record(
        session,
        actor.label,
        f"round.{status.value}",
        purchasing_round,
        before=before.value,
        code=purchasing_round.code,
    )


def create_round(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    opens_at: datetime,
    closes_at: datetime,
    deliveries: Mapping[int, date],
    completing_from: datetime | None = None,
    sharing_policy: SharingPolicy | None = None,
    only_supplier_id: int | None = None,
) -> Round:
    """Plan a round; `deliveries` gives the delivery day of each park (by its id).

    Raises `Conflict` for a code in use, `InvalidInput` for instants or days out of order.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    if session.scalar(select(Round.id).where(Round.code == code)):
        raise Conflict("There is a round {round} already.", code="duplicate_round", field="code", round=code)
    if opens_at >= closes_at:
        raise InvalidInput("A round opens before its cut-off.", field="closes_at")
    if completing_from is not None and not opens_at <= completing_from <= closes_at:
        raise InvalidInput("The completing phase lies between opening and cut-off.", field="completing_from")
    for day in deliveries.values():
        if day < closes_at.astimezone(clock.PARIS).date():
            raise InvalidInput("A delivery day does not lie before the cut-off.", field="deliveries")
    unknown = set(deliveries) - set(session.scalars(select(Park.id).where(col(Park.id).in_(deliveries))))
    if unknown:
        raise NotFound("There is no such park.", field="deliveries")
    planned = Round(
        code=code,
        name=name,
        opens_at=opens_at,
        closes_at=closes_at,
        completing_from=completing_from,
        sharing_policy=sharing_policy or SharingPolicy(get_association(session).sharing_policy),
        only_supplier_id=only_supplier_id,
    )
    session.add(planned)
    session.flush()
    for park_id, day in deliveries.items():
        session.add(RoundDelivery(round_id=round_key(planned), park_id=park_id, delivery_on=day))
    session.flush()
    audit.record(session, actor.label, "round.planned", planned, code=code)
    return planned


def next_cut_off(after: datetime) -> datetime:
    """The first Thursday noon in Paris after an instant: the usual cut-off."""
    local = after.astimezone(clock.PARIS)
    thursday = local.date() + timedelta(days=(3 - local.weekday()) % 7)
    noon = datetime.combine(thursday, time(12), clock.PARIS)
    return noon if noon > after else datetime.combine(thursday + timedelta(days=7), time(12), clock.PARIS)


def next_delivery_day(closes_at: datetime) -> date:
    """The Tuesday after a cut-off: the usual delivery day."""
    day = closes_at.astimezone(clock.PARIS).date()
    return day + timedelta(days=(1 - day.weekday()) % 7 or 7)
