"""The State's open company register: a firm's name and address by its SIRET.

Source: API Recherche d'entreprises (DINUM), `GET /search?q=SIRET`; public, without a key, about 7 requests a second.
"""

from typing import Any, NamedTuple

import httpx

from app.accounts.service import check_siret
from app.core.errors import DomainError, InvalidInput
from app.core.settings import get_settings

_TIMEOUT_SECONDS = 4.0


class RegisterUnreachable(DomainError):
    """The register does not answer, or not as expected: the firm is then typed by hand."""

    status = 503
    default_code = "register_unreachable"


class RegisteredFirm(NamedTuple):
    """What the register says of an establishment."""

    siret: str
    name: str
    street: str
    postal_code: str
    city: str
    open: bool


def look_up_firm(siret: str, client: httpx.Client | None = None) -> RegisteredFirm | None:
    """The establishment with this SIRET; None where the register has none, or no address is set to ask at.

    Raises `InvalidInput` for wrong check digits, `RegisterUnreachable` where there is no usable answer.
    """
    compact = check_siret(siret)
    if compact is None:
        raise InvalidInput("A SIRET has 14 digits.", field="siret")
    address = get_settings().company_register_url
    if not address:
        return None
    with client or httpx.Client(timeout=_TIMEOUT_SECONDS) as http:
        try:
            answer = http.get(f"{address.rstrip('/')}/search", params={"q": compact, "page": 1, "per_page": 1})
            answer.raise_for_status()
            results = answer.json()["results"]
            return _firm_of(results[0], compact) if results else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RegisterUnreachable("The company register does not answer now: type the firm by hand.") from error


def _firm_of(result: dict[str, Any], siret: str) -> RegisteredFirm | None:
    places = [*result.get("matching_etablissements", []), result.get("siege") or {}]
    place = next((place for place in places if place.get("siret") == siret), None)
    if place is None:
        return None
    postal_code, city = str(place.get("code_postal") or ""), str(place.get("libelle_commune") or "")
    return RegisteredFirm(
        siret=siret,
        name=str(result["nom_complet"]),
        street=str(place.get("adresse") or "").removesuffix(f"{postal_code} {city}").strip(),
        postal_code=postal_code,
        city=city,
        open=place.get("etat_administratif", "A") == "A",
    )
