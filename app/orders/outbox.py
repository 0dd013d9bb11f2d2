"""The jobs that use cases of the main loop leave behind them, by name; `tasks` does them.

`TELL_SUPPLIER` goes to the suppliers' side, which stands above: what happened to an order of theirs.
"""

from app.core.jobs import JobName

SEND_SUPPLIER_ORDER = JobName("orders.send_supplier_order", "orders")
TELL_OF_CANCELLED_ORDER = JobName("orders.tell_of_cancelled_order", "orders")
ASK_APPROVERS = JobName("orders.ask_approvers", "orders")
TELL_MEMBERS_OF_OUTCOME = JobName("orders.tell_members_of_outcome", "orders")
PLACE_STANDING_ORDERS = JobName("orders.place_standing_orders", "orders")
OPEN_AND_CLOSE_DUE_ROUNDS = JobName("orders.open_and_close_due_rounds", "orders")
WORK_OUT_PLANS = JobName("orders.work_out_plans", "plans")
TELL_SUPPLIER = JobName("supplying.note_event", "orders")
