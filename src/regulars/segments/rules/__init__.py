"""The language in which people say who belongs to a segment: read, written, said in words, and decided for one person."""

from regulars.segments.rules.fields import CATALOGUE, Catalogue
from regulars.segments.rules.nesting import check, named, ordered
from regulars.segments.rules.person import Person, belongs
from regulars.segments.rules.plan import Clock, planned
from regulars.segments.rules.reading import read
from regulars.segments.rules.speech import said
from regulars.segments.rules.syntax import Rule
from regulars.segments.rules.writing import canonical, text

__all__ = [
    "CATALOGUE",
    "Catalogue",
    "Clock",
    "Person",
    "Rule",
    "belongs",
    "canonical",
    "check",
    "named",
    "ordered",
    "planned",
    "read",
    "said",
    "text",
]
