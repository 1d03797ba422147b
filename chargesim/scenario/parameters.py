"""List the parameters of a scenario, each with its value, unit, range, source and meaning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from pydantic import BaseModel

from chargesim.scenario.assumption import TABLE_FILE, Assumption
from chargesim.scenario.keys import keys_with_note
from chargesim.scenario.model import Scenario

RUN_SECTIONS = (
    "name", "title", "seed", "replications", "horizon", "common_causes", "standard", "series",
)  # fmt: skip
"""Sections about the run and its verdict; they hold no parameters of the model."""
_REPLACED = {
    "sites": (
        "stations.counts.core", "stations.counts.main_new_area",
        "stations.counts.northeast_southeast", "stations.piles",
        "stations.expressway_piles_per_station", "stations.truck_stations",
        "stations.truck_piles_per_station", "swap.kinds.*.sites", "layout.rural_weight",
    ),
    "zones": (
        "stations.counts.expressway", "traffic.core_kmh", "traffic.rural_kmh",
        "corridors.gravity_exponent", "layout.*_km2", "layout.*_km", "layout.urban_share.*",
    ),
}  # fmt: skip
"""Parameters that a table of the city replaces, by the table's key in `city`."""
_UNITS = {"kmh": "km/h", "kwh": "kWh", "kw": "kW", "km": "km", "min": "min", "h": "h", "a": "A"}
"""Unit by the last word of a key, if its description names none in brackets."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of the model, in words."""

    key: str
    value: str
    unit: str
    bounds: str
    """what the sources allow, `low to high`; "" if the scenario gives none"""
    source: str
    """where the value comes from; "" for a setting, which has no source of its own"""
    meaning: str


def scenario_parameters(scenario: Scenario) -> list[Parameter]:
    """Return all parameters of a scenario in the order of its sections, without table names.

    Parameters
    ----------
    scenario : Scenario
        A checked scenario; what it leaves out has its default.
    """
    tables = {".".join(key) for key in keys_with_note(Scenario, TABLE_FILE)}
    sections = {
        name: field.description or ""
        for name, field in Scenario.model_fields.items()
        if name not in RUN_SECTIONS
    }
    every = (
        one
        for name, meaning in sections.items()
        for one in _under(getattr(scenario, name), name, meaning)
    )
    return [one for one in every if one.key not in tables]


def replacing_table(scenario: Scenario, key: str) -> str:
    """Return the key of the table that replaces a parameter, "" if none does."""
    for name, keys in _REPLACED.items():
        if getattr(scenario.city, name) is not None and any(
            fnmatch(key, pattern) for pattern in keys
        ):
            return f"city.{name}"
    return ""


def _under(value: Any, key: str, meaning: str) -> Iterator[Parameter]:
    """Yield the parameters of a key: itself, or those of a section, a mapping or a list."""
    if isinstance(value, Assumption):
        bounds = " to ".join(
            "?" if bound is None else f"{bound:.12g}" for bound in (value.low, value.high)
        )
        yield Parameter(
            key,
            f"{value.value:.12g}",
            _unit(value, key, meaning),
            "" if bounds == "? to ?" else bounds,
            value.source,
            meaning,
        )
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _under(getattr(value, name), f"{key}.{name}", field.description or "")
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _under(entry, f"{key}.{name}", meaning)
    elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
        for number, entry in enumerate(value):
            yield from _under(entry, f"{key}.{number}", meaning)
    else:
        yield Parameter(key, _text(value), "", "", "", meaning)


def _unit(value: Assumption, key: str, meaning: str) -> str:
    """Return a unit: in brackets in the description, else by the key, else share or number."""
    named = re.search(r"\[([^]]+)\]", meaning)
    if named is not None:
        return named[1]
    kind = (type(value).model_fields["value"].description or "").split()[0]
    return _UNITS.get(key.rsplit(".", 1)[-1].rsplit("_", 1)[-1], kind)


def _text(value: Any) -> str:
    """Return a setting as a scenario file has it."""
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, float):
        return f"{value:.12g}"
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
