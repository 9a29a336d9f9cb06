"""The API as methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from regulars.client.transport import Transport
from regulars.client.types import Answer, Order, Product, Refund, Status, Webhook


class Client:
    """A server's API with one key.

    Every method returns what the server answers, as ``/v1/openapi.json`` describes it, and raises :class:`~regulars.client.ApiError` for a
    problem. Where waiting helps it waits and asks again; a change is made once however often it is sent. ``once`` names a change, so that
    even a program that was started again makes it once.
    """

    def __init__(self, base_url: str, key: str, **transport: Any) -> None:
        self._ask = Transport(base_url, key, **transport).ask

    def order(self, order_id: str) -> Answer:
        """Return one order."""
        return self._ask("GET", "orders", order_id)

    def put_order(self, order_id: str, order: Order, *, once: str | None = None) -> Answer:
        """Tell a whole order."""
        return self._ask("PUT", "orders", order_id, body=order, once=once)

    def refund(self, order_id: str, refund: Refund, *, once: str | None = None) -> Answer:
        """Take money back for an order."""
        return self._ask("POST", "orders", order_id, "refunds", body=refund, once=once)

    def change_status(self, order_id: str, status: Status, *, once: str | None = None) -> Answer:
        """Say that an order was paid, cancelled, or is a test."""
        return self._ask("POST", "orders", order_id, "status", body={"status": status}, once=once)

    def customer(self, customer_id: str) -> Answer:
        """Return one customer, by the shop's own id or by ``key:123``."""
        return self._ask("GET", "customers", customer_id)

    def customers(self, **filters: Any) -> Iterator[Answer]:
        """Yield customers; filters are ``segment``, ``tier``, ``email`` and ``updated_since``."""
        return self._pages("customers", "customers", query=filters)

    def timeline(self, customer_id: str) -> Iterator[Answer]:
        """Yield a customer's orders, newest first."""
        return self._pages("orders", "customers", customer_id, "timeline", query={})

    def recommendations(self, customer_id: str, slot: str = "for_you", k: int = 10) -> Answer:
        """Return what to show a customer."""
        return self._ask("GET", "customers", customer_id, "recommendations", query={"slot": slot, "k": k})

    def product(self, product_id: str) -> Answer:
        """Return one product."""
        return self._ask("GET", "products", product_id)

    def products(self) -> Iterator[Answer]:
        """Yield products."""
        return self._pages("products", "products", query={})

    def put_product(self, product_id: str, product: Product, *, once: str | None = None) -> Answer:
        """Tell all that the catalogue says of a product."""
        return self._ask("PUT", "products", product_id, body=product, once=once)

    def put_products(self, products: Sequence[Product], *, once: str | None = None) -> Answer:
        """Tell up to 1000 products; the answer reports each by its place."""
        return self._ask("POST", "products", "bulk", body={"products": list(products)}, once=once)

    def costs(self, **filters: Any) -> Iterator[Answer]:
        """Yield what advertising cost; filters are ``since`` and ``until``, as days."""
        return self._pages("costs", "costs", query=filters)

    def put_costs(self, costs: Sequence[Answer], currency: str, *, once: str | None = None) -> Answer:
        """Tell up to 5,000 rows of costs; they take the place of what was known of their days and channels."""
        return self._ask("PUT", "costs", body={"currency": currency, "costs": list(costs)}, once=once)

    def segments(self) -> Answer:
        """Return every segment with its size and worth."""
        return self._ask("GET", "segments")

    def members(self, segment: str) -> Iterator[Answer]:
        """Yield who is in a segment."""
        return self._pages("members", "segments", segment, "members", query={})

    def figures(self) -> Answer:
        """Return every figure of the published run."""
        return self._ask("GET", "figures")

    def figure(self, name: str) -> Answer:
        """Return one figure, or one table of figures."""
        return self._ask("GET", "figures", name)

    def scores(self) -> Iterator[Answer]:
        """Yield every customer's figures and forecast."""
        return self._pages("scores", "scores", query={})

    def imports(self) -> Iterator[Answer]:
        """Yield loads, newest first."""
        return self._pages("imports", "imports", query={})

    def runs(self) -> Iterator[Answer]:
        """Yield refreshes, newest first."""
        return self._pages("runs", "runs", query={})

    def load(self, file: str, *, once: str | None = None) -> Answer:
        """Load a file of the folder ``inbox`` in the server's home, as a job."""
        return self._ask("POST", "imports", body={"file": file}, once=once)

    def refresh(self, *, once: str | None = None) -> Answer:
        """Work everything out anew, as a job."""
        return self._ask("POST", "refreshes", once=once)

    def jobs(self, **filters: Any) -> Iterator[Answer]:
        """Yield jobs, newest first; filters are ``state`` and ``kind``."""
        return self._pages("jobs", "jobs", query=filters)

    def job(self, number: int) -> Answer:
        """Return one job: how far it is, or what became of it."""
        return self._ask("GET", "jobs", str(number))

    def cancel_job(self, number: int, *, once: str | None = None) -> Answer:
        """Let a job not be done, or stop."""
        return self._ask("POST", "jobs", str(number), "cancel", once=once)

    def retry_job(self, number: int, *, once: str | None = None) -> Answer:
        """Try a job that failed, was given up or cancelled again."""
        return self._ask("POST", "jobs", str(number), "retry", once=once)

    def webhooks(self) -> Answer:
        """Return every endpoint without its secret, and all facts that there are."""
        return self._ask("GET", "webhooks")

    def webhook(self, number: int) -> Answer:
        """Return one endpoint without its secret."""
        return self._ask("GET", "webhooks", str(number))

    def create_webhook(self, webhook: Webhook, *, once: str | None = None) -> Answer:
        """Let an address be told of facts; the secret that signs its messages is in this answer only."""
        return self._ask("POST", "webhooks", body=webhook, once=once)

    def change_webhook(self, number: int, webhook: Webhook, *, once: str | None = None) -> Answer:
        """Say anew what an endpoint is; one that is not paused gets what waited for it."""
        return self._ask("PUT", "webhooks", str(number), body=webhook, once=once)

    def delete_webhook(self, number: int, *, once: str | None = None) -> Answer:
        """Take an endpoint away."""
        return self._ask("DELETE", "webhooks", str(number), once=once)

    def test_webhook(self, number: int, *, once: str | None = None) -> Answer:
        """Send an endpoint a message that says nothing."""
        return self._ask("POST", "webhooks", str(number), "test", once=once)

    def rotate_webhook(self, number: int, previous_hours: int = 24, *, once: str | None = None) -> Answer:
        """Give an endpoint another secret, which is in this answer only; the one before holds for so many hours."""
        body = {"previous_hours": previous_hours}
        return self._ask("POST", "webhooks", str(number), "rotate", body=body, once=once)

    def deliveries(self, number: int, **filters: Any) -> Iterator[Answer]:
        """Yield what was sent to an endpoint, newest first; the filter is ``state``."""
        return self._pages("deliveries", "webhooks", str(number), "deliveries", query=filters)

    def redeliver(self, number: int, delivery: int, *, once: str | None = None) -> Answer:
        """Send a message to an endpoint again."""
        path = ("webhooks", str(number), "deliveries", str(delivery), "redeliver")
        return self._ask("POST", *path, once=once)

    def keys(self) -> Answer:
        """Return every key without its secret."""
        return self._ask("GET", "keys")

    def create_key(self, name: str, scopes: Sequence[str], *, once: str | None = None) -> Answer:
        """Make a key; its secret is in this answer only."""
        return self._ask("POST", "keys", body={"name": name, "scopes": list(scopes)}, once=once)

    def revoke_key(self, prefix: str, *, once: str | None = None) -> Answer:
        """Let a key open nothing any more."""
        return self._ask("DELETE", "keys", prefix, once=once)

    def health(self) -> Answer:
        """Say how the server is."""
        return self._ask("GET", "health")

    def _pages(self, rows: str, *path: str, query: dict[str, Any]) -> Iterator[Answer]:
        cursor = None
        while True:
            page = self._ask("GET", *path, query={"limit": 200, **query, "cursor": cursor})
            yield from page[rows]
            cursor = page["next"]
            if cursor is None:
                return
