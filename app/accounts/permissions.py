"""Who may do what: one table of permissions per role. Use cases ask it; nothing else decides."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is for the association. A person may have several."""

    EMPLOYEE = "employee"
    APPROVER = "approver"
    PURCHASING_MANAGER = "purchasing_manager"
    TREASURER = "treasurer"
    WASTE_MANAGER = "waste_manager"
    CRECHE_MANAGER = "creche_manager"
    CONCIERGE_MANAGER = "concierge_manager"
    SUPPLIER = "supplier"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What a key may be used for: the first two for people's own programs, the others for suppliers'."""

    READ = "read"
    WRITE = "write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    CATALOG_WRITE = "catalog:write"

    @property
    def writes(self) -> bool:
        """Whether it is for changing something."""
        return self.value.endswith("write")


PEOPLES_SCOPES = frozenset({Scope.READ.value, Scope.WRITE.value})
SUPPLIER_SCOPES = frozenset({Scope.ORDERS_READ.value, Scope.ORDERS_WRITE.value, Scope.CATALOG_WRITE.value})


class Permission(StrEnum):
    """Something one may do."""

    VIEW_PRICES = "view_prices"
    PLACE_ORDERS = "place_orders"
    APPROVE_COMPANY_ORDERS = "approve_company_orders"
    MANAGE_COMPANY = "manage_company"
    MANAGE_CATALOG = "manage_catalog"
    MANAGE_ROUNDS = "manage_rounds"
    MANAGE_SOURCING = "manage_sourcing"
    APPROVE_ROUNDS = "approve_rounds"
    VIEW_COMMISSION = "view_commission"
    MANAGE_COMMISSION = "manage_commission"
    MANAGE_PEOPLE = "manage_people"
    GRANT_ROLES = "grant_roles"
    VIEW_AUDIT = "view_audit"
    SUPPLY = "supply"


P = Permission
_BUYING = frozenset({P.VIEW_PRICES, P.PLACE_ORDERS})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.EMPLOYEE: _BUYING,
    Role.APPROVER: _BUYING | {P.APPROVE_COMPANY_ORDERS, P.MANAGE_COMPANY},
    Role.PURCHASING_MANAGER: frozenset(
        {
            P.VIEW_PRICES,
            P.MANAGE_CATALOG,
            P.MANAGE_ROUNDS,
            P.MANAGE_SOURCING,
            P.APPROVE_ROUNDS,
            P.VIEW_COMMISSION,
            P.MANAGE_PEOPLE,
        }
    ),
    Role.TREASURER: frozenset({P.VIEW_PRICES, P.VIEW_COMMISSION, P.MANAGE_COMMISSION, P.APPROVE_ROUNDS}),
    Role.WASTE_MANAGER: frozenset({P.VIEW_PRICES}),
    Role.CRECHE_MANAGER: frozenset({P.VIEW_PRICES}),
    Role.CONCIERGE_MANAGER: frozenset({P.VIEW_PRICES}),
    Role.SUPPLIER: frozenset({P.SUPPLY}),
    Role.ADMINISTRATOR: frozenset(set(P) - {P.PLACE_ORDERS, P.APPROVE_COMPANY_ORDERS, P.MANAGE_COMPANY, P.SUPPLY}),
}

ASSOCIATION_ROLES = frozenset(
    {Role.PURCHASING_MANAGER, Role.TREASURER, Role.WASTE_MANAGER, Role.CRECHE_MANAGER}
    | {Role.CONCIERGE_MANAGER, Role.ADMINISTRATOR}
)
COMPANY_ROLES = frozenset({Role.EMPLOYEE, Role.APPROVER})


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything that these roles may do together."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
