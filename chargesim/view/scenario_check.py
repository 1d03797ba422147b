"""Print what is known about a scenario before it runs: ledger, network, load, idle mechanisms."""

from math import isnan

from rich.console import Console

from chargesim.analysis.gun_use import asked_text
from chargesim.demand.ledger import LedgerRow
from chargesim.demand.observed_use import PublicEnergy
from chargesim.runs.scenario_check import AreaShare, ScenarioCheck


def print_check(console: Console, checked: ScenarioCheck) -> None:
    """Print the ledger, or the log that replaces it, then the network and its load."""
    write = console.print
    write(checked.title, style="bold", soft_wrap=True)
    if not checked.recorded:
        _print_ledger(console, checked)
    else:
        write(
            f"\nThe log replaces the ledger: {checked.recorded}.",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
    by = (
        "by the log, on average of its days."
        if checked.recorded
        else f"{checked.share_at_network:.1%} of the fleets' public energy, and the corridors "
        "beside it."
    )
    asked = f"{checked.sessions_per_day:,.0f} sessions and {_energy(checked)} a day"
    write(f"Asked of the network: {asked}; {by}", soft_wrap=True)
    write(
        f"Network: {checked.stations:,} stations with {checked.piles:,} guns, "
        f"{checked.swap_sites} swap sites with {checked.packs:,} packs, {checked.zones:,} zones, "
        f"{checked.corridors} corridors; {checked.nodes:,} nodes and {checked.roads:,} edges; "
        f"{checked.label}.",
        soft_wrap=True,
    )
    if checked.islands:
        write(
            f"Islands: {'; '.join(checked.islands)}.", soft_wrap=True, markup=False, highlight=False
        )
    _print_area_shares(console, checked.area_shares)
    load = (
        f"{checked.offered_erlangs:,.0f} erlangs on {checked.piles:,} guns, "
        f"{checked.offered_load:.1%} of the time"
    )
    write(f"Offered load: {load if checked.piles else 'no gun is open'}.", soft_wrap=True)
    _print_use(console, checked)
    write(f"A run takes about {checked.run_seconds:,.0f} s on this machine.")
    for head, lines in (
        ("Out of reach", checked.out_of_reach), ("Switched on, but idle", checked.idle)
    ):  # fmt: skip
        if lines:
            write(f"\n{head}", style="bold")
        for line in lines:
            write(line, soft_wrap=True, markup=False, highlight=False)


def _public_line(public: PublicEnergy) -> str:
    """Return the energy of the public piles from both sides."""
    text = (
        f"At all public piles of the city, without swapping: {public.bottom_up_kwh / 1e6:,.2f} GWh "
        f"a day by stock, km and public share; calibrated by a factor of {public.factor:g}: "
        f"{public.calibrated_kwh / 1e6:,.2f} GWh"
    )
    if public.top_down_kwh is None:
        return f"{text}."
    return f"{text}; by their count: {public.top_down_kwh / 1e6:,.2f} GWh ({public.text})."


def _print_use(console: Console, checked: ScenarioCheck) -> None:
    """Print what is asked of a gun, beside what is observed elsewhere."""
    use = asked_text(checked.asked)
    if use:
        console.print(f"Asked of the guns, without swaps: {use}.", soft_wrap=True)
    if use and checked.observed:
        console.print(
            f"    observed elsewhere, a gun and day: {checked.observed}",
            style="dim",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )


def _print_area_shares(console: Console, shares: tuple[AreaShare, ...]) -> None:
    """Print where the layout's public stations are, beside real stations and inhabitants."""
    if not shares:
        return

    def joined(name: str) -> str:
        return ", ".join(
            f"{share.area_class.replace('_', ' ')} {getattr(share, name):.1%}" for share in shares
        )

    console.print(f"Public stations off the expressways: {joined('stations')}.", soft_wrap=True)
    if not any(isnan(share.observed) for share in shares):
        sources = "; ".join(dict.fromkeys(share.source for share in shares))
        console.print(
            f"    real stations, slow ones included: {joined('observed')} ({sources}); "
            f"inhabitants: {joined('inhabitants')}",
            style="dim",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )


def _corrected(row: LedgerRow) -> str:
    """Return the calibration of a line, and what its vehicles take at service areas."""
    text = "" if row.public_factor == 1 else f" x {row.public_factor:g} calibrated"
    if row.on_corridors_kwh_per_day == 0:
        return text
    return f"{text} - {row.on_corridors_kwh_per_day / 1000:,.1f} MWh at service areas (corridor)"


def _energy(checked: ScenarioCheck) -> str:
    """Return the energy of a day in MWh, below 10 MWh in kWh."""
    kwh = checked.energy_kwh_per_day
    return f"{kwh / 1000:,.0f} MWh" if kwh >= 10_000 else f"{kwh:,.0f} kWh"


def _print_ledger(console: Console, checked: ScenarioCheck) -> None:
    """Print the ledger line by line, each with its sources, and all public energy beside it."""
    write = console.print
    write(
        f"\nDemand ledger, an average day; stock {checked.stock:,.0f} NEVs ({checked.stock_text})",
        style="bold",
        soft_wrap=True,
    )
    for row in checked.ledger:
        write()
        for line in _ledger_lines(row):
            write(line, soft_wrap=True, markup=False, highlight=False)
        sources = f"    sources: {row.sources}"
        write(sources, style="dim", soft_wrap=True, markup=False, highlight=False)
    write(f"\n{_public_line(checked.public_energy)}", soft_wrap=True)


def _ledger_lines(row: LedgerRow) -> list[str]:
    name = row.fleet.replace("_", " ")
    ends = f"/ {row.session_kwh:.1f} kWh a session = {row.sessions_per_day:,.0f} sessions a day"
    here = (
        f"x {row.share_at_network:.2f} at this network = {row.network_kwh_per_day / 1000:,.1f} MWh"
    )
    if isnan(row.stock):
        charges = row.public_kwh_per_day / row.session_kwh
        return [f"{name}: {charges:,.0f} charges a day {here}", f"    {ends}"]
    energy = (
        f"{row.stock:,.0f} vehicles x {row.active_share:.2f} active x {row.km_per_day:.0f} km "
        f"x {row.consumption_kwh_km:.3f} kWh/km"
    )
    swap = f", {row.swap_target_share:.0%} of it by swap" if row.swap_target_share > 0 else ""
    return [
        f"{name}: {energy} = {row.energy_kwh_per_day / 1000:,.0f} MWh",
        f"    x {row.public_share:.2f} in public{_corrected(row)} {here}{swap}",
        f"    {ends}",
    ]
