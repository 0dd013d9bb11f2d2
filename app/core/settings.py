"""Settings, read once from the environment (and from `.env` where the process starts)."""

import os
from decimal import Decimal
from functools import cache
from pathlib import Path

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """The per-user data folder; for root one that the database's own user can reach."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/engrenages")
    return platformdirs.user_data_path("engrenages", appauthor=False)


class Settings(BaseSettings):
    """Every setting, with a default that works on a fresh machine.

    The environment names are the field names in capitals, behind `ENGRENAGES_` (`DATABASE_URL` stands alone,
    as hosting platforms set it).
    """

    model_config = SettingsConfigDict(env_prefix="ENGRENAGES_", env_file=".env", extra="ignore")

    database_url: str = Field(
        default="",
        validation_alias="DATABASE_URL",
        description="Any PostgreSQL 15 or newer; empty starts the embedded one.",
    )
    data_dir: Path = Field(default_factory=default_data_dir)
    public_url: str = "http://localhost:8000"
    smtp_url: str = Field(
        default="",
        description="smtp://user:password@host:587 or smtps://…; empty writes mail to files.",
    )
    mail_from: str = "Engrenages <bonjour@engrenages.example>"
    secure_cookies: bool = Field(default=False, description="True wherever the site is served over HTTPS.")
    upload_limit_mb: int = Field(default=64, ge=1, description="Largest file taken over HTTP, in megabytes.")
    company_register_url: str = Field(
        default="https://recherche-entreprises.api.gouv.fr",
        description="The State's open company register; empty: firms are typed by hand.",
    )
    km_per_trip_avoided: Decimal | None = Field(
        default=None,
        ge=0,
        description="Kilometres that a delivery avoided would have driven, as the association reckons.",
    )
    co2e_kg_per_km: Decimal | None = Field(
        default=None, ge=0, description="Emission factor of a delivery van; with both the impact page estimates CO2e."
    )
    webhooks_to_private_addresses: bool = Field(
        default=False, description="Let webhooks go to http:// and to private addresses: for trying out, never in use."
    )
    api_requests_per_minute: int = Field(
        default=3000, ge=1, description="What the API answers a key, a token or a stranger's address in a minute."
    )
    stripe_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Stripe's secret key (sk_…); with the publishable one firms can pay by card."
    )
    stripe_publishable_key: str = Field(default="", description="Stripe's publishable key (pk_…).")
    stripe_webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="What Stripe signs its events to /webhooks/stripe with (whsec_…)."
    )
    stripe_api_base: str = Field(default="https://api.stripe.com", description="Where Stripe's API is.")
    stripe_js_url: str = Field(
        default="https://js.stripe.com/v3/", description="Where Stripe's script for browsers is."
    )
    einvoicing_url: str = Field(
        default="", description="Where electronic invoices are handed over (UBL by POST); empty: they go by file."
    )
    einvoicing_token: SecretStr = Field(
        default=SecretStr(""), description="The word in the address to which the platform posts invoices and statuses."
    )
    database_pool_size: int = Field(default=10, ge=1)

    def address_of(self, path: str) -> str:
        """The whole address of a path of ours, as letters and the command line give it."""
        return self.public_url.rstrip("/") + path


@cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
