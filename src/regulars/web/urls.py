"""Which page answers which address."""

from __future__ import annotations

from django.urls import path

from regulars.web.api.door import api

urlpatterns = [path("v1/", api.urls)]
handler400 = "regulars.web.errors.bad_request"
handler404 = "regulars.web.errors.not_found"
handler500 = "regulars.web.errors.internal"
