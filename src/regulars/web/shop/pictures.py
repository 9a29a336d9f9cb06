"""Pictures of products, drawn by rule: the category gives the shape, the product its colours and its label."""

from __future__ import annotations

import hashlib
from html import escape

# Ground, body, shade, label, ink: calm colours that stand on light and dark pages alike.
_PALETTES = (
    ("#e9dfd0", "#7a4f35", "#5f3b26", "#f6efe4", "#3b2618"),
    ("#dfe5da", "#4c6b57", "#3a5444", "#f3f5ec", "#243529"),
    ("#e8dcd6", "#a2553f", "#80402e", "#fbf1ea", "#4a2318"),
    ("#dce3e8", "#456579", "#344e5f", "#f0f5f8", "#1f323e"),
    ("#ece3cc", "#b98a35", "#94702a", "#fcf6e4", "#493614"),
    ("#e6dde6", "#71556f", "#584156", "#f7f0f6", "#362635"),
)
_BAG = '<path d="M122 96h156l14 214a14 14 0 0 1-14 15H122a14 14 0 0 1-14-15z" fill="{body}"/><path d="M122 96h156l3 34H119z" fill="{shade}"/><path d="M119 113h162" stroke="{label}" stroke-width="2" stroke-dasharray="5 6" opacity=".6"/>'
_BOX = '<path d="M116 112l84-26 84 26v186l-84 30-84-30z" fill="{shade}"/><path d="M116 112l84 24v192l-84-30z" fill="{body}"/><path d="M116 112l84-26 84 26-84 24z" fill="{label}" opacity=".55"/>'
_TIN = '<rect x="116" y="112" width="168" height="206" rx="16" fill="{body}"/><ellipse cx="200" cy="112" rx="84" ry="20" fill="{shade}"/><ellipse cx="200" cy="106" rx="84" ry="20" fill="{body}"/><ellipse cx="200" cy="103" rx="66" ry="14" fill="{shade}" opacity=".5"/>'
_JAR = '<rect x="124" y="128" width="152" height="190" rx="26" fill="{label}" opacity=".75"/><path d="M124 214q40-26 76-6t76-8v92a26 26 0 0 1-26 26H150a26 26 0 0 1-26-26z" fill="{body}" opacity=".9"/><rect x="136" y="92" width="128" height="40" rx="9" fill="{shade}"/>'
_BAR = '<rect x="106" y="104" width="188" height="218" rx="10" fill="{body}"/><path d="M106 150V114a10 10 0 0 1 10-10h168a10 10 0 0 1 10 10v36z" fill="{shade}"/><path d="M106 118h188M106 134h188" stroke="{label}" stroke-width="1.5" opacity=".35"/>'
_CUP = '<path d="M112 150h150v74a62 62 0 0 1-62 62h-26a62 62 0 0 1-62-62z" fill="{body}"/><path d="M262 170h14a32 32 0 0 1 0 64h-16" fill="none" stroke="{body}" stroke-width="15"/><ellipse cx="187" cy="150" rx="75" ry="17" fill="{shade}"/><ellipse cx="187" cy="152" rx="62" ry="11" fill="{ink}"/><path d="M90 310h194" stroke="{shade}" stroke-width="12" stroke-linecap="round"/><path d="M168 116q-12-14 0-28t0-28M206 116q-12-14 0-28t0-28" fill="none" stroke="{label}" stroke-width="6" stroke-linecap="round"/>'
_POT = '<path d="M152 190h96l22 120a8 8 0 0 1-8 10H138a8 8 0 0 1-8-10z" fill="{body}"/><path d="M130 90h120l-14 92h-72z" fill="{shade}"/><path d="M130 90l-18 20 22 18" fill="{shade}"/><rect x="148" y="180" width="104" height="16" rx="6" fill="{ink}"/><path d="M246 106h40v84" fill="none" stroke="{ink}" stroke-width="15" stroke-linecap="round" stroke-linejoin="round"/><circle cx="190" cy="78" r="10" fill="{ink}"/>'
_PRESS = '<path d="M196 52v44" stroke="{ink}" stroke-width="6"/><circle cx="196" cy="50" r="11" fill="{ink}"/><rect x="130" y="92" width="132" height="20" rx="8" fill="{shade}"/><rect x="136" y="112" width="120" height="200" rx="10" fill="{label}" opacity=".8"/><path d="M136 190h120v112a10 10 0 0 1-10 10H146a10 10 0 0 1-10-10z" fill="{body}"/><path d="M256 136h34a8 8 0 0 1 8 8v104a8 8 0 0 1-8 8h-34" fill="none" stroke="{ink}" stroke-width="12"/><rect x="126" y="306" width="140" height="16" rx="7" fill="{shade}"/>'
_DRIPPER = '<path d="M106 116h188l-66 102h-56z" fill="{body}"/><path d="M106 116h188l-9 15H115z" fill="{shade}"/><path d="M150 131l28 87M200 131v87M250 131l-28 87" stroke="{label}" stroke-width="3" opacity=".5"/><rect x="138" y="216" width="124" height="14" rx="7" fill="{ink}"/><path d="M150 240h100l10 68a10 10 0 0 1-10 12H150a10 10 0 0 1-10-12z" fill="{label}" opacity=".85"/><path d="M145 280h110l4 28a10 10 0 0 1-10 12h-98a10 10 0 0 1-10-12z" fill="{shade}"/>'
_SHAPES = {
    "Coffee beans": _BAG, "Ground coffee": _BOX, "Black tea": _TIN, "Green and white tea": _TIN,
    "Herbs and fruit": _JAR, "Chocolate and biscuits": _BAR, "Filters and care": _BOX,
}  # fmt: skip
_THINGS = {"Glass dripper": _DRIPPER, "Moka pot": _POT, "French press": _PRESS}


def picture(product_id: str, title: str, category: str) -> str:
    """Return an SVG of 400 by 400; the same for the same product."""
    name, _, second = title.partition(",")
    digest = hashlib.sha256(f"{product_id}|{second}".encode()).digest()
    ground, body, shade, label, ink = _PALETTES[digest[0] % len(_PALETTES)]
    shape = _SHAPES.get(category) or _THINGS.get(name, _CUP)
    drawn = shape.format(body=body, shade=shade, label=label, ink=ink)
    tag = _label(name, second, label, ink) if category in _SHAPES else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">'
        f'<rect width="400" height="400" fill="{ground}"/><circle cx="{150 + digest[1] % 100}" cy="{140 + digest[2] % 60}" r="150" fill="{label}" opacity=".55"/>'
        f'<ellipse cx="200" cy="332" rx="104" ry="11" fill="{ink}" opacity=".16"/>{drawn}{tag}</svg>'
    )


def _label(name: str, second: str, label: str, ink: str) -> str:
    lines = _lines(name)
    size = min(19.0, 190 / max(len(line) for line in lines))
    top = 232 - 12 * (len(lines) - 1)
    texts = "".join(
        f'<text x="200" y="{top + 23 * number}" font-size="{size:.1f}" font-weight="600">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    small = escape(second.split(",")[0].strip())
    return (
        f'<rect x="134" y="184" width="132" height="106" rx="5" fill="{label}"/><path d="M146 196h108M146 278h108" stroke="{ink}" opacity=".35"/>'
        f'<g fill="{ink}" text-anchor="middle" font-family="Georgia, serif">{texts}'
        f'<text x="200" y="268" font-size="{min(10.5, 220 / max(len(small), 1)):.1f}" opacity=".8">{small}</text></g>'
    )


def _lines(name: str) -> list[str]:
    words = name.split()
    if len(words) < 2:
        return [name]
    at = min(range(1, len(words)), key=lambda n: abs(len(" ".join(words[:n])) - len(" ".join(words[n:]))))
    return [" ".join(words[:at]), " ".join(words[at:])]
