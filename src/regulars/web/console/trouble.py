"""Pages for what cannot be shown: in the same look, and without asking the store, which may be what failed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from regulars.kit.i18n import LANGUAGES, mark
from regulars.web.console.pages import bare

WORDS = {
    400: (mark("That request cannot be read"), mark("Go back and try again.")),
    403: (mark("This page is not for your role"), mark("An owner can change what you may do.")),
    404: (mark("There is nothing at this address"), mark("It may have moved, or never been.")),
    405: (mark("That cannot be done like this"), mark("Use the buttons of the page.")),
    413: (mark("That is too much at once"), mark("Send less.")),
    419: (mark("This form is no longer valid"), mark("Nothing was changed. Open the page again and send it once more.")),
    500: (mark("Something went wrong"), mark("It was our mistake, and it stands in the server's log.")),
}  # fmt: skip
"""419 is said as 403: the form's token is wrong, mostly because its session has ended."""


def page(request: HttpRequest, status: int) -> HttpResponse:
    """Return the page of a failure."""
    title, text = WORDS[status]
    told = request.headers.get("Accept-Language", "")[:2].lower()
    language = told if told in LANGUAGES else "en"
    html = bare("trouble.html.j2", language, title=title, text=text, status=403 if status == 419 else status)
    return HttpResponse(html, status=403 if status == 419 else status)
