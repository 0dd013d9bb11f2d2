"""The command line as people and scripts use it: whole processes, exit statuses, JSON, errors that help."""

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.accounts.permissions import Role
from app.billing.payments.models.outgoing_files import FileKind
from app.billing.payments.outgoing_files import keep_file
from app.commission.ledger.books import fec_file
from tests.billing.invoicing.test_issue import check_fec
from tests.factories import World


class Shell:
    """Runs `engrenages` against one database, with a data folder of its own."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self.environment = {**os.environ, "DATABASE_URL": url, "ENGRENAGES_DATA_DIR": str(data_dir), "COLUMNS": "200"}
        self.environment.pop("ENGRENAGES_SMTP_URL", None)

    def run(self, *arguments: object, status: int = 0, typed: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, arguments)],
            env=self.environment, capture_output=True, text=True, check=False, input=typed,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def json(self, *arguments: object, status: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", status=status).stdout)


@pytest.fixture
def shell(own_database: str, tmp_path: Path) -> Shell:
    return Shell(own_database, tmp_path / "data")


INIT = ("init", "--name", "Les Portes", "--park", "nord=Parc Nord", "--manager-email", "claire@ex.com",
        "--manager-name", "Claire", "--commission", "3.5")  # fmt: skip


def test_a_real_association_from_its_first_run_to_sent_orders(
    shell: Shell, own_engine: Engine, northwind: Path, tmp_path: Path
) -> None:
    made = shell.json(*INIT)
    assert re.match(r"http://localhost:8000/sign-in/link\?token=\S{40,}", made["sign_in_link"])
    assert "has its association already" in shell.run(*INIT, status=1).stderr
    assert shell.json("import", "suppliers", northwind / "suppliers.csv")["new_count"] == 29
    assert shell.json("import", "offers", northwind / "offers.csv", "--dry-run")["new_count"] == 77
    assert shell.json("import", "offers", northwind / "offers.csv")["new_count"] == 77
    people = tmp_path / "people.csv"
    people.write_text("email,name,roles\nmarc@ex.com,Marc,treasurer\n")
    assert shell.json("import", "people", people)["invited_count"] == 1
    assert shell.json("round", "create", "R")["status"] == "planned"
    assert shell.json("round", "open", "R")["status"] == "open"
    assert shell.json("import", "orders", northwind / "orders.csv", "--round", "R")["line_count"] == 2155
    refused = shell.json("round", "consolidate", "R", status=1)
    assert (refused["error"], "is open" in refused["message"]) == ("wrong_round_status", True)
    shell.run("round", "close", "R")
    consolidated = shell.json("round", "consolidate", "R")
    assert (consolidated["status"], len(consolidated["supplier_orders"])) == ("consolidated", 29)
    first = shell.json("round", "approve", "R", status=2)
    assert (first["status"], first["approved_by"]) == ("consolidated", ["command line"])
    assert shell.json("round", "approve", "R", "--by", "marc@ex.com")["status"] == "approved"
    refused = shell.json("round", "send", "R", status=1)
    assert (refused["error"], "Exotic Liquids" in refused["message"]) == ("nobody_to_send_to", True)
    with own_engine.begin() as connection:
        connection.execute(text("UPDATE suppliers SET email = lower(code) || '@ex.com' WHERE code <> 'NW001'"))
    sent = shell.run("round", "send", "R", status=2)
    assert "Not sent: R-NW001, Exotic Liquids (NW001) has no mail address." in sent.stderr
    assert shell.json("supplier-order", "hand-over", "R-NW001") == {"number": "R-NW001", "status": "sent"}
    assert "it is not to be sent" in shell.run("supplier-order", "hand-over", "R-NW001", status=1).stderr
    again = shell.json("round", "show", "R")
    assert {order["status"] for order in again["supplier_orders"]} == {"sent"}
    shown = shell.run("round", "show", "R").stdout
    assert "R: sent" in shown.replace("R R", "R")
    assert f"{Decimal(consolidated['ordered_amount']):,.2f}" in shown
    with own_engine.connect() as connection:
        booked = connection.execute(text("SELECT sum(credit) FROM postings")).scalar_one()
    assert booked == Decimal(consolidated["commission"])


def test_northwind_from_files_is_what_rounds_give(shell: Shell, northwind: Path, tmp_path: Path) -> None:
    files = [
        argument for name in ("suppliers", "offers", "orders") for argument in (f"--{name}", northwind / f"{name}.csv")
    ]
    result = shell.json("consolidate", *files, "--output", tmp_path / "out", "--rate", "3.5")
    assert (result["lines"], result["unfilled"]) == (2155, 0)
    with (tmp_path / "out" / "allocations.csv").open() as file:
        allocations = list(csv.DictReader(file))
    with (northwind / "orders.csv").open() as file:
        orders = list(csv.DictReader(file))
    assert [(a["order_ref"], a["sku"], a["allocated"]) for a in allocations] == [
        (o["order_ref"], o["sku"], o["quantity"]) for o in orders
    ]
    with (tmp_path / "out" / "supplier_orders.csv").open() as file:
        ordered = list(csv.DictReader(file))
    assert ordered == sorted(ordered, key=lambda row: (row["supplier_code"], row["sku"]))
    assert sum(Decimal(row["amount"]) for row in ordered) == Decimal(result["amount"])
    assert sum(Decimal(row["commission"]) for row in allocations) == Decimal(result["commission"])


def test_the_best_consolidation_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("supplier_code,name,free_delivery_from,delivery_fee\nS1,Un,10,8\nS2,Deux,,\n")
    (tmp_path / "f.csv").write_text(
        "supplier_code,sku,product_ref,name,price_tiers\nS1,K1,P1,Gants,1:2|5:1.5\nS2,K2,P1,Gants,1:2.1\n"
    )
    (tmp_path / "o.csv").write_text(
        "order_ref,company_code,placed_at,supplier_code,sku,quantity,ceiling_price\n"
        "A,C1,2026-03-01T08:00:00Z,S1,K1,3,2.5\nB,C2,2026-03-01T09:00:00Z,S2,K2,2,2.5\n"
    )
    (tmp_path / "scores.csv").write_text("supplier_code,sku,score\nS1,K1,20\nS2,K2,90\n")
    shell = Shell("postgresql://nobody@127.0.0.1:1/none", tmp_path / "data")
    files = ("--suppliers", tmp_path / "s.csv", "--offers", tmp_path / "f.csv", "--orders", tmp_path / "o.csv")
    result = shell.json("optimise", *files, "--output", tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["total_cost"], summary["plain_cost"], summary["deliveries"]) == (10.5, 18.2, 1)
    assert (summary["gap"], summary["bound"], result["files"][2]) == (0, 10.5, str(tmp_path / "out" / "summary.json"))
    written = (tmp_path / "out" / "allocations.csv").read_text().splitlines()
    assert written[1:] == ["A,C1,S2,K2,3,3,0,,2.1000,6.30,0.00", "B,C2,S2,K2,2,2,0,,2.1000,4.20,0.00"]
    scored = ("--scores", tmp_path / "scores.csv", "--premium", "0.5", "--seconds", "10")
    assert "Mean score 90.0" in shell.run("optimise", *files, *scored, "--output", tmp_path / "out").stdout
    assert (
        "--premium" in shell.run("optimise", *files, "--premium", "-1", "--output", tmp_path / "out", status=2).stderr
    )
    (tmp_path / "a.jsonl").write_text('{"made_in": "moon"}\n')
    assert "moon" in shell.run("score", tmp_path / "a.jsonl", status=1).stderr


def test_consolidating_needs_no_database(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("supplier_code,name\nS1,Un\n")
    (tmp_path / "f.csv").write_text("supplier_code,sku,product_ref,name,pack_size,price_tiers\nS1,K1,P1,Gants,3,1:2\n")
    (tmp_path / "o.csv").write_text(
        "order_ref,company_code,placed_at,supplier_code,sku,quantity,tolerance\n"
        "A,C1,2026-03-01T08:00:00Z,S1,K1,3,2\nB,C2,2026-03-01T09:00:00Z,S1,K1,1,3\nC,C3,2026-03-01T10:00:00Z,S1,K1,1,0\n"
    )
    shell = Shell("postgresql://nobody@127.0.0.1:1/none", tmp_path / "data")
    files = ("--suppliers", tmp_path / "s.csv", "--offers", tmp_path / "f.csv", "--orders", tmp_path / "o.csv")
    shell.run("consolidate", *files, "--output", tmp_path / "out", "--policy", "first_come")
    written = (tmp_path / "out" / "allocations.csv").read_text().splitlines()
    assert written[1:] == [
        "A,C1,S1,K1,3,4,0,,2.0000,8.00,0.00",
        "B,C2,S1,K1,1,1,0,,2.0000,2.00,0.00",
        "C,C3,S1,K1,1,1,0,,2.0000,2.00,0.00",
    ]
    assert not (tmp_path / "data").exists()


def test_a_bad_file_is_told_cell_by_cell_and_ends_with_status_1(shell: Shell, tmp_path: Path) -> None:
    shell.run(*INIT)
    path = tmp_path / "suppliers.csv"
    path.write_text("supplier_code,name,minimum_order\nS1,Un,dix\nS2,Deux,5\n")
    told = shell.run("import", "suppliers", path, status=1).stderr
    assert "nothing was imported" in told
    assert re.search(r"2\s+minimum_order\s+dix\s+a number, such as 12.50 or 12,50", told)
    (bad,) = shell.json("import", "suppliers", path, status=1)["bad_cells"]
    assert (bad["line"], bad["column"], bad["value"]) == (2, "minimum_order", "dix")
    assert shell.json("import", "suppliers", path, "--skip-bad-rows")["new_count"] == 1
    assert shell.run("import", "suppliers", tmp_path / "none.csv", status=2).stderr


def test_an_unreachable_database_is_told_with_the_cure(tmp_path: Path) -> None:
    told = Shell("postgresql://nobody@127.0.0.1:1/none", tmp_path).run("round", "list", status=1).stderr
    assert "the database cannot be reached" in told
    assert "engrenages doctor" in told
    assert "Traceback" not in told


def test_a_backup_brings_everything_back(shell: Shell, own_engine: Engine, tmp_path: Path) -> None:
    with Session(own_engine) as session, session.begin():
        World(session).a_company("ATELIER")
    size = shell.json("backup", tmp_path / "one.backup")["bytes"]
    assert size == (tmp_path / "one.backup").stat().st_size > 10_000
    with own_engine.begin() as connection:
        connection.execute(text("DELETE FROM companies"))
    assert "Aborted" in shell.run("restore", tmp_path / "one.backup", status=1, typed="n\n").stderr
    shell.run("restore", tmp_path / "one.backup", "--yes")
    own_engine.dispose()
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT code FROM companies")).scalars().all() == ["ATELIER"]
    (tmp_path / "rubbish").write_text("not a backup")
    assert "is not a backup" in shell.run("restore", tmp_path / "rubbish", "--yes", status=1).stderr


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(shell: Shell, own_engine: Engine) -> None:
    findings = {finding["what"]: finding for finding in shell.json("doctor", status=1)}
    assert findings["Database"]["health"] == findings["Schema"]["health"] == "good"
    assert (findings["Association"]["health"], findings["Association"]["cure"][:20]) == ("bad", "Run: engrenages init")
    shell.run(*INIT)
    assert "✓ Association: Les Portes" in shell.run("doctor").stdout
    with own_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "engrenages db upgrade" in shell.run("doctor", status=1).stdout
    assert shell.json("db", "status", status=1)["up_to_date"] is False


def test_files_sent_over_the_web_are_imported_by_the_worker(shell: Shell, own_engine: Engine, tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from app.accounts.actor import actor_for
    from app.accounts.sign_in import create_api_key
    from app.main import create_app

    with Session(own_engine) as session, session.begin():
        world = World(session)
        manager = actor_for(world.a_person(Role.PURCHASING_MANAGER))
        secret = create_api_key(session, manager, "test", ["read", "write"]).secret
    client = TestClient(create_app(lambda: Session(own_engine, expire_on_commit=False), 5))
    client.headers["Authorization"] = f"Bearer {secret}"
    good = "supplier_code,name\nS1,Maison Épaulard\n".encode("cp1252")
    sent = client.post("/api/v1/imports/suppliers", files={"file": ("suppliers.csv", good)})
    assert (sent.status_code, sent.json()["status"]) == (202, "queued")
    bad = client.post("/api/v1/imports/offers", files={"file": ("offers.csv", b"supplier_code,sku\nS1,K1\n")})
    run_worker(shell)
    done = client.get(sent.headers["location"]).json()
    assert (done["status"], done["report"]["new"]) == ("done", [{"code": "S1", "name": "Maison Épaulard"}])
    refused = client.get(bad.headers["location"]).json()
    assert (refused["status"], "missing: product_ref" in refused["error"]) == ("refused", True)
    with own_engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM import_runs WHERE content IS NOT NULL")).scalar_one() == 0


def run_worker(shell: Shell) -> None:
    """Run the queued jobs, then end."""
    code = "from app.core.jobs import run_worker; run_worker(until_empty=True)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=shell.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_sent_orders_and_outcomes_leave_as_mail(shell: Shell, own_engine: Engine, tmp_path: Path) -> None:
    from app.accounts.actor import COMMAND_LINE
    from app.core import clock
    from app.orders.consolidation.draft import consolidate_round
    from app.orders.consolidation.round_approval import approve_round
    from app.orders.consolidation.round_lifecycle import close_round
    from app.orders.consolidation.sending import send_round
    from tests.factories import NOW

    with Session(own_engine) as session, session.begin(), clock.frozen(NOW):
        world = World(session)
        offer = world.an_offer(world.a_supplier("S1", email="ventes@s1.example"), name="Gants épais")
        world.an_order(world.an_open_round("R"), (offer, 7))
        for step in (close_round, consolidate_round, approve_round, send_round):
            step(session, COMMAND_LINE, "R")
    run_worker(shell)
    run_worker(shell)
    mails = [path.read_bytes().decode() for path in sorted((tmp_path / "data" / "mail").glob("*.eml"))]
    assert len(mails) == 2
    supplier = next(mail for mail in mails if "To: ventes@s1.example" in mail)
    assert "Subject: Commande R-S1" in supplier
    member = next(mail for mail in mails if "To: p" in mail)
    assert "your order is placed with the suppliers" in member
    engine = create_engine(own_engine.url)
    with engine.connect() as connection:
        left = connection.execute(text("SELECT status, count(*) FROM procrastinate_jobs GROUP BY 1")).all()
    engine.dispose()
    assert [status for status, _count in left] == ["succeeded"]


def test_the_demo_tells_its_story_and_may_be_run_again(shell: Shell, own_engine: Engine) -> None:
    story = shell.json("demo", "--no-serve")
    assert (story["parks"], story["companies"], story["suppliers"]) == (3, 125, 12)
    assert story["people"] >= 300
    assert story["products"] >= 600
    assert story["orders"] == 600
    assert Decimal(story["saved"]) > 0
    assert Decimal(story["commission"]) > 0
    with own_engine.connect() as connection:
        booked = connection.execute(
            text("SELECT sum(credit - debit) FROM postings WHERE account = '7082'")
        ).scalar_one()
        assert booked == Decimal(story["commission"])
        assert connection.execute(text("SELECT count(*) FROM payments")).scalar_one() > 0
        open_rounds = connection.execute(text("SELECT count(*) FROM rounds WHERE status = 'open'")).scalar_one()
    assert open_rounds == 1
    assert shell.json("demo", "--no-serve") == story
    _check_the_demos_bank(own_engine)


def _check_the_demos_bank(engine: Engine) -> None:
    """Every movement of the demo stands in the books and in the FEC on the bank's day, under its own reference."""
    with Session(engine) as session:
        moved = session.execute(text("SELECT number, booked_on, amount FROM bank_movements ORDER BY id")).all()
        year = moved[0].booked_on.year
        rows = [row for row in check_fec(fec_file(session, year)) if row["JournalCode"] == "BQ"]
    on_the_bank = {
        (row["PieceRef"], row["EcritureDate"], row["PieceDate"], Decimal(row["Debit"].replace(",", ".")))
        for row in rows
        if row["CompteNum"] == "512"
    }
    assert on_the_bank == {
        (one.number, f"{one.booked_on:%Y%m%d}", f"{one.booked_on:%Y%m%d}", one.amount) for one in moved
    }
    assert len(moved) > 3


def test_the_demo_is_not_loaded_over_real_data(shell: Shell) -> None:
    shell.run(*INIT)
    assert "the demo is not loaded over it" in shell.run("demo", "--no-serve", status=1).stderr


@pytest.mark.parametrize(
    "command", ["init", "db", "serve", "demo", "doctor", "import", "round", "consolidate", "backup"]
)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    assert "Usage" in Shell("", tmp_path).run(command, "--help").stdout


def test_a_job_of_a_killed_worker_is_taken_up_again(shell: Shell, own_engine: Engine, tmp_path: Path) -> None:
    from app.core import jobs
    from app.core.housekeeping import retry_stalled_jobs
    from app.notify import mail

    with Session(own_engine) as session, session.begin():
        jobs.defer(session, mail.send_mail, **mail.message("anne@ex.com", "Bonjour", "Voici."))
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))  # by a worker that is no more
    with Session(own_engine) as session, session.begin():
        jobs.defer(session, retry_stalled_jobs, timestamp=0)
    run_worker(shell)
    run_worker(shell)
    assert len(list((tmp_path / "data" / "mail").glob("*.eml"))) == 1


def test_a_file_that_was_made_is_listed_fetched_and_taken_back(
    shell: Shell, own_engine: Engine, tmp_path: Path
) -> None:
    shell.json(*INIT)
    assert shell.json("outgoing-file", "list") == []
    assert shell.json("outgoing-file", "make", "einvoices", status=1)["error"] == "nothing_waits"
    with Session(own_engine) as session, session.begin():
        kept = keep_file(session, COMMAND_LINE, FileKind.EINVOICES, b"PK\x05\x06" + bytes(18), entries=0)
        number, digest = kept.id, kept.sha256
    (listed,) = shell.json("outgoing-file", "list")
    assert (listed["sha256"], listed["status"]) == (digest, "made")
    written = [Path(shell.json("outgoing-file", "fetch", number, "--output", tmp_path / name)["file"]) for name in "ab"]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in written} == {digest}
    assert shell.json("outgoing-file", "take-back", number)["status"] == "taken_back"
    assert shell.json("outgoing-file", "take-back", number, status=1)["error"] == "file_taken_back"


def test_a_rehearsal_prints_each_row_as_it_would_be_kept(shell: Shell, tmp_path: Path) -> None:
    shell.run(*INIT)
    suppliers = tmp_path / "s.csv"
    suppliers.write_text("supplier_code,name,delivery_fee\nS1,Vosges,12.50\n")
    shell.run("import", "suppliers", suppliers)
    offers = tmp_path / "o.csv"
    offers.write_text(
        "supplier_code;sku;product_ref;name;pack_size;vat_rate;price_tiers\n"
        "S1;007;P1;Gants;6;19,6;1:2,50|10:2,60\n"
        "S1;K2;P2;Bottes;0;20;1:9\n"
        "S9;K3;P3;Bottes;1;20;1:9\n"
    )
    rehearsed = shell.json("import", "offers", offers, "--dry-run")
    (row,) = rehearsed["rows"]
    expected = {"supplier_code": "S1", "sku": "007", "pack_size": 6, "vat_rate": "19.6", "price_tiers": "1:2.5|10:2.6"}
    assert {name: row[name] for name in expected} == expected
    assert [(one["line"], one["column"], one["taken"]) for one in rehearsed["problems"]] == [
        (3, "pack_size", False),
        (4, "supplier_code", False),
        (2, "vat_rate", True),
        (2, "price_tiers", True),
    ]
    assert (rehearsed["row_count"], rehearsed["new_count"]) == (3, 1)
    offers.write_bytes(b"\x00\x01\x02")
    refused = shell.json("import", "offers", offers, "--dry-run", status=1)
    assert (refused["rows"], len(refused["problems"])) == ([], 1)
    people = tmp_path / "p.csv"
    people.write_text("email,name,roles\nanne@ex.com,Anne,treasurer\n")
    assert shell.json("import", "people", people, "--dry-run")["rows"][0]["roles"] == "treasurer"
