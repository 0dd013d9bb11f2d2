"""The background jobs that billing asks for, by name; `tasks` does them."""

from app.core.jobs import JobName

ISSUE_INVOICES = JobName("billing.issue_invoices", "billing")
SETTLE_CREDIT = JobName("billing.settle_credit", "billing")
COLLECT = JobName("billing.collect", "billing")
SYNC_COLLECTION = JobName("billing.sync_collection", "billing")
SYNC_SETUP = JobName("billing.sync_setup", "billing")
SYNC_ACCOUNT = JobName("billing.sync_account", "billing")
TRANSMIT = JobName("billing.transmit", "billing")
TELL_LIFE_CYCLE = JobName("billing.tell_life_cycle", "billing")
PAY_BACK = JobName("billing.pay_back", "billing")
NIGHTLY = JobName("billing.nightly", "billing")
SETTLE_ROUNDS = JobName("billing.settle_rounds", "billing")
HOURLY = JobName("billing.hourly", "billing")
