"""Pages to look around: start, shelves, products, search."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from regulars.kit.i18n import mark
from regulars.web.shop import goods
from regulars.web.shop.pages import HEADERS, page, styles
from regulars.web.shop.pictures import picture as drawn
from regulars.web.shop.visit import Visit

SHOWN = 8
ROASTS = {"name": mark("By name"), "cheap": mark("Lowest price"), "dear": mark("Highest price")}


def home(visit: Visit) -> HttpResponse:
    """Show shelves, and what fits whoever looks."""
    everything = goods.on_sale()
    faces = {
        each: next((one for one in everything if one.category == each), None) for each in goods.CATEGORIES
    }
    return page(visit, "home.html.j2", faces=faces, leads=goods.LEADS)


def category(visit: Visit, slug: str) -> HttpResponse:
    """Show a shelf."""
    name = goods.category_of(slug)
    if name is None:
        raise LookupError(slug)
    order = visit.request.GET.get("sort", "name")
    some = [each for each in goods.on_sale() if each.category == name]
    keys = {"cheap": lambda each: each.price, "dear": lambda each: -each.price}
    some.sort(key=keys.get(order, lambda each: each.title))
    return page(visit, "category.html.j2", name=name, lead=goods.LEADS[name], goods=some, order=order, orders=ROASTS)  # fmt: skip


def product(visit: Visit, product: str) -> HttpResponse:
    """Show one product."""
    found = goods.some([product]).get(product)
    if found is None:
        raise LookupError(product)
    return page(visit, "product.html.j2", good=found)


def search(visit: Visit) -> HttpResponse:
    """Show what has all the words."""
    text = visit.request.GET.get("q", "").strip()[:100]
    return page(visit, "search.html.j2", text=text, goods=goods.found(text)[:60])


def picture(visit: Visit, name: str) -> HttpResponse:  # noqa: ARG001
    """Draw a product."""
    found = goods.some([name]).get(name)
    if found is None:
        raise LookupError(name)
    svg = drawn(found.id, found.title, found.category)
    headers = {"Cache-Control": "public, max-age=3600", "Content-Security-Policy": "default-src 'none'"}
    return HttpResponse(svg, content_type="image/svg+xml; charset=utf-8", headers=headers)


def details(visit: Visit) -> HttpResponse:
    """Tell the storefront script what things cost now."""
    from babel.numbers import format_currency

    from regulars.web.shop.pages import major

    unit = visit.demo.currency
    some_goods = goods.some(visit.request.GET.get("ids", "").split(",")[:40])
    told = {
        each.id: {
            "name": each.name,
            "kind": each.kind,
            "price": format_currency(major(each.price, unit), unit, locale=visit.language),
        }
        for each in some_goods.values()
    }
    return JsonResponse(told, headers=HEADERS)


def style_sheet(visit: Visit, name: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the style sheet."""
    if not name.endswith(".css"):
        raise LookupError(name)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(styles(), content_type="text/css; charset=utf-8", headers=headers)


def nothing(visit: Visit, anything: str) -> HttpResponse:  # noqa: ARG001
    """Say that there is nothing."""
    raise LookupError(anything)
