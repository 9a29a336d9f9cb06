"""The cart and the order."""

from __future__ import annotations

import hmac
import re
import secrets

from django.http import HttpResponse, HttpResponseRedirect

from regulars.kit.errors import RegularsError
from regulars.orders import queries
from regulars.web.shop import goods, ordering
from regulars.web.shop.pages import page
from regulars.web.shop.visit import Visit

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s]{2,40}")
_ORDER = re.compile(r"W[0-9a-f]{12}")


def show(visit: Visit, wrong: str = "", email: str = "") -> HttpResponse:
    """Show the cart; its form carries the number that its order will have, so that sending it twice is one order."""
    fresh = f"W{secrets.token_hex(6)}"
    return page(visit, "cart.html.j2", order=fresh, proof=_proof(visit, fresh), wrong=wrong, email=email, status=422 if wrong else 200)  # fmt: skip


def change(visit: Visit) -> HttpResponse:
    """Put something into the cart, or have another number of it."""
    told = visit.request.POST
    product = told.get("product", "")[:40]
    number = told.get("pieces", "1")
    pieces = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
    if "set" not in told:
        pieces += visit.cart.get(product, 0)
    if not goods.some([product]):
        raise LookupError(product)
    visit.put(product, pieces)
    return HttpResponseRedirect("/shop/cart")


def place(visit: Visit) -> HttpResponse:
    """Order what is in the cart."""
    told, account = visit.request.POST, visit.account
    order, email = told.get("order", ""), told.get("email", "").strip().lower()[:254]
    if not _ORDER.fullmatch(order) or not hmac.compare_digest(_proof(visit, order), told.get("proof", "")):
        raise LookupError(order)
    where = f"/shop/order/{order}?proof={_proof(visit, order)}"
    if queries.order(order) is not None:
        return HttpResponseRedirect(where)
    bought = ordering.cart(visit.cart, visit.demo)
    if not bought.lines:
        return HttpResponseRedirect("/shop/cart")
    if account is None and not _EMAIL.fullmatch(email):
        return show(visit, "email", email)
    try:
        ordering.place(
            order, bought, visit.demo, account.customer if account else "", "" if account else email
        )
    except RegularsError as error:
        return show(visit, error.said(visit.language)[0], email)
    visit.empty()
    return HttpResponseRedirect(where + "&new=1")


def thanks(visit: Visit, order: str) -> HttpResponse:
    """Show an order to whoever placed it."""
    found = queries.order(order)
    mine = found is not None and hmac.compare_digest(_proof(visit, order), visit.request.GET.get("proof", ""))
    if found is None or not mine:
        raise LookupError(order)
    lines = queries.lines(found)
    total = sum(each.gross_minor for each in lines)
    return page(visit, "order.html.j2", order=found, lines=lines, total=total, new="new" in visit.request.GET)


def _proof(visit: Visit, order: str) -> str:
    return visit.sealed("order", order)
