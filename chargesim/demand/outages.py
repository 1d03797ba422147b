"""Draw the outage calendar: when guns fail and are repaired, and which districts have no power."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chargesim.demand.demand_table import OUTAGE, WHOLE_SITE, Outages, no_outages
from chargesim.demand.random_streams import generator
from chargesim.errors import InputError
from chargesim.exact_time import durations_min, instants_min
from chargesim.network.network import STATION, Network
from chargesim.scenario.model import Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_FAILURES = 2_000_000
"""Expected failures of a replication beyond which none is drawn."""
_BLOCK = 16
"""Guns of a site that share a stream: its first guns fail alike, however many there are."""
_CYCLES = 4


@dataclass(frozen=True)
class OutageModel:
    """What is needed to draw the outages of any replication, small enough to send to workers."""

    seed: int
    failures: bool
    mtbf_min: float
    mttr_min: float
    site_ids: tuple[str, ...]
    """of the stations"""
    site: Ints
    """row of each station in the site table"""
    guns: Ints
    """guns of each station"""
    blackouts: Outages
    """the same in every replication; those of one site do not overlap"""
    start_min: float = 0.0
    """instant of the calendar of failures at which the run begins [min]"""

    def draw(self, replication: int, horizon_min: float) -> Outages:
        """Return the outages that begin within a horizon.

        Each gun works and is repaired in turn, for exponential times, and is as likely down at the
        start as at any other time. A site's stream is keyed by its id; the i-th failure of a gun
        uses the same draws whatever the mean times are.

        Parameters
        ----------
        replication : int
        horizon_min : float
            Minutes since the start of the scenario [min].

        Returns
        -------
        Outages
            Instants in whole ticks; an outage may end after the horizon.

        Raises
        ------
        InputError
            If more than `MOST_FAILURES` are expected.
        """
        blackouts = self.blackouts[self.blackouts["begin_min"] < horizon_min]
        failures = (
            self._shifted(self._failures(replication, horizon_min + self.start_min))
            if self.failures
            else no_outages()
        )
        rows = np.concatenate([failures, blackouts])
        gun = np.where(rows["gun"] == WHOLE_SITE, np.iinfo(np.int64).max, rows["gun"])
        return rows[np.lexsort((gun, rows["site"], rows["begin_min"]))]

    def _shifted(self, failures: Outages) -> Outages:
        """Return the failures of the run, by its clock; one under way begins with the run."""
        failures["begin_min"] = np.maximum(failures["begin_min"] - self.start_min, 0.0)
        failures["end_min"] -= self.start_min
        return failures[failures["end_min"] > 0]

    def _failures(self, replication: int, horizon_min: float) -> Outages:
        expected = self.guns.sum() * horizon_min / (self.mtbf_min + self.mttr_min)
        if expected > MOST_FAILURES:
            raise InputError(
                [
                    f"reliability.mtbf_h, mttr_h: ask for {expected:.3g} failures in a "
                    f"replication; at most {MOST_FAILURES:,} fit"
                ]
            )
        blocks = [
            (site, block)
            for site in range(len(self.guns))
            for block in range(-(-int(self.guns[site]) // _BLOCK))
        ]
        if not blocks:
            return no_outages()
        streams = [
            generator(self.seed, replication, "outage", self.site_ids[site], 0, block)
            for site, block in blocks
        ]
        at = np.array(blocks)
        gun = at[:, 1, None] * _BLOCK + np.arange(_BLOCK)
        real = gun < self.guns[at[:, 0], None]
        site = np.broadcast_to(self.site[at[:, 0], None], gun.shape)
        down = np.stack([stream.random(_BLOCK) for stream in streams]) < self.mttr_min / (
            self.mtbf_min + self.mttr_min
        )
        clock, parts = np.zeros(gun.shape), [no_outages()]
        while (clock[real] < horizon_min).any():
            up_down = np.stack(
                [stream.standard_exponential((_CYCLES, _BLOCK, 2)) for stream in streams], axis=1
            )
            for up, repair in zip(*self._minutes(up_down, horizon_min), strict=True):
                begin = clock + np.where(down, 0.0, up)
                clock, down = begin + repair, np.zeros_like(down)
                parts.append(_rows(begin, clock, site, gun, real & (begin < horizon_min)))
        return np.concatenate(parts)

    def _minutes(self, up_down: Floats, horizon_min: float) -> tuple[Floats, Floats]:
        """Return times up and down in whole ticks [cycle, block, gun], cut beyond the horizon.

        So the sums of times stay exact.
        """
        cut = 4.0 * horizon_min + 1.0
        up = durations_min(np.minimum(up_down[..., 0] * self.mtbf_min, cut))
        return up, durations_min(np.minimum(up_down[..., 1] * self.mttr_min, cut))


def draw_outages(
    scenario: Scenario, network: Network, seed: int, replication: int, horizon_min: float
) -> Outages:
    """Return the outage calendar of one replication; see `OutageModel.draw`.

    Parameters
    ----------
    scenario, network
        Its sections `reliability` and `blackouts`, and the sites.
    seed, replication : int
        Root seed of the run, and the replication.
    horizon_min : float
        Outages that begin later are left out [min since the start of the scenario].
    """
    return build_outages(scenario, network, seed).draw(replication, horizon_min)


def build_outages(scenario: Scenario, network: Network, seed: int | None = None) -> OutageModel:
    """Return the model of a scenario's outages; `seed` is the scenario's unless given."""
    stations = np.flatnonzero(network.sites.kind == STATION)
    return OutageModel(
        seed=scenario.seed if seed is None else seed,
        failures=scenario.reliability.failures,
        mtbf_min=60.0 * scenario.reliability.mtbf_h.value,
        mttr_min=60.0 * scenario.reliability.mttr_h.value,
        site_ids=tuple(network.sites.id[site] for site in stations),
        site=stations,
        guns=network.sites.guns[stations],
        blackouts=_blackouts(scenario, network),
    )


def _blackouts(scenario: Scenario, network: Network) -> Outages:
    """Return a row per site and blackout; blackouts of a district that overlap or touch are one."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for blackout in sorted(scenario.blackouts, key=lambda one: (one.day, one.from_hour)):
        day_min = (scenario.horizon.lead_in_days + blackout.day) * 1440.0
        begin = float(instants_min(np.array([day_min + 60.0 * blackout.from_hour]))[0])
        end = begin + float(durations_min(np.array([60.0 * blackout.hours.value]))[0])
        mine = spans.setdefault(blackout.district, [])
        if mine and begin <= mine[-1][1]:
            begin, last = mine.pop()
            end = max(end, last)
        mine.append((begin, end))
    named = np.array(network.districts.name)[network.sites.district]
    parts = [no_outages()]
    for district, times in spans.items():
        sites = np.flatnonzero(named == district)
        for begin, end in times:
            rows = np.zeros(len(sites), dtype=OUTAGE)
            rows["begin_min"], rows["end_min"], rows["site"], rows["gun"] = (
                begin,
                end,
                sites,
                WHOLE_SITE,
            )
            parts.append(rows)
    return np.concatenate(parts)


def _rows(
    begin_min: Floats, end_min: Floats, site: Ints, gun: Ints, kept: NDArray[np.bool_]
) -> Outages:
    """Return the rows of a calendar that are `kept`."""
    rows = np.zeros(int(kept.sum()), dtype=OUTAGE)
    rows["begin_min"], rows["end_min"], rows["site"], rows["gun"] = (
        begin_min[kept],
        end_min[kept],
        site[kept],
        gun[kept],
    )
    return rows
