"""Name the scopes of a result and sum its arrays over them.

A scope is a slice of the city: all of it, a group, a fleet, a kind, a district, an hour of day. The
groups are those of the standard: `cars` and `trucks` are all sessions of their fleets, `swap` and
`truck_swap` those of them whose kind is swap, `through_traffic` the cars on expressways. A district
is judged by its own cars alone: through traffic belongs to none. At sites, `trucks` and
`truck_swap` are the sites of access truck, `cars` and `swap` all others; `expressway` are the
stations of that access, which are among those for cars.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chargesim.analysis.result import Bools, Floats, RunResult
from chargesim.engine.replication_totals import KINDS
from chargesim.network.network import STATION, SWAP

Key = tuple[str, str]
"""A scope and its key, for example ("district", "Yubei")."""
CITY: Key = ("city", "all")
SESSION_GROUPS: tuple[str, ...] = ("cars", "trucks", "swap", "truck_swap", "through_traffic")
LOCAL_CARS = "local_cars"
"""The cars without the through traffic: what a district is judged by."""
_THROUGH_TRAFFIC = "corridor"
SITE_GROUPS = {STATION: ("cars", "trucks", "expressway"), SWAP: ("swap", "truck_swap")}


def hour_name(hour: int) -> str:
    """Return an hour of day as one reads it, for example ``17-18 h``."""
    return f"{hour}-{hour + 1} h"


def session_mask(result: RunResult, group: str) -> Bools:
    """Return which fleets and kinds belong to a group.

    Parameters
    ----------
    result : RunResult
        Gives the fleets.
    group : str
        One of `SESSION_GROUPS`, or `LOCAL_CARS`.

    Returns
    -------
    array of bool, [C, K]
    """
    if group not in (*SESSION_GROUPS, LOCAL_CARS):
        raise ValueError(f"group: got {group!r}, needs one of {', '.join(SESSION_GROUPS)}")
    wanted = "trucks" if group in ("trucks", "truck_swap") else "cars"
    fleets = np.array([name == wanted for name in result.groups])
    through = np.array([name == _THROUGH_TRAFFIC for name in result.fleets])
    if group == "through_traffic":
        fleets = through
    elif group == LOCAL_CARS:
        fleets &= ~through
    kinds = np.array([kind == "swap" or "swap" not in group for kind in KINDS])
    return np.asarray(fleets[:, None] & kinds[None, :])


def site_mask(result: RunResult, group: str) -> Bools:
    """Return which sites belong to a group: stations, or swap sites for swap and truck_swap.

    Parameters
    ----------
    result : RunResult
        Gives the sites.
    group : str
        One of `SITE_GROUPS`.

    Returns
    -------
    array of bool, [S]
    """
    sites = result.network.sites
    if group == "expressway":
        return np.asarray(
            np.array([access == "expressway" for access in sites.access], dtype=np.bool_)
            & (sites.kind == STATION)
        )
    for_trucks = np.array([access == "truck" for access in sites.access], dtype=np.bool_)
    wanted = for_trucks if group in ("trucks", "truck_swap") else ~for_trucks
    return np.asarray(wanted & (sites.kind == (SWAP if "swap" in group else STATION)))


@dataclass(frozen=True)
class SessionScopes:
    """The scopes of sessions and how cells [C, K, D, 24] are summed over them."""

    keys: tuple[Key, ...]
    masks: Bools
    """[group, C, K]"""
    local_cars: Bools
    """[C] fleets that count in `cars_district`"""

    @classmethod
    def of(cls, result: RunResult) -> "SessionScopes":
        """Return the scopes of a result; a session counts in the district and hour of its wish."""
        districts = result.network.districts.name
        keys = [CITY]
        keys += [("group", group) for group in SESSION_GROUPS]
        keys += [("fleet", fleet) for fleet in result.fleets]
        keys += [("kind", kind) for kind in KINDS]
        keys += [("district", name) for name in districts]
        keys += [("cars_district", name) for name in districts]
        keys += [("hour", hour_name(hour)) for hour in range(24)]
        masks = np.stack([session_mask(result, group) for group in SESSION_GROUPS])
        return cls(tuple(keys), masks, session_mask(result, LOCAL_CARS)[:, 0])

    def total(self, cells: NDArray[Any]) -> NDArray[Any]:
        """Sum cells over each scope.

        Parameters
        ----------
        cells : array, [C, K, D, 24, ...]
            One replication's sessions, minutes, energy or histograms.

        Returns
        -------
        array, [len(keys), ...]
        """
        by_district, by_hour = cells.sum(axis=3), cells.sum(axis=2).sum(axis=(0, 1))
        whole = by_district.sum(axis=2)
        return np.concatenate(
            [
                whole.sum(axis=(0, 1))[None],
                np.stack([whole[mask].sum(axis=0) for mask in self.masks]),
                whole.sum(axis=1),
                whole.sum(axis=0),
                by_district.sum(axis=(0, 1)),
                by_district[self.local_cars].sum(axis=(0, 1)),
                by_hour,
            ]
        )


@dataclass(frozen=True)
class SiteScopes:
    """The scopes of the sites of one kind, and how values by site and hour are summed over them."""

    keys: tuple[Key, ...]
    members: Floats
    """[scopes that are not hours, S] 1 where the site belongs to the scope, and is of the kind"""

    @classmethod
    def of(cls, result: RunResult, kind: int) -> "SiteScopes":
        """Return the scopes of the stations or of the swap sites of a result."""
        sites, names = result.network.sites, result.network.districts.name
        rows = [sites.kind == kind]
        rows += [site_mask(result, group) for group in SITE_GROUPS[kind]]
        rows += [
            (sites.kind == kind) & (sites.district == district) for district in range(len(names))
        ]
        keys = [
            CITY,
            *(("group", group) for group in SITE_GROUPS[kind]),
            *(("district", name) for name in names),
        ]
        keys += [("hour", hour_name(hour)) for hour in range(24)]
        return cls(tuple(keys), np.stack(rows).astype(np.float64))

    def total(self, by_site_hour: Floats, hours: list[int] | None = None) -> Floats:
        """Sum values by site and hour of day over each scope.

        Parameters
        ----------
        by_site_hour : array of float, [R, S, 24]
            Values of all sites; those of the other kind are left out.
        hours : list of int, optional
            Hours of day to sum for the scopes that are not hours; all by default.

        Returns
        -------
        array of float, [R, len(keys)]
        """
        chosen = by_site_hour if hours is None else by_site_hour[..., hours]
        whole = chosen.sum(axis=-1) @ self.members.T
        return np.concatenate(
            [whole, np.einsum("rsh,s->rh", by_site_hour, self.members[0])], axis=-1
        )

    def site_hours(self, per_site: NDArray[Any], hours: list[int] | None = None) -> Floats:
        """Return the sum of a constant of the sites times hours of day, for each scope [1/day].

        Parameters
        ----------
        per_site : array, [S]
            For example guns; gives gun-hours a day.
        hours : list of int, optional
            Hours of day that count for the scopes that are not hours; all by default.
        """
        constant = np.asarray(per_site, dtype=np.float64)
        whole = self.members @ constant * (24 if hours is None else len(hours))
        return np.concatenate([whole, np.full(24, float(self.members[0] @ constant))])
