"""Say what a column is: its meaning, the values that a user may give, where the rest comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

Name = Annotated[str, Field(min_length=1)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
NonNegative = Annotated[float, Field(ge=0, le=1e9)]
Kilowatt = Annotated[float, Field(ge=0.1, le=1e9)]
Ampere = Annotated[float, Field(ge=1, le=1e6)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=100_000)]
CountFromOne = Annotated[int, Field(ge=1, le=100_000)]

COMPUTED = ""
"""Source of a column that a kind of site has by a rule in `site_records`."""


@dataclass(frozen=True)
class Column:
    """A column of the site table.

    Attributes
    ----------
    meaning : str
        What it holds, with the unit in brackets.
    given : type or None
        What a user's own table may give in a column of this name; None: the network makes it.
    source : mapping of str to str
        For each kind of site that has the column, the key that fills it in the scenario's section
        for that kind (`SiteKind.section`), or `COMPUTED`.
    """

    meaning: str
    given: Any
    source: Mapping[str, str]


def column(meaning: str, given: Any = None, **source: str) -> Column:
    """Return a column; see `Column`."""
    return Column(meaning, given, source)
