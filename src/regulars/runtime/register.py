"""What is kept of whom, why and for how long: one entry for each place where something lies, so that none is forgotten."""

from __future__ import annotations

from typing import NamedTuple

from regulars.access.actions import KEPT as ANSWERS_KEPT
from regulars.access.sessions.rules import ABSOLUTE, FORGOTTEN
from regulars.jobs.rules import KEPT as JOBS_KEPT
from regulars.kit.i18n import Phrase, mark, plural
from regulars.runtime.history import WHOLE_DAYS
from regulars.webhooks.rules import KEPT as MESSAGES_KEPT

CUSTOMERS, STAFF, NOBODY = "customers", "staff", "nobody"
STORE, LAKE, FILES = "store", "lake", "files"


class Entry(NamedTuple):
    """One place where something is kept."""

    place: str
    """``store``, ``lake`` or ``files``."""
    name: str
    """The table, or the folder in the server's home."""
    whom: str
    """``customers``, ``staff``, or ``nobody``."""
    what: str
    why: str
    until: Phrase


def _days(days: int) -> Phrase:
    return Phrase.of(mark("for {days}"), days=plural("{n} day", "{n} days", days))


NO_END = Phrase.of(mark("without an end"))
NEXT = Phrase.of(mark("until the next refresh"))
WITH_THEM = Phrase.of(mark("as long as the customer is kept"))
BY_HAND = Phrase.of(mark("until somebody deletes it"))
ENTRIES = (
    Entry(STORE, "customers", CUSTOMERS, mark("Name, place, language, birthday"), mark("To know who ordered and to speak to them"), NO_END),
    Entry(STORE, "identifiers", CUSTOMERS, mark("The shop's ids, e-mail addresses and phone numbers"), mark("To recognise the same person"), WITH_THEM),
    Entry(STORE, "visitors", CUSTOMERS, mark("Which devices are whose"), mark("To connect what was looked at with who proved to be looking"), WITH_THEM),
    Entry(STORE, "merges", CUSTOMERS, mark("Which records turned out to be one person"), mark("To take a mistake back"), WITH_THEM),
    Entry(STORE, "consents", CUSTOMERS, mark("Each word of agreement or refusal, when and where it was said"), mark("To obey it, and as proof"), WITH_THEM),
    Entry(STORE, "notes", CUSTOMERS, mark("What colleagues wrote down about a customer"), mark("For whoever talks to them next"), WITH_THEM),
    Entry(STORE, "orders", CUSTOMERS, mark("Orders: when, how much, by which channel, with which coupon"), mark("They are the shop's books, and what values are worked out from"), NO_END),
    Entry(STORE, "order_lines", CUSTOMERS, mark("What was in each order"), mark("To recommend what fits"), NO_END),
    Entry(STORE, "refunds", CUSTOMERS, mark("What was paid back"), mark("So that values are true"), NO_END),
    Entry(STORE, "scores", CUSTOMERS, mark("What is expected of each customer"), mark("To see who matters and who is leaving; not of those who object"), NEXT),
    Entry(STORE, "memberships", CUSTOMERS, mark("Who is in which segment"), mark("To offer what fits; not of those who object"), NEXT),
    Entry(STORE, "stretches", CUSTOMERS, mark("Where in long lists the people of segments and tiers stand"), mark("To show a page of a list at once"), NEXT),
    Entry(STORE, "outbox", CUSTOMERS, mark("What other programs are told of: which order, which customer"), mark("To send it again where it did not arrive"), _days(MESSAGES_KEPT.days)),
    Entry(STORE, "webhook_deliveries", CUSTOMERS, mark("What became of each message"), mark("To find out why something did not arrive"), _days(MESSAGES_KEPT.days)),
    Entry(STORE, "idempotency", CUSTOMERS, mark("Answers that programs got"), mark("So that a change that is asked for twice is made once"), _days(ANSWERS_KEPT.days)),
    Entry(LAKE, "orders", CUSTOMERS, mark("Orders under numbers, without names"), mark("To work out values and figures"), NO_END),
    Entry(LAKE, "lines", CUSTOMERS, mark("What was bought under numbers, without names"), mark("To work out values and recommendations"), NO_END),
    Entry(LAKE, "events", CUSTOMERS, mark("What was looked at, put into carts and searched; not of those who refuse measuring"), mark("To recommend what fits, and for segments"), NO_END),
    Entry(LAKE, "scores", CUSTOMERS, mark("What was expected of each customer before"), mark("To see how forecasts did"), Phrase.of(mark("every day for {days} days, then one a month"), days=WHOLE_DAYS)),
    Entry(FILES, "inbox.sqlite3", CUSTOMERS, mark("Events that have just arrived"), mark("So that none is lost"), Phrase.of(mark("some seconds, until they are in the lake"))),
    Entry(FILES, "index", CUSTOMERS, mark("Which products each customer bought, by the shop's ids"), mark("To answer what fits at once"), NEXT),
    Entry(FILES, "inbox", CUSTOMERS, mark("Files of orders that were uploaded"), mark("To correct rows and load them again"), BY_HAND),
    Entry(FILES, "imports", CUSTOMERS, mark("Rows that could not be used, as they came"), mark("To correct and load them again"), BY_HAND),
    Entry(STORE, "users", STAFF, mark("Name, e-mail address and roles of who signs in"), mark("To let them in"), NO_END),
    Entry(STORE, "recovery_codes", STAFF, mark("Codes for who lost their second factor, not readable"), mark("To let them in once more"), Phrase.of(mark("until used or renewed"))),
    Entry(STORE, "password_links", STAFF, mark("Links for a new password, not readable"), mark("To choose a password"), Phrase.of(mark("until used or run out"))),
    Entry(STORE, "sessions", STAFF, mark("Who is signed in, with which browser and from where"), mark("To stay signed in, and to sign out elsewhere"), _days(ABSOLUTE.days)),
    Entry(STORE, "attempts", STAFF, mark("How often somebody tried to sign in"), mark("To slow guesses down"), _days(FORGOTTEN.days)),
    Entry(STORE, "saved_views", STAFF, mark("Lists that somebody comes back to; never a search"), mark("To open them again"), BY_HAND),
    Entry(STORE, "audit", STAFF, mark("Who changed what, and when"), mark("To answer for it"), NO_END),
    Entry(STORE, "api_keys", STAFF, mark("Names of keys, and when they were last used"), mark("To let programs in"), NO_END),
    Entry(STORE, "imports", NOBODY, mark("Which files were loaded, and what became of their rows"), mark("To account for every row"), NO_END),
    Entry(STORE, "jobs", NOBODY, mark("Work in the background"), mark("To do it, and to see what became of it"), _days(JOBS_KEPT.days)),
    Entry(STORE, "products", NOBODY, mark("The catalogue"), mark("To name and recommend products"), NO_END),
    Entry(STORE, "segments", NOBODY, mark("Rules of segments"), mark("To find their members"), BY_HAND),
    Entry(STORE, "runs", NOBODY, mark("Each refresh with figures of the whole shop"), mark("To show them, and how they change"), NO_END),
    Entry(STORE, "advertising_costs", NOBODY, mark("What advertising cost"), mark("To say what a new customer costs"), NO_END),
    Entry(STORE, "webhook_endpoints", NOBODY, mark("Which programs are told of what happens"), mark("To tell them"), BY_HAND),
    Entry(STORE, "unprojected", NOBODY, mark("Orders that the lake has not got yet"), mark("To bring them there"), Phrase.of(mark("some seconds, until they are in the lake"))),
    Entry(STORE, "settings", NOBODY, mark("What was chosen for the whole shop"), mark("To go by it"), NO_END),
    Entry(STORE, "counters", NOBODY, mark("The next numbers"), mark("So that none is given twice"), NO_END),
)  # fmt: skip
"""Everything, in the order in which it is shown."""


def of(whom: str) -> tuple[Entry, ...]:
    """Return what is kept of customers, of who works with the server, or of nobody."""
    return tuple(entry for entry in ENTRIES if entry.whom == whom)
