"""A Stripe of our own for the demo and the tests: `localstripe`, which keeps what it is told and answers like Stripe.

It knows customers, cards, accounts, set-ups, payments and refunds; not Connect. No money moves and nothing leaves the
machine. Installed with the tools for development alone.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import httpx
from pydantic import SecretStr

from app.core.settings import Settings

SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET = "sk_test_engrenages", "pk_test_engrenages", "whsec_engrenages"
_PATIENCE_S = 20
# Its store would be kept in a file that all users of the machine share.
_RUN = """
import sys
from aiohttp import web
from localstripe import resources
resources.Store.dump_to_disk = lambda self: None
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


def is_installed() -> bool:
    """Whether it can be started here."""
    return find_spec("localstripe") is not None


@contextmanager
def running() -> Iterator[str]:
    """Start it on a free port of this machine; its address."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _RUN, str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            httpx.get(f"{address}/js.stripe.com/v3/", timeout=2).raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def settings_for(address: str) -> dict[str, str | SecretStr]:
    """The settings with which we talk to it."""
    return {
        "stripe_secret_key": SecretStr(SECRET_KEY),
        "stripe_publishable_key": PUBLISHABLE_KEY,
        "stripe_webhook_secret": SecretStr(WEBHOOK_SECRET),
        "stripe_api_base": address,
        "stripe_js_url": f"{address}/js.stripe.com/v3/",
    }


def environment_for(address: str) -> dict[str, str]:
    """The same as a process beside this one reads them: the worker of background jobs."""
    return {
        f"ENGRENAGES_{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings_for(address).items()
    }


def use(settings: Settings, address: str) -> None:
    """Let this process talk to it."""
    for name, value in settings_for(address).items():
        setattr(settings, name, value)


def tell(address: str, webhook_url: str) -> None:
    """Have it send its events to us."""
    body = {"url": webhook_url, "secret": WEBHOOK_SECRET}
    httpx.post(f"{address}/_config/webhooks/engrenages", json=body, timeout=5).raise_for_status()
