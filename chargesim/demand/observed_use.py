"""Hold the ledger against what is observed: use of the guns, and energy of all public piles."""

from dataclasses import dataclass

import numpy as np

from chargesim.demand.ledger import CORRIDOR, Ledger
from chargesim.network.network import STATION, Network
from chargesim.scenario.model import Scenario
from chargesim.scenario.observed import GunUse


def asked_use(ledger: Ledger, network: Network) -> GunUse:
    """Return what the ledger asks of a gun on an average day; nan without a gun.

    Energy at guns is that at the network less what the ledger expects to be swapped, where there
    are swap sites; sessions in the same proportion. Guns are all of the network's stations.
    """
    guns = float(network.sites.guns[network.sites.kind == STATION].sum())
    swapping = bool((network.sites.kind != STATION).any())
    parts = [1.0 - row.swap_target_share if swapping else 1.0 for row in ledger.rows]
    asked = [
        sum(part * value for part, value in zip(parts, values, strict=True))
        for values in (
            [row.sessions_per_day for row in ledger.rows],
            [row.network_kwh_per_day for row in ledger.rows],
        )
    ]
    return GunUse(*(float(np.divide(one, guns)) if guns else float("nan") for one in asked))


@dataclass(frozen=True)
class PublicEnergy:
    """The energy of all public piles of the city on an average day, from both sides [kWh]."""

    factor: float
    """calibration of the fleets' public energy"""
    bottom_up_kwh: float
    """by the ledger before its calibration: in public, without swapping, with the corridors"""
    calibrated_kwh: float
    """the same by the ledger as it is"""
    top_down_kwh: float | None
    """piles x energy of a pile; None where the scenario does not know them"""
    text: str
    """how the top-down energy comes about"""


def public_energy(scenario: Scenario, ledger: Ledger) -> PublicEnergy:
    """Return the energy of the public piles by the ledger and by the count of piles."""
    factor, calibrated, bottom_up = scenario.fleet.public_energy_factor.value, 0.0, 0.0
    for row in ledger.rows:
        charged = 1.0 - row.swap_target_share * row.share_at_network
        calibrated += row.public_kwh_per_day * charged
        if row.fleet == CORRIDOR:
            bottom_up += row.public_kwh_per_day * charged
        else:
            whole = row.energy_kwh_per_day * row.public_share - row.on_corridors_kwh_per_day
            bottom_up += max(0.0, whole) * charged
    piles, each = scenario.observed.public_piles, scenario.observed.kwh_per_public_pile_day
    if piles is None or each is None:
        return PublicEnergy(factor, bottom_up, calibrated, None, "")
    text = f"{piles.value:,.0f} public piles x {each.value:g} kWh"
    return PublicEnergy(factor, bottom_up, calibrated, piles.value * each.value, text)
