"""Every record, one file a noun. Money is in minor units of the record's currency, moments are in UTC."""

from regulars.store.models.access import ApiKey, Audit, Idempotency
from regulars.store.models.advertising import AdvertisingCost
from regulars.store.models.consents import Consent
from regulars.store.models.counters import Counter
from regulars.store.models.customers import Customer, Identifier, Merge, Visitor
from regulars.store.models.imports import Import
from regulars.store.models.jobs import Job
from regulars.store.models.notes import Note, SavedView
from regulars.store.models.orders import Order, OrderLine, Refund, Unprojected
from regulars.store.models.outbox import Outbox
from regulars.store.models.products import Product
from regulars.store.models.runs import Run
from regulars.store.models.scores import Membership, Score, Stretches
from regulars.store.models.segments import Segment
from regulars.store.models.settings import Setting
from regulars.store.models.users import Attempt, PasswordLink, RecoveryCode, Session, User
from regulars.store.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AdvertisingCost",
    "ApiKey",
    "Attempt",
    "Audit",
    "Consent",
    "Counter",
    "Customer",
    "Idempotency",
    "Identifier",
    "Import",
    "Job",
    "Membership",
    "Merge",
    "Note",
    "Order",
    "OrderLine",
    "Outbox",
    "PasswordLink",
    "Product",
    "RecoveryCode",
    "Refund",
    "Run",
    "SavedView",
    "Score",
    "Segment",
    "Session",
    "Setting",
    "Stretches",
    "Unprojected",
    "User",
    "Visitor",
    "WebhookDelivery",
    "WebhookEndpoint",
]
