"""One request of a shopper: language, cart, who is signed in, what was agreed to, and the forms' token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from functools import cached_property
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from regulars.kit.i18n import LANGUAGES, Translator, translator
from regulars.kit.secrets import secret
from regulars.runtime.demonstration import Account, Demo

CART, WHO, LANGUAGE, CONSENT, FORM = (
    f"shop-{name}" for name in ("cart", "who", "language", "consent", "form")
)
GRANTED, REFUSED = "granted", "refused"
SIGNED_IN_SECONDS = 12 * 3600
MOST_PIECES, MOST_LINES = 20, 40
_LINE = re.compile(r"([A-Za-z0-9]{1,40})x(\d{1,2})")
_YEAR = 365 * 86_400


class Visit:
    """A request to the shop."""

    def __init__(self, request: HttpRequest, demo: Demo) -> None:
        self.request, self.demo = request, demo
        self._set: dict[str, tuple[str, int | None]] = {}

    def cookie(self, name: str) -> str:
        """Return a cookie's value, the one that this answer sets included; empty for none."""
        return self._set[name][0] if name in self._set else str(self.request.COOKIES.get(name, ""))[:3000]

    def keep(self, name: str, value: str, seconds: int | None) -> None:
        """Set a cookie with this answer; no value forgets it."""
        self._set[name] = (value, seconds if value else 0)

    def finish(self, answer: HttpResponse) -> None:
        """Write the cookies that changed."""
        for name, (value, seconds) in self._set.items():
            answer.set_cookie(name, value, max_age=seconds, path="/shop", httponly=True, samesite="Lax")

    @cached_property
    def language(self) -> str:
        """The language that was chosen, else the first one that the browser asks for and we speak."""
        told = [
            self.cookie(LANGUAGE),
            *self.request.headers.get("Accept-Language", "")[:200].lower().split(","),
        ]
        return next((one.strip()[:2] for one in told if one.strip()[:2] in LANGUAGES), "en")

    @property
    def t(self) -> Translator:
        """Sentences in the shopper's language."""
        return translator(self.language)

    @property
    def consent(self) -> str:
        """``granted`` or ``refused``; empty where nothing was said yet."""
        told = self.cookie(CONSENT)
        return told if told in (GRANTED, REFUSED) else ""

    @property
    def cart(self) -> dict[str, int]:
        """Pieces by product id."""
        found = (_LINE.fullmatch(each) for each in self.cookie(CART).split(".")[:MOST_LINES])
        return {one[1]: min(int(one[2]), MOST_PIECES) for one in found if one is not None and int(one[2])}

    def put(self, product_id: str, pieces: int) -> None:
        """Have so many pieces of a product in the cart."""
        cart = self.cart | {product_id: max(0, min(pieces, MOST_PIECES))}
        self.keep(CART, ".".join(f"{each}x{number}" for each, number in cart.items() if number), 30 * 86_400)

    def empty(self) -> None:
        """Have nothing in the cart."""
        self.keep(CART, "", 0)

    @property
    def account(self) -> Account | None:
        """Who is signed in."""
        customer, _, rest = self.cookie(WHO).partition("|")
        until, _, proof = rest.partition("|")
        right = self.sealed("who", f"{customer}|{until}")
        if not proof or not hmac.compare_digest(right.encode(), proof.encode()) or float(until) < time.time():
            return None
        return next((each for each in self.demo.accounts if each.customer == customer), None)

    def enter(self, account: Account) -> None:
        """Be somebody from now on."""
        bound = f"{account.customer}|{int(time.time()) + SIGNED_IN_SECONDS}"
        self.keep(WHO, f"{bound}|{self.sealed('who', bound)}", SIGNED_IN_SECONDS)

    def leave(self) -> None:
        """Be nobody again, with an empty cart."""
        self.keep(WHO, "", 0)
        self.empty()

    @property
    def signature(self) -> str:
        """What proves to the door of events who is signed in; empty for nobody."""
        if self.account is None:
            return ""
        return hmac.new(self.demo.signing.encode(), self.account.customer.encode(), "sha256").hexdigest()

    def sealed(self, purpose: str, text: str) -> str:
        """Return a proof that this server wrote something, for one purpose."""
        key, person = secret(settings.REGULARS.home), f"shop-{purpose}"[:16].encode()
        digest = hashlib.blake2b(text.encode(), key=key, digest_size=24, person=person).digest()
        return base64.urlsafe_b64encode(digest).decode()

    @cached_property
    def form_token(self) -> str:
        """What every form carries."""
        if not self.cookie(FORM):
            self.keep(FORM, secrets.token_urlsafe(24), None)
        return self.sealed("form", self.cookie(FORM))

    def own_form(self) -> bool:
        """Tell whether a form was sent from a page of ours to this very browser."""
        origin = self.request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.request.get_host():
            return False
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return False
        cookie, told = self.cookie(FORM), str(self.request.POST.get("form", ""))
        return bool(cookie) and hmac.compare_digest(told.encode(), self.sealed("form", cookie).encode())
