"""Check at every event that no pack, gun, SOC or energy is made or lost. For debugging; slow."""

from collections.abc import Sequence

from chargesim.engine.day_statistics import DayStatistics
from chargesim.engine.simpy.station import Station
from chargesim.engine.simpy.swap_site import SwapSite

_SLACK_KWH, _SLACK_SHARE = 1e-3, 1e-5
"""A charge ends on a whole tick, so its energy is right to half a tick's."""


class ConservationError(AssertionError):
    """A law of conservation is broken; the text says which, where and when."""


def audit(sites: Sequence[Station | SwapSite], statistics: DayStatistics, now: float) -> None:
    """Check all sites at an instant.

    Raises
    ------
    ConservationError
        At the first site where a law does not hold.
    """
    for site in sites:
        faults = (
            _swap_faults(site, statistics) if isinstance(site, SwapSite) else _station_faults(site)
        )
        if faults:
            raise ConservationError(f"at {now} min, site {site.number}: {'; '.join(faults)}")


def _station_faults(site: Station) -> list[str]:
    faults = []
    down = sum(failures > 0 for failures in site.down)
    if len(site.free) + len(site.in_service) + down != len(site.guns):
        faults.append(
            f"{len(site.free)} guns free, {len(site.in_service)} taken and {down} down "
            f"of {len(site.guns)}"
        )
    if site.present != len(site.in_service) + len(site.queue):
        faults.append(
            f"{site.present} vehicles present, {len(site.in_service)} at guns and "
            f"{len(site.queue)} in the queue"
        )
    if site.occupied != len(site.in_service):
        faults.append(f"{site.occupied} guns occupied by {len(site.in_service)} vehicles")
    for car, _ in site.in_service.values():
        charge = car.charge
        if charge is not None and not car.soc <= charge.soc <= max(charge.target_soc, car.soc) <= 1:
            faults.append(
                f"row {car.row}: SOC {charge.soc} is not between {car.soc} "
                f"and its target {charge.target_soc}"
            )
    return faults


def _swap_faults(site: SwapSite, statistics: DayStatistics) -> list[str]:
    """Return what is wrong with packs and their energy.

    What left with packs = what was charged + what the packs at the site still need.
    """
    faults = []
    if site.packs != site.owned:
        faults.append(f"{site.packs} packs, {site.owned} at the start")
    if site.present != len(site.in_bay) + len(site.queue):
        faults.append(
            f"{site.present} vehicles present, {len(site.in_bay)} in bays and "
            f"{len(site.queue)} in the queue"
        )
    if site.occupied != len(site.in_bay):
        faults.append(f"{site.occupied} bays occupied by {len(site.in_bay)} vehicles")
    limit = site.hand_out_soc
    faults += [
        f"a pack has the SOC {charge.soc}"
        for charge in site.charging.values()
        if not 0 <= charge.soc <= max(charge.target_soc, limit)
    ]
    charged_kwh = float(statistics.past_kwh[site.number] + statistics.energy_kwh[site.number].sum())
    if (
        abs(charged_kwh + site.lacking_kwh - site.pack_kwh)
        > _SLACK_KWH + _SLACK_SHARE * site.pack_kwh
    ):
        faults.append(
            f"{site.pack_kwh} kWh left with packs, {charged_kwh} kWh were charged and "
            f"{site.lacking_kwh} kWh are lacking"
        )
    return faults
