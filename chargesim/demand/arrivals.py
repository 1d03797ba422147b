"""Draw arrivals at named sites and their stays, as fitted to a log, in place of the ledger.

Arrivals at a site are a non-homogeneous Poisson process: level of the week x hour of the week x
factor of the day. The log of the level moves by a trend and a random walk from week to week, and so
does that of the mean stay. Who finds all guns busy leaves at once, or waits. Each replication may
have its own draw of all that was fitted, so that a band over replications holds the error of the
fit.
"""

import datetime
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from chargesim.demand.curves import Curves
from chargesim.demand.days import DayFactors
from chargesim.demand.demand_table import WISH, Table, empty_table, rows_of, sort_table
from chargesim.demand.draw import DemandModel, FleetDraw
from chargesim.demand.random_streams import generator, vehicle_keys
from chargesim.demand.recorded import fill_stays, handling_min
from chargesim.errors import InputError
from chargesim.exact_time import durations_min, instants_min
from chargesim.network.network import STATION, Network
from chargesim.network.ways import Ways, ways_to_sites
from chargesim.scenario.file_paths import display_path, path_inside
from chargesim.scenario.model import Scenario
from chargesim.scenario.tables import TableRow, duplicate_faults, read_rows

Floats = NDArray[np.float64]

WEEK_HOURS = 168
SHAPE_COLUMNS = tuple(f"h{hour:03d}" for hour in range(WEEK_HOURS))
DRAW_COLUMNS = (
    "arrivals_per_day", "slope_per_week", "level_step", "stay_min", "stay_slope_per_week",
    "stay_step", "wait_share",
)  # fmt: skip
AT_ONCE_MIN = 2.0**-20
"""Tolerance of those who leave at once: less than any wait [min]."""
LONGEST_STAY_MIN = 7 * 1440.0
MOST_LOG_CHANGE = 3.0
"""Most by which the log of a level moves from that of the fit: twentyfold."""
_MINUTE, _STAY, _WAIT, _MARK = range(4)


class ArrivalSiteRow(TableRow):
    """A site of the table `arrivals.sites`."""

    site_id: str = Field(description="site of the network")
    log_site: str = Field(description="its name in the log")
    connectors: str = Field(
        default="", description="its connectors in the log, joined by +; empty: all"
    )
    arrivals_per_day: float = Field(gt=0, description="arrivals a day in the level's week")
    arrivals_low: float = Field(default=0, description="low end of the fit, 5 %; not read")
    arrivals_high: float = Field(default=0, description="high end of the fit, 95 %; not read")
    slope_per_week: float = Field(description="trend: change of the log of the level in a week")
    level_step: float = Field(
        ge=0, le=1, description="standard deviation of its weekly step beside the trend"
    )
    stay_min: float = Field(gt=0, description="mean stay in the level's week")
    stay_low: float = Field(default=0, description="low end of the fit, 5 %; not read")
    stay_high: float = Field(default=0, description="high end of the fit, 95 %; not read")
    stay_slope_per_week: float = Field(description="trend of the log of the mean stay in a week")
    stay_step: float = Field(ge=0, le=1, description="standard deviation of its weekly step")
    wait_share: float = Field(
        ge=0, le=1, description="share of those who find all guns busy and wait"
    )


class RateRow(TableRow):
    """A row of the table `arrivals.rates`."""

    site_id: str = Field(description="site of `arrivals.sites`")
    hour_of_week: int = Field(ge=0, lt=WEEK_HOURS, description="0: Monday from 0 to 1 o'clock")
    weight: float = Field(ge=0, description="arrivals over those of a mean hour")


class StayRow(TableRow):
    """A row of the table `arrivals.stays`."""

    site_id: str = Field(description="site of `arrivals.sites`")
    share: float = Field(ge=0, le=1, description="share of the stays up to `relative`, rising")
    relative: float = Field(ge=0, description="stay over the mean stay; in between linear")


@dataclass(frozen=True)
class Fitted:
    """What was fitted at all sites: one value or row a site."""

    per_day: Floats
    slope: Floats
    step: Floats
    stay_min: Floats
    stay_slope: Floats
    stay_step: Floats
    wait_share: Floats
    shape: Floats
    """[site, hour of week], mean 1"""


def _fitted(columns: list[Floats], shape: Floats) -> Fitted:
    """Return what was fitted, from its columns in the order of `DRAW_COLUMNS`."""
    per_day, slope, step, stay_min, stay_slope, stay_step, wait_share = columns
    return Fitted(per_day, slope, step, stay_min, stay_slope, stay_step, wait_share, shape)


@dataclass(frozen=True)
class ArrivalDemand:
    """Arrivals at sites, ready to draw any day of any replication."""

    seed: int
    names: tuple[str, ...]
    """names of the vehicle classes"""
    sites: tuple[str, ...]
    fitted: Fitted
    draws: tuple[Fitted, ...]
    """one for each replication in turn; empty: the fitted values"""
    shares: tuple[Floats, ...]
    relative: tuple[Floats, ...]
    """quantiles of each site's stays over their mean"""
    begin: datetime.date
    """date of day 0, the first lead-in day"""
    level_week: datetime.date
    factors: tuple[float, float, float]
    """of level, stay, and share that waits"""
    patience_min: float
    day_factors: DayFactors
    template: Table
    """[site] a wish at each site, without its instant"""
    other_min: float
    """what a stay takes beside its overstay: handling"""
    ways: Ways
    lists: int
    _weeks: dict[tuple[int, int], Table] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _walks: dict[tuple[int, str], Floats] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def table(self) -> Table:
        """A week of wishes, from which expected minutes at the guns follow."""
        return np.concatenate([self.day(0, day) for day in range(7)])

    def expected_wishes(self, day: int) -> float:
        """Return the expected arrivals on a day, over all replications."""
        return float(self.expected(day).sum())

    def expected(self, day: int) -> Floats:
        """Return the expected arrivals of a day by the fitted values, [site, hour]."""
        weekday, weeks = self._when(day)
        level = self.fitted.per_day * np.exp(np.clip(self.fitted.slope * weeks, -3, 3))
        hours = slice(24 * weekday, 24 * weekday + 24)
        rate: Floats = self.factors[0] * level[:, None] / 24 * self.fitted.shape[:, hours]
        return rate

    def _when(self, day: int) -> tuple[int, int]:
        """Return the weekday of a day, Monday is 0, and its weeks since the week of the levels."""
        date = self.begin + datetime.timedelta(days=day)
        return date.weekday(), (date - self.level_week).days // 7

    def day(self, replication: int, day: int) -> Table:
        """Return the demand table of one day, in the order of its instants."""
        monday = day - (self.begin + datetime.timedelta(days=day)).weekday()
        week = ((self.begin - self.level_week).days + monday) // 7
        key = (replication, week)
        if key not in self._weeks:
            self._weeks.clear()
            self._weeks[key] = self._week(replication, week)
        whole = self._weeks[key]
        since_min = (day - monday) * 1440.0
        low, high = np.searchsorted(whole["wish_min"], [since_min, since_min + 1440.0])
        table = rows_of(whole, np.arange(low, high))
        table["wish_min"] += monday * 1440.0
        return table

    def _week(self, replication: int, week: int) -> Table:
        """Return the wishes of one week, from its Monday on.

        A week of a site has a stream of its own, keyed by its distance from the week of the levels,
        so it does not matter with which day a scenario begins.
        """
        fit = self.draws[replication % len(self.draws)] if self.draws else self.fitted
        parts = [
            self._site_week(replication, week, number, fit) for number in range(len(self.sites))
        ]
        return sort_table(np.concatenate([np.zeros(0, dtype=WISH), *parts]))

    def _site_week(self, replication: int, week: int, number: int, fit: Fitted) -> Table:
        """Return the wishes at one site in one week."""
        site, key = self.sites[number], week % 2**32
        level_walk, stay_walk = self._walk(replication, site, week)
        change = fit.slope[number] * week + fit.step[number] * level_walk
        level = self.factors[0] * fit.per_day[number] * _moved(change)
        of_day = [
            self.day_factors.factor(self.seed, replication, site, (7 * week + day) % 2**32)
            for day in range(7)
        ]
        rng = generator(self.seed, replication, "arrival", site, key)
        count = rng.poisson(level / 24 * fit.shape[number] * np.repeat(of_day, 24))
        u = rng.random((int(count.sum()), 4))
        table = np.repeat(self.template[number : number + 1], len(u))
        hour = np.repeat(np.arange(WEEK_HOURS), count)
        table["wish_min"] = instants_min(60.0 * (hour + u[:, _MINUTE]))
        change = fit.stay_slope[number] * week + fit.stay_step[number] * stay_walk
        mean = self.factors[1] * fit.stay_min[number] * _moved(change)
        stay = mean * np.interp(u[:, _STAY], self.shares[number], self.relative[number])
        stay = np.clip(stay, AT_ONCE_MIN, LONGEST_STAY_MIN)
        fill_stays(table, np.arange(len(table)), stay, self.other_min)
        waits = u[:, _WAIT] < min(1.0, self.factors[2] * fit.wait_share[number])
        table["tolerance_min"] = np.where(waits, LONGEST_STAY_MIN, AT_ONCE_MIN)
        table["u"] = u[:, _MARK]
        table["key"] = vehicle_keys(self.seed, replication, site, key, 0, len(table))
        return table

    def _walk(self, replication: int, site: str, weeks: int) -> Floats:
        """Return the sum of standard normal steps of level and stay up to a week."""
        if weeks == 0:
            return np.zeros(2)
        key = (replication, site)
        if key not in self._walks and len(self._walks) > 4 * len(self.sites):
            self._walks.clear()  # those of earlier replications
        known = self._walks.get(key, np.zeros((1, 2)))
        while len(known) <= abs(weeks):
            week = len(known) if weeks > 0 else 2**32 - len(known)
            step = generator(self.seed, replication, "level", site, week).standard_normal(2)
            known = np.vstack([known, known[-1] + step])
        self._walks[key] = known
        walked: Floats = known[abs(weeks)]
        return walked


def _moved(log_change: float) -> float:
    """Return the factor of a change of the log, within bounds."""
    return float(np.exp(np.clip(log_change, -MOST_LOG_CHANGE, MOST_LOG_CHANGE)))


def build_arrivals(
    scenario: Scenario,
    folder: Path,
    network: Network,
    drawn: DemandModel,
    curves: Curves,
    fleets: tuple[str, ...],
) -> ArrivalDemand:
    """Return the arrivals of a scenario, from the tables of its section `arrivals`.

    Raises
    ------
    InputError
        With all faults of a table, for sites that the network lacks, and an unknown fleet.
    """
    given = scenario.arrivals
    assert given is not None
    path = path_inside(folder, given.sites)
    rows = read_rows(path, ArrivalSiteRow, lambda rows: _site_faults(path, rows, network))
    names = tuple(row.site_id for row in rows)
    shape = _shapes(path_inside(folder, given.rates), names)
    shares, relative = _stays(path_inside(folder, given.stays), names)
    fitted = _fitted(
        [np.array([getattr(row, name) for row in rows]) for name in DRAW_COLUMNS], shape
    )
    draws = () if given.draws is None else _draws(path_inside(folder, given.draws), names)
    fleet = next((one for one in drawn.fleets if one.name == given.fleet), None)
    if fleet is None:
        known = ", ".join(one.name for one in drawn.fleets)
        raise InputError([f"arrivals.fleet: got {given.fleet!r}, needs one of {known}"])
    site = np.array([network.sites.id.index(name) for name in names])
    return ArrivalDemand(
        seed=scenario.seed,
        names=fleets,
        sites=names,
        fitted=fitted,
        draws=draws,
        shares=shares,
        relative=relative,
        begin=given.first - datetime.timedelta(days=scenario.horizon.lead_in_days),
        level_week=given.level_monday,
        factors=(given.level_factor.value, given.stay_factor.value, given.wait_factor.value),
        patience_min=given.patience_min.value,
        day_factors=DayFactors.of(scenario),
        template=_template(network, fleet, curves, fleets, given.patience_min.value, len(site)),
        other_min=handling_min(scenario),
        ways=ways_to_sites(network, np.full(len(site), -1), site),
        lists=len(network.candidates.keys),
    )


def _template(
    network: Network,
    fleet: FleetDraw,
    curves: Curves,
    fleets: tuple[str, ...],
    patience_min: float,
    sites: int,
) -> Table:
    """Return a wish at each site: a stay, which begins at the site itself."""
    table = empty_table(sites)
    table["origin"] = len(network.zones.id) + len(network.corridors.id) + np.arange(sites)
    curve = int(fleet.curves[np.argmax(np.diff(fleet.curve_cdf, prepend=0.0))])
    table["fleet"], table["curve"] = fleets.index(fleet.name), curve
    table["battery_kwh"] = curves.battery_kwh[curve]
    table["station_list"], table["swap_list"] = fleet.station_list, -1
    table["soc"] = 0.5
    table["patience_min"] = durations_min(np.full(sites, patience_min))
    table["value_of_time_cny_h"] = fleet.value_mean
    return table


def _site_faults(path: Path, rows: list[ArrivalSiteRow], network: Network) -> list[str]:
    """Return the faults of the table of sites."""
    known = {name for name, kind in zip(network.sites.id, network.sites.kind, strict=True)
             if kind == STATION}  # fmt: skip
    faults = duplicate_faults(path, "site_id", [(row.line, row.site_id) for row in rows])
    return faults + [
        f"{display_path(path)}:{row.line}: site_id: got {row.site_id!r}, which is no station of "
        "the network"
        for row in rows
        if row.site_id not in known
    ]


def _shapes(path: Path, sites: tuple[str, ...]) -> Floats:
    """Return the weights of the hours of the week by site, with mean 1."""
    rows = read_rows(path, RateRow)
    shape = np.full((len(sites), WEEK_HOURS), np.nan)
    number = {name: index for index, name in enumerate(sites)}
    for row in rows:
        if row.site_id in number:
            shape[number[row.site_id], row.hour_of_week] = row.weight
    faults = [
        f"{display_path(path)}: {name}: needs a weight for each of the {WEEK_HOURS} hours of the "
        f"week, above 0 in one; has {int(np.isfinite(own).sum())}"
        for name, own in zip(sites, shape, strict=True)
        if not np.isfinite(own).all() or own.sum() <= 0
    ]
    if faults:
        raise InputError(faults)
    mean_one: Floats = shape / shape.mean(axis=1, keepdims=True)
    return mean_one


def _stays(path: Path, sites: tuple[str, ...]) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Return the quantiles of the stays of each site, over their mean."""
    rows = read_rows(path, StayRow)
    shares, relative, faults = [], [], []
    for name in sites:
        own = [row for row in rows if row.site_id == name]
        share = np.array([row.share for row in own])
        value = np.array([row.relative for row in own])
        if len(own) < 2 or (np.diff(share) < 0).any() or (np.diff(value) < 0).any():
            faults.append(f"{display_path(path)}: {name}: needs two rows or more, both share and "
                          "relative rising")  # fmt: skip
            continue
        mean = float((np.diff(share) * (value[1:] + value[:-1]) / 2).sum())
        if not mean > 0:
            faults.append(f"{display_path(path)}: {name}: its stays have a mean of 0")
            continue
        shares.append(share)
        relative.append(value / mean)
    if faults:
        raise InputError(faults)
    return tuple(shares), tuple(relative)


def _draws(path: Path, sites: tuple[str, ...]) -> tuple[Fitted, ...]:
    """Return the draws of all that was fitted."""
    try:
        frame = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError([f"{display_path(path)}: cannot be read as Parquet ({reason})"]) from None
    wanted = ("draw", "site_id", *DRAW_COLUMNS, *SHAPE_COLUMNS)
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise InputError([f"{display_path(path)}: {missing[0]}: this column is missing"])
    found: list[Fitted] = []
    for draw, rows in frame.groupby("draw", sort=True):
        mine = rows.set_index("site_id")
        if not set(sites) <= set(mine.index) or not mine.index.is_unique:
            raise InputError([f"{display_path(path)}: draw {draw}: needs one row for each site"])
        mine = mine.loc[list(sites)]
        columns: Any = [mine[name].to_numpy(float) for name in DRAW_COLUMNS]
        shape = mine[list(SHAPE_COLUMNS)].to_numpy(float)
        if not all(np.isfinite(column).all() for column in (*columns, shape)):
            raise InputError([f"{display_path(path)}: draw {draw}: has values that are no numbers"])
        found.append(_fitted(columns, shape))
    return tuple(found)
