"""Hold a station as a file has it, whatever the format, and read single values of records."""

import math
import re
from dataclasses import dataclass
from typing import Any

MAX_GUNS = 2000
"""Guns of one station; the largest of today have a few hundred."""
MAX_KW = 4000.0
"""Power of a gun [kW]; the megawatt charging system for trucks ends at 3.75 MW."""
MIN_KW = 1.0
"""Power of a gun [kW]; what is below is no charger, most often kW in a column of W."""


class RecordFaultError(Exception):
    """A record that cannot be read.

    `reason` is the same for all records with this fault; `got` is what this one has.
    """

    what = "faulty"

    def __init__(self, reason: str, got: Any = None) -> None:
        self.reason, self.got = reason, "" if got is None else plain_text(got)
        super().__init__(reason)


class RecordLeftOutError(RecordFaultError):
    """A record that is right, and not wanted: closed, planned, private, of another fuel."""

    what = "left out"


@dataclass(frozen=True)
class Guns:
    """Some guns of one power at a station."""

    count: int
    kw: float | None
    """power of each [kW at the plug]; None where the file has none"""


@dataclass(frozen=True)
class Station:
    """A station of a file.

    Attributes
    ----------
    record : int
        Which record of the file it is: a line of a CSV, else its number from 1.
    site_id, district : str
        Its id and its place; "" where the file has none.
    lat, lon : float
        Coordinates as in the file [deg].
    guns : tuple of Guns
        Its guns.
    notes : tuple of (str, str)
        What was read otherwise than written: what it is (`changed`, `assumed`) and why.
    joined : tuple of int
        Further records of the same station.
    stated_guns : int
        How many guns the file says the station has, where it lists them one by one, too; else 0.
    """

    record: int
    site_id: str
    lat: float
    lon: float
    guns: tuple[Guns, ...]
    district: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    joined: tuple[int, ...] = ()
    stated_guns: int = 0


def plain_text(value: Any) -> str:
    """Return a value as one line without control characters, at most 120 characters long."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= 120 and text.isprintable() and "  " not in text:
        return text.strip()
    text = "".join(sign if sign.isprintable() else " " for sign in text[:2000])
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}..."


def name_of(value: Any) -> str:
    """Return an id or a name as text, "" where there is none."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    return plain_text(value if isinstance(value, str) else str(value)).lstrip("=+@ ")


def number(value: Any, *, decimal_comma: bool = False) -> float | None:
    """Return a finite number given as number or text, None where there is none."""
    if isinstance(value, str):
        text = value.strip().replace("\u00a0", "").replace("\u2212", "-")
        if decimal_comma and "," in text and "." not in text:
            text = text.replace(",", ".")
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
            return None
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def is_given(value: Any) -> bool:
    """Return whether a value is there at all."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def degrees(lat: Any, lon: Any, *, decimal_comma: bool = False) -> tuple[float, float]:
    """Return coordinates; those out of range are judged later, with the whole file at hand."""
    pair = [number(value, decimal_comma=decimal_comma) for value in (lat, lon)]
    for name, value, read in zip(("latitude", "longitude"), (lat, lon), pair, strict=True):
        if not is_given(value):
            raise RecordFaultError(f"has no {name}")
        if read is None or abs(read) > 180:
            raise RecordFaultError(f"{name} is no number of degrees", value)
    assert pair[0] is not None and pair[1] is not None
    return pair[0], pair[1]


def gun_count(value: Any, name: str, *, decimal_comma: bool = False) -> int:
    """Return a number of guns; 0 for an empty cell."""
    if not is_given(value):
        return 0
    read = number(value, decimal_comma=decimal_comma)
    if read is None or read < 0 or read != int(read) or read > MAX_GUNS:
        raise RecordFaultError(f"{name} is no number of guns (0 to {MAX_GUNS:,})", value)
    return int(read)


def power_kw(value: Any, *, decimal_comma: bool = False) -> tuple[float | None, str]:
    """Return the power of a gun given in kW, and what was changed; None where there is none.

    A value that can only be W is read as W.
    """
    kw = number(value, decimal_comma=decimal_comma)
    if kw is None or kw < MIN_KW:
        why = f"a power below {MIN_KW:g} kW, or that is no number, counts as not given"
        return None, why if is_given(value) else ""
    if kw > MAX_KW:
        if kw / 1000 <= MAX_KW:
            return kw / 1000, f"a power above {MAX_KW:,.0f} in a column of kW is read as W"
        return None, f"a power above {MAX_KW:,.0f} kW counts as not given"
    return kw, ""


def power_of_watt(value: Any) -> float | None:
    """Return the power of a gun given in W [kW], None where it is none of a charger."""
    watt = number(value)
    return watt / 1000 if watt is not None and MIN_KW <= watt / 1000 <= MAX_KW else None


def power_of_current(volt: Any, ampere: Any, phases: int) -> float | None:
    """Return V x A x phases [kW], None without both.

    Volts of three phases are from line to neutral; above 300 V they are taken from line to line.
    """
    v, a = number(volt), number(ampere)
    if v is None or a is None:
        return None
    if phases == 3 and v > 300:
        v /= math.sqrt(3)
    kw = v * a * phases / 1000
    return round(kw, 3) if MIN_KW <= kw <= MAX_KW else None


def as_list(value: Any) -> list[Any]:
    """Return a list of records: itself, one record as a list of it, nothing as an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def record_of(value: Any) -> dict[str, Any]:
    """Return a record that must be an object."""
    if not isinstance(value, dict):
        raise RecordFaultError("is no object with named fields", value)
    return value


def child(value: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an object below a record, an empty one where there is none."""
    below = value.get(key)
    return below if isinstance(below, dict) else {}
