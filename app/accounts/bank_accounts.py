"""Changes of the accounts that money goes to: what one person asks, another confirms, and everyone who may sees it."""

from typing import NamedTuple

from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import IbanChange, Person
from app.accounts.permissions import PERMISSIONS, Permission
from app.core import audit, clock
from app.core.errors import Conflict, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.notify.letters import Action, queue_letter

ASSOCIATION = "association"  # stands where suppliers and firms have their code


class Place(NamedTuple):
    """Where a change is decided: who may, and the page."""

    permission: Permission
    page: str


def iban_holds(session: Session, actor: Actor, party: str, before: str, after: str, place: Place) -> bool:
    """Whether a party's account is `after` now: two people have given it, or nobody else could confirm it.

    Until then it is kept as asked for, and those who may confirm it are told. Raises `Conflict` for whoever asked
    already.
    """
    if after == before:
        return True
    asked = session.get(IbanChange, party, with_for_update=True)
    others = _others(session, actor, place.permission)
    if not others or (asked is not None and asked.iban == after and asked.asked_by != actor.identity):
        if asked is not None:
            session.delete(asked)
        return True
    if asked is not None and asked.iban == after:
        raise Conflict("You asked for this account already: a second person must confirm it.", code="same_person")
    change = asked or IbanChange(party=party, iban=after, asked_by=actor.identity, asked_at=clock.now())
    change.iban, change.asked_by, change.asked_at = after, actor.identity, clock.now()
    session.add(change)
    session.flush()
    audit.record(session, actor.label, "iban.asked", change, party=party, last_digits=after[-4:])
    for person in others:
        with speaking(person.locale):
            words = _("{name} asks that {party} be paid to the account ending in {digits}.")
            told = [
                words.format(name=actor.label, party=party, digits=after[-4:]),
                _("Until you confirm, nothing changes."),
            ]
            action = Action(_("Look and decide"), place.page)
            queue_letter(session, person.email, _("An account waits for you"), told, action)
    return False


def _others(session: Session, actor: Actor, permission: Permission) -> list[Person]:
    roles = {role.value for role, permissions in PERMISSIONS.items() if permission in permissions}
    people = session.exec(select(Person).where(col(Person.active)).order_by(col(Person.id)))
    return [person for person in people if roles & set(person.roles) and person.id != actor.person_id]


def asked_changes(session: Session, *, of_association: bool) -> list[IbanChange]:
    """The accounts that wait for a second person: the association's, or those of suppliers and firms."""
    own = col(IbanChange.party) == ASSOCIATION
    query = select(IbanChange).where(own if of_association else ~own).order_by(col(IbanChange.asked_at))
    return list(session.exec(query))


def refuse_change(session: Session, actor: Actor, party: str, permission: Permission) -> None:
    """Leave a party's account as it is. Raises `NotFound` where none is asked for."""
    actor.require(permission)
    asked = session.get(IbanChange, party, with_for_update=True)
    if asked is None:
        raise NotFound("No account waits for a second person here.")
    audit.record(session, actor.label, "iban.refused", asked, party=party, last_digits=asked.iban[-4:])
    session.delete(asked)
