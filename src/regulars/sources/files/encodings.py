"""Decide in which encoding a text file was written, from its bytes and from how plausible its letters are."""

from __future__ import annotations

import codecs

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("cp1250", "iso8859_2", "cp1252")
_POLISH_SURE = frozenset("ąłśźżĄŁŚŹŻ")
_POLISH = frozenset("ćęńóĆĘŃÓ")
_WESTERN = frozenset("äöüßÄÖÜéèàçêâîôûëïñåæøÉÈÀÇÊÅÆØÑìòùíúáãõœ")
_CENTRAL = frozenset("čďěňřšťůžČĎĚŇŘŠŤŮŽőűŐŰăţşĂŢŞľĺŕ")
_SPELLED = {"iso8859_2": "iso-8859-2", "utf_8": "utf-8", "utf_8_sig": "utf-8-sig", "utf_16": "utf-16"}


def encoding_of(sample: bytes, *, wanted: str | None = None, whole: bool = False) -> str:
    """Return the Python name of the encoding of a text that begins with ``sample``.

    ``wanted`` is the reader's own word and only checked to exist (``source.encoding``). ``whole`` says that the
    sample is all there is, so that a character cut off at its end counts as wrong.
    """
    if wanted:
        return known_encoding(wanted)
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if b"\0" in sample[:4096]:
        wide = _utf16_without_mark(sample[:4096])
        if wide:
            return wide
    if _is_utf8(sample, whole=whole):
        return "utf-8"
    return legacy_encoding(sample)


def known_encoding(wanted: str) -> str:
    """Return Python's name of an encoding somebody named."""
    try:
        found = codecs.lookup(wanted).name
        "a".encode(found)
    except (LookupError, TypeError, ValueError) as error:
        raise RegularsError(
            "source.encoding",
            mark("There is no encoding named {wanted!r}."),
            hint=mark("For example: utf-8, cp1250, iso-8859-2."),
            wanted=wanted,
        ) from error
    return _SPELLED.get(found.replace("-", "_"), found)


def legacy_encoding(sample: bytes) -> str:
    """Choose the 8-bit encoding that turns the sample into the most plausible European text."""
    best = max(_CANDIDATES, key=lambda name: plausibility(sample.decode(name, errors="replace")))
    return _SPELLED.get(best, best)


def plausibility(text: str) -> float:
    """Score letters by how well they fit in words; symbols inside words and control characters count against."""
    score = 0.0
    for place, char in enumerate(text):
        if char < "\x80":
            continue
        before = text[place - 1] if place else " "
        after = text[place + 1] if place + 1 < len(text) else " "
        beside_letter = before.isalpha() or after.isalpha()
        if char == "\ufffd" or "\x80" <= char <= "\x9f":
            score -= 10
        elif char in _POLISH_SURE:
            score += 3 if beside_letter else 0
        elif char in _WESTERN:
            score += 1.2 if beside_letter else 0
        elif char in _POLISH:
            score += 1 if beside_letter else 0
        elif char in _CENTRAL:
            score += 0.5 if beside_letter else 0
        elif beside_letter and not char.isspace():
            score -= 2 if before.isalpha() and after.isalpha() else 1
    return score


def _is_utf8(sample: bytes, *, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(sample: bytes) -> str | None:
    half = max(1, len(sample) // 2)
    if sample[1::2].count(0) > 0.4 * half and sample[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None
