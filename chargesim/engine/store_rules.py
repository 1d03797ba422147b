"""State the physics of a battery store behind a grid connection, compiled once for both engines.

Powers are on the side of the plugs: above 0 the store gives, below 0 it takes. The loss of a round
trip is on the way in.
"""

from numba import njit

from chargesim.engine.operating_rules import CHARGE, LEND
from chargesim.engine.rules import exact_min


@njit("b1(i8, f8, f8)", cache=True)
def store_works(duty, energy_kwh, kwh):
    """Tell whether a store can do what its hour asks: charge with room, or lend with energy."""
    return (duty == LEND and energy_kwh > 0.0) or (duty == CHARGE and energy_kwh < kwh)


@njit("f8(i8, f8, f8)", cache=True)
def lendable_kw(duty, energy_kwh, kw):
    """Return the power that a store can lend now [kW]."""
    return kw if duty == LEND and energy_kwh > 0.0 else 0.0


@njit("f8(i8, f8, f8, f8, f8, f8, f8)", cache=True)
def store_power_kw(duty, energy_kwh, kwh, kw, charge_kw, used_kw, grid_kw):
    """Return the power of a store [kW].

    Parameters
    ----------
    duty : int
        `CHARGE`, `IDLE` or `LEND`.
    energy_kwh, kwh : float
        Energy in the store, and the most that it holds [kWh].
    kw, charge_kw : float
        The most that it gives and takes [kW].
    used_kw, grid_kw : float
        What the plugs use, and what the grid connection allows, 0 in a blackout [kW].

    Notes
    -----
    It serves the plugs before the grid does, and charges from what they leave.
    """
    if grid_kw <= 0.0 or not store_works(duty, energy_kwh, kwh):
        return 0.0
    if duty == LEND:
        return min(kw, used_kw)
    return -min(charge_kw, max(0.0, grid_kw - used_kw))


@njit("f8(f8, f8, f8, f8, f8)", cache=True)
def store_energy_kwh(energy_kwh, kwh, power_kw, minutes, efficiency):
    """Return the energy in a store after some minutes at a power [kWh]."""
    moved_kwh = power_kw * minutes / 60.0
    energy_kwh -= moved_kwh if moved_kwh > 0.0 else moved_kwh * efficiency
    return min(kwh, max(0.0, energy_kwh))


@njit("f8(f8, f8, f8, f8)", cache=True)
def store_left_min(energy_kwh, kwh, power_kw, efficiency):
    """Return the minutes until a store is empty or full at a power other than 0."""
    left_kwh = energy_kwh if power_kw > 0.0 else (kwh - energy_kwh) / efficiency
    return exact_min(60.0 * left_kwh / abs(power_kw))
