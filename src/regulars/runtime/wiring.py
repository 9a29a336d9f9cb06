"""Everything Django is told beside the store: which pages there are, what stands before them, and what it must refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

BODY_BYTES = 1 << 20
"""Most bytes of a request's body."""
FORM_FIELDS = 2000
"""Most fields of a form: a rule of a hundred parts has about twelve each."""


def django_settings(settings: Settings) -> dict[str, Any]:
    """Return Django's settings of a server; ``settings.REGULARS`` is where its pages find ours."""
    return {
        "REGULARS": settings,
        "DEBUG": False,
        "ROOT_URLCONF": "regulars.web.urls",
        "MIDDLEWARE": ["regulars.web.api.middleware.Api", "regulars.web.console.middleware.Console"],
        "ALLOWED_HOSTS": [host.strip() for host in settings.allowed_hosts.split(",")],
        "APPEND_SLASH": False,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": BODY_BYTES,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": FORM_FIELDS,
        # Files in a form would be written to the disk for anybody who sends some; the page that takes files says so itself.
        "FILE_UPLOAD_HANDLERS": ["regulars.web.console.uploading.NoFiles"],
        "USE_I18N": False,
        # Whoever runs the server decides where it logs; Django's own way mails and prints by itself.
        "LOGGING_CONFIG": None,
    }
