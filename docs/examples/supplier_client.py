"""A supplier's program in one file: fetch new orders, answer them from stock, say what leaves, send the invoice.

    python supplier_client.py https://purchasing.example eng_1f9c22aa_… --stock stock.csv --state state.json

`stock.csv` has the columns `sku` and `quantity`. `state.json` keeps when orders were last asked for; run the program
every few minutes. It needs httpx alone.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx


class Engrenages:
    """The suppliers' API, with a token for the key (OAuth 2.0 client credentials, RFC 6749, section 4.4)."""

    def __init__(self, site: str, key: str) -> None:
        self._http = httpx.Client(base_url=f"{site.rstrip('/')}/api/v1/supplier", timeout=30)
        answer = self._http.post("/token", data={"grant_type": "client_credentials"}, auth=(key.split("_")[1], key))
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def orders(self, updated_since: str | None) -> Iterator[dict[str, Any]]:
        """Orders that changed since then, page by page."""
        asked = {"updated_since": updated_since} if updated_since else {}
        cursor = None
        while True:
            answer = self._http.get("/orders", params=asked | ({"cursor": cursor} if cursor else {}))
            page = answer.raise_for_status().json()
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def order(self, number: str) -> tuple[dict[str, Any], str]:
        """An order, and its ETag."""
        answer = self._http.get(f"/orders/{number}").raise_for_status()
        return answer.json(), answer.headers["etag"]

    def document(self, number: str, form: str) -> bytes:
        """The order as `ubl`, `order-x`, `pdf`, `csv` or `xlsx`."""
        return self._http.get(f"/orders/{number}/documents/{form}").raise_for_status().content

    def acknowledge(self, number: str, etag: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """Answer an order; the key makes it safe to send again after a broken line."""
        headers = {"If-Match": etag, "Idempotency-Key": f"acknowledge-{number}-{etag}"}
        return self._send(f"/orders/{number}/acknowledgement", {"lines": lines}, headers)

    def despatch(self, number: str, advice: dict[str, Any]) -> dict[str, Any]:
        """Say what leaves for a park."""
        headers = {"Idempotency-Key": f"despatch-{number}-{advice['number']}"}
        return self._send(f"/orders/{number}/despatch-advices", advice, headers)

    def invoice(self, number: str, invoice: dict[str, Any]) -> dict[str, Any]:
        """Invoice an order; without lines that is everything at the agreed prices."""
        headers = {"Idempotency-Key": f"invoice-{number}-{invoice['number']}"}
        return self._send(f"/orders/{number}/invoices", invoice, headers)

    def _send(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        answer = self._http.post(path, json=body, headers=headers)
        if answer.is_error:  # problem details (RFC 9457) say what is wrong and how to mend it
            raise SystemExit(f"{path}: {answer.json()['detail']}")
        return dict(answer.json())


def answer_from_stock(order: dict[str, Any], stock: dict[str, int]) -> list[dict[str, Any]]:
    """The lines that the stock does not cover, with what it does cover; it is used up as orders are answered."""
    short = []
    for line in order["lines"]:
        has = min(line["quantity"], stock.get(line["sku"], 0))
        stock[line["sku"]] = stock.get(line["sku"], 0) - has
        if has < line["quantity"]:
            short.append({"sku": line["sku"], "quantity": has, "reason": "Out of stock"})
    return short


def handle(site: Engrenages, number: str, stock: dict[str, int]) -> None:
    """Answer a new order, send it off park by park, then invoice it."""
    order, etag = site.order(number)
    if order["status"] == "sent":
        order = site.acknowledge(number, etag, answer_from_stock(order, stock))
        print(f"{number}: {order['status']}, {order['amount']} EUR before VAT")
    today = datetime.now().astimezone().date().isoformat()
    if order["status"] in ("acknowledged", "partially_acknowledged"):
        for drop in (drop for drop in order["drops"] if any(drop["units"].values())):
            advice = {"number": f"BL-{number}-{drop['park']}", "park": drop["park"]}
            advice["expected_on"] = max(drop["delivery_on"], today)
            order = site.despatch(number, advice)
            print(f"{number}: on its way to {drop['park_name']}, {drop['postal_code']} {drop['city']}")
    if order["status"] == "shipped" and not order["invoices"]:
        invoice = site.invoice(number, {"number": f"FA-{number}", "issued_on": today})
        print(f"{number}: invoice {invoice['number']}, {invoice['total_amount']} EUR with VAT, {invoice['status']}")


def main() -> None:
    """Handle what is new since the last run."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("site")
    options.add_argument("key")
    options.add_argument("--stock", type=Path, required=True)
    options.add_argument("--state", type=Path, required=True)
    given = options.parse_args()
    with given.stock.open(encoding="utf-8", newline="") as file:
        stock = {row["sku"]: int(row["quantity"]) for row in csv.DictReader(file)}
    since = json.loads(given.state.read_text())["updated_since"] if given.state.exists() else None
    site = Engrenages(given.site, given.key)
    for found in list(site.orders(since)):
        handle(site, found["number"], stock)
        since = found["updated_at"]
    given.state.write_text(json.dumps({"updated_since": since}))


if __name__ == "__main__":
    main()
