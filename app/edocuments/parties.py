"""Who is named on a document."""

from dataclasses import dataclass

from app.core.errors import Conflict

SIRET_SCHEME, MAIL_SCHEME = "0009", "EM"  # Peppol's list of electronic address schemes (EAS)


@dataclass(frozen=True)
class Party:
    """Somebody named on a document; `country` by ISO 3166-1 alpha-2."""

    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "FR"
    siret: str = ""
    vat_number: str = ""
    email: str = ""

    @property
    def siren(self) -> str:
        """The firm's number: the first nine digits of its SIRET."""
        return self.siret[:9]

    @property
    def endpoint(self) -> tuple[str, str]:
        """The electronic address and its scheme: the SIRET, else the mail address. Raises `Conflict` without either."""
        if self.siret:
            return self.siret, SIRET_SCHEME
        if self.email:
            return self.email, MAIL_SCHEME
        raise Conflict(
            "{name} has neither a SIRET nor a mail address: an electronic order needs one of them.",
            code="party_without_address",
            name=self.name,
        )
