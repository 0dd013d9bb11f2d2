"""Who is acting: a signed-in person, a program with a key, or the command line."""

from dataclasses import dataclass
from functools import cached_property

from app.accounts.models import Person
from app.accounts.permissions import Permission, Role, Scope, permissions_of
from app.core.errors import NotAllowed


@dataclass(frozen=True)
class Actor:
    """The one a use case acts for. `identity` tells people apart; `label`, with the key used, goes into the audit.

    `scopes` is what the key used may be for; None for a browser. `supplier_id`: the supplier that a mailed link stands
    for, without an account.
    """

    label: str
    roles: frozenset[Role]
    identity: str
    person_id: int | None = None
    company_id: int | None = None
    locale: str = "fr"
    name: str = ""
    scopes: frozenset[Scope] | None = None
    supplier_id: int | None = None

    @property
    def may_write(self) -> bool:
        """Whether the actor may change anything: a key may be for reading only."""
        return self.scopes is None or any(scope.writes for scope in self.scopes)

    def require_scope(self, scope: Scope) -> None:
        """Raise `NotAllowed` where a key is used beyond its scopes; people in a browser have none to ask about."""
        if self.scopes is not None and scope not in self.scopes:
            raise NotAllowed("This key has not the scope {scope}.", code="insufficient_scope", scope=scope.value)

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        """Everything the actor may do."""
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        """Whether the actor may do this."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise `NotAllowed` unless the actor may do this."""
        if not self.may(permission):
            raise NotAllowed("Your account may not do this. Ask the association for the right to.")

    def require_person(self) -> int:
        """The person behind the actor; `NotAllowed` for the command line."""
        if self.person_id is None:
            raise NotAllowed("Only a signed-in person can do this.")
        return self.person_id

    def require_company(self) -> int:
        """The company of the actor; `NotAllowed` for people of the association."""
        if self.company_id is None:
            raise NotAllowed("Only people of a member company can do this.")
        return self.company_id


COMMAND_LINE = Actor("command line", frozenset({Role.ADMINISTRATOR}), identity="command line")
SYSTEM = Actor("engrenages", frozenset({Role.ADMINISTRATOR}), identity="engrenages")  # what happens by itself


def actor_for(person: Person, *, label: str | None = None, scopes: frozenset[Scope] | None = None) -> Actor:
    """The actor for a stored person."""
    return Actor(
        label=label or person.email,
        roles=frozenset(Role(role) for role in person.roles),
        identity=person.email,
        person_id=person.id,
        company_id=person.company_id,
        locale=person.locale,
        name=person.name,
        scopes=scopes,
    )
