"""Set the demand of a scenario to the month of its build-up."""

from typing import TypeVar

from chargesim.scenario.assumption import Assumption
from chargesim.scenario.buildup import Buildup, month_number
from chargesim.scenario.model import Scenario

A = TypeVar("A", bound=Assumption)


def buildup_of(scenario: Scenario) -> Buildup | None:
    """Return the build-up that is switched on, if any."""
    return scenario.buildup if scenario.buildup is not None and scenario.buildup.enabled else None


def share_factor(buildup: Buildup) -> float:
    """Return the factor of the shares at the guns, (built share) ** exponent."""
    return float(buildup.built_share(month_number(buildup.month)) ** buildup.share_exponent.value)


def as_of_month(scenario: Scenario) -> Scenario:
    """Return the scenario as of the month of its build-up.

    Every fleet's fast share and the corridors' share follow the built share; the NEVs on the roads
    follow the stock. Swap shares stay.
    """
    buildup = buildup_of(scenario)
    if buildup is None:
        return scenario
    fleets = {
        name: fleet.model_copy(update={"fast_share": _as_of_month(fleet.fast_share, buildup)})
        for name, fleet in scenario.fleets.items()
    }
    corridors = scenario.corridors
    if corridors is not None:
        stock = buildup.stock(month_number(buildup.month)) / sum(
            fleet.electric for fleet in scenario.fleets.values()
        )
        on_roads = corridors.nev_share_of_traffic
        text = (
            f"{on_roads.source}; here {on_roads.value:g} x {stock:.3f}, "
            "the stock of the month over that of the fleets"
        )
        on_roads = on_roads.model_copy(
            update={"value": min(1.0, on_roads.value * stock), "source": text}
        )
        found = _as_of_month(corridors.share_at_network, buildup)
        corridors = corridors.model_copy(
            update={"share_at_network": found, "nev_share_of_traffic": on_roads}
        )
    return scenario.model_copy(update={"fleets": fleets, "corridors": corridors})


def _as_of_month(share: A, buildup: Buildup) -> A:
    """Return a share of the finished plan as of the month; its source states the rule."""
    factor, built = share_factor(buildup), buildup.built_share(month_number(buildup.month))
    rule = (
        f"here {share.value:g} x {factor:.3f}, {built:.1%} of the sites built, "
        f"to the power {buildup.share_exponent.value:g}"
    )
    return share.model_copy(
        update={"value": share.value * factor, "source": f"{share.source}; {rule}"}
    )
