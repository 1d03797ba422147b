"""Declare the columns of a recorded log, and find what is wrong in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from chargesim.demand.curves import Curves
from chargesim.demand.draw import FleetDraw
from chargesim.demand.ledger import CORRIDOR
from chargesim.network.candidates import holds
from chargesim.network.network import STATION, SWAP, Network
from chargesim.scenario.table_cells import Bools, Fault
from chargesim.scenario.tables import Columns, TableRow, columns_of

Share = Annotated[float, Field(ge=0, le=1)]
LAST_MIN = 1e7
LONGEST_MIN = 10_080.0
"""A week: longer stays and patience are faults of a log [min]."""


class RecordedRow(TableRow):
    """A wish of a recorded log; a blank cell means what the column says, else the fleet's value."""

    wish_min: Annotated[float, Field(ge=0, le=LAST_MIN)] = Field(
        description="when it wants energy [min]; 0 is the midnight at which the first lead-in day "
        "begins"
    )
    zone: str | None = Field(
        default=None,
        description="zone where it is then, of through traffic the corridor; blank: at its `site`",
    )
    vehicle_class: Annotated[str, Field(min_length=1)] = Field(
        description="fleet of the scenario, or corridor"
    )
    soc: Share | None = Field(default=None, description="state of charge then; else the mean")
    target_soc: Share | None = Field(
        default=None, description="state of charge that it wants, above `soc`; else the mean"
    )
    duration_min: Annotated[float, Field(gt=0, le=LONGEST_MIN)] | None = Field(
        default=None,
        description="in place of `target_soc`: minutes from plug-in to leaving; the energy counts "
        "as none",
    )
    site: str | None = Field(
        default=None, description="site to which it goes; else the driver chooses"
    )
    swap: bool | None = Field(
        default=None,
        description="1: it comes for a pack, 0: it charges; else 1 at a swap `site`, 0 elsewhere",
    )
    curve: str | None = Field(
        default=None, description="charging curve; else the commonest of the fleet"
    )
    patience_min: Annotated[float, Field(gt=0, le=LONGEST_MIN)] | None = Field(
        default=None, description="how long it waits in a queue; else the mean"
    )
    max_diversions: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="how often it goes on to another site"
    )
    overstay_min: Annotated[float, Field(ge=0, le=LONGEST_MIN)] | None = Field(
        default=None, description="how long it stays at the gun when it is done; else the mean"
    )


def columns_needed(columns: list[str]) -> list[str]:
    """Return the columns that a log needs beside those that every log has."""
    place = [] if "site" in columns else ["zone"]
    return place + ([] if "duration_min" in columns else ["soc", "target_soc"])


@dataclass(frozen=True)
class Names:
    """What the names in a log stand for."""

    fleets: dict[str, FleetDraw]
    origins: dict[str, int]
    """zones and corridors"""
    corridors: frozenset[str]
    sites: dict[str, int]
    curves: dict[str, int]

    @classmethod
    def of(cls, network: Network, fleets: tuple[FleetDraw, ...], curves: Curves) -> "Names":
        """Return the names of a network, its fleets and its curves."""
        corridors = network.corridors.id
        return cls(
            {fleet.name: fleet for fleet in fleets},
            {name: row for row, name in enumerate((*network.zones.id, *corridors))},
            frozenset(corridors),
            {name: row for row, name in enumerate(network.sites.id)},
            {name: row for row, name in enumerate(curves.id)},
        )


def rows_of_names(texts: NDArray[Any], rows: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the row that each name stands for, -1 where it is blank or unknown."""
    index, names = pd.factorize(texts)
    known = np.array([rows.get(str(name), -1) for name in names], dtype=np.int64)
    found: NDArray[np.int64] = known[index]
    return found


def swaps(log: Columns, network: Network, site: NDArray[np.int64]) -> Bools:
    """Return which wishes are for a pack: those that say so, and those at a swap site."""
    kind = np.append(network.sites.kind, STATION)[site]
    swap = log.numbers["swap"]
    return np.asarray(np.where(np.isnan(swap), kind == SWAP, swap == 1.0), dtype=bool)


def faults_of_cells(log: Columns, names: Names) -> list[Fault]:
    """Return, for each column, the rows with a wrong cell and what would be right there."""
    return [*log.faults, *_faults_of_names(log, names), *_faults_between_columns(log)]


def _faults_of_names(log: Columns, names: Names) -> Iterator[Fault]:
    """Yield each column of names, the rows with an unknown one, and what would be right."""

    def unknown(column: str, rows: Mapping[str, int]) -> Bools:
        bad: Bools = log.given(column) & (rows_of_names(log.texts[column], rows) < 0)
        return bad

    fleets = {name: row for row, name in enumerate(names.fleets)}
    yield "vehicle_class", unknown("vehicle_class", fleets), f"one of {', '.join(fleets)}"
    through = log.texts["vehicle_class"] == CORRIDOR
    zones = {name: row for name, row in names.origins.items() if name not in names.corridors}
    yield "zone", ~through & unknown("zone", zones), "the id of a zone of the network"
    if through.any():
        some = ", ".join(sorted(names.corridors)[:3])
        needs = f"a corridor for through traffic, such as {some}" if some else "a corridor"
        corridors = {name: row for name, row in names.origins.items() if name in names.corridors}
        yield "zone", through & unknown("zone", corridors), needs
    yield "site", unknown("site", names.sites), "the id of a site"
    yield "curve", unknown("curve", names.curves), f"one of {', '.join(names.curves)}"


def _faults_between_columns(log: Columns) -> Iterator[Fault]:
    """Yield columns, the rows where they do not fit another column, and what would be right."""
    given = {name: log.given(name) for name in columns_of(RecordedRow)}
    soc, target = log.numbers["soc"], log.numbers["target_soc"]
    stay = given["duration_min"]
    yield "zone", ~given["zone"] & ~given["site"], "a value, unless the row has a site"
    shares = (soc >= 0) & (soc <= 1) & (target <= 1)
    yield "target_soc", shares & (target <= soc), "more than the soc of its row"
    yield "duration_min", stay & given["target_soc"], "to be blank where target_soc is given"
    yield "overstay_min", stay & given["overstay_min"], "to be blank where duration_min is given"
    yield "duration_min", stay & (log.numbers["swap"] == 1), "to be blank at a swap"


def faults_of_access(
    log: Columns, network: Network, names: Names, site: NDArray[np.int64], swap: Bools
) -> Iterator[Fault]:
    """Yield columns, the rows whose fleet cannot swap or may not use the site that they name."""
    nowhere = np.zeros(len(log), dtype=bool)
    kind = np.append(network.sites.kind, -1)[site]
    wrong_kind = (site >= 0) & (kind != np.where(swap, SWAP, STATION))
    needs = np.where(swap, "a swap site where swap is 1", "a station where swap is 0")
    for what in np.unique(needs[wrong_kind]):
        yield "site", wrong_kind & (needs == what), str(what)
    for name, fleet in names.fleets.items():
        mine = log.texts["vehicle_class"] == name
        if not mine.any():
            continue
        if fleet.swap_list < 0:
            yield "swap", mine & swap, f"0, since no swap site takes packs of {name}"
        for which, kind_rows in ((fleet.station_list, ~swap), (fleet.swap_list, swap)):
            if which < 0:
                continue
            refused = nowhere.copy()
            key = network.candidates.keys[which]
            rows = mine & kind_rows & (site >= 0) & ~wrong_kind
            for s in np.unique(site[rows]):
                if not holds(key, network.sites, int(s)):
                    refused |= rows & (site == s)
            yield "site", refused, f"a site that {name} may use"
