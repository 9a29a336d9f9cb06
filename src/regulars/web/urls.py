"""Which page answers which address."""

from __future__ import annotations

from django.urls import include, path

from regulars.web.api.door import api
from regulars.web.me.door import entrance

urlpatterns = [
    path("v1/", api.urls),
    path("shop/", include("regulars.web.shop.door")),
    path("me", entrance),
    path("me/", include("regulars.web.me.door")),
    path("", include("regulars.web.console.door")),
]
handler400 = "regulars.web.failures.bad_request"
handler404 = "regulars.web.failures.not_found"
handler500 = "regulars.web.failures.internal"
