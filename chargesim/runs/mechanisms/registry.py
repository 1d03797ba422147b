"""List all mechanisms, and answer from their declarations what is on, inert or without effect."""

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase

from chargesim.runs.case import Case, build_case
from chargesim.runs.markdown import table
from chargesim.runs.mechanisms import demand, drivers, supply, swapping
from chargesim.runs.mechanisms.declaration import Mechanism, ModelPart, text_of
from chargesim.scenario.model import Scenario
from chargesim.scenario.reading import load

MECHANISMS = (
    demand.RECORDED,
    demand.FITTED,
    demand.THROUGH_TRAFFIC,
    demand.HOLIDAY,
    demand.PROJECTED_STOCK,
    demand.ELECTRIFICATION,
    demand.BUILD_UP,
    demand.DAYS,
    demand.CALENDAR,
    demand.SEASON,
    demand.COLD_BATTERIES,
    drivers.POSTED,
    drivers.CLOUD,
    drivers.RESERVATION,
    drivers.OUTSIDE,
    supply.COMPANIONS,
    supply.SHARED_CONNECTIONS,
    supply.STORES,
    swapping.SWAPPING,
    swapping.SMART_PACKS,
    swapping.LENT_MODULES,
    supply.LATER_OPENINGS,
    drivers.TARIFF,
    drivers.FLEXIBLE,
    supply.FAILURES,
    supply.FAILED_STARTS,
    supply.TIME_AT_GUN,
    supply.BLACKOUTS,
    supply.EXTENSIONS,
)
"""In the order in which they are reported."""
ALWAYS_ON: tuple[ModelPart, ...] = (supply.CHARGING_CURVES, supply.POWER_LIMITS, supply.ARRIVALS)
"""Parts of the model without a switch."""
CONDITIONS = {key: does for one in MECHANISMS for key, does in one.conditions}
"""Keys whose range is that of conditions which a scenario chooses, and what the range does."""
_HEADS = ("mechanism", "keys", "source", "limit, conservation and switch tests")


def mechanisms_on(case: Case) -> list[Mechanism]:
    """Return the mechanisms that are on in a case."""
    return [one for one in MECHANISMS if one.is_on(case)]


def inert_mechanisms(case: Case) -> tuple[str, ...]:
    """Return a line for every mechanism that is on and has no effect, or less than it seems.

    Returns
    -------
    tuple of str
        Each `key: what is on, but why it has no effect`; empty where all that is on can work.
    """
    return tuple(line for one in MECHANISMS for line in one.why_inert(case))


def has_no_effect(scenario: Scenario, key: str) -> bool:
    """Return whether a key moves no event because the scenario does not ask for its mechanism.

    Parameters
    ----------
    scenario : Scenario
    key : str
        Dotted key, such as `reliability.mtbf_h`.
    """
    return any(
        one.asked_for is not None
        and not one.asked_for(scenario)
        and any(fnmatchcase(key, pattern) for pattern in one.keys_when_off)
        for one in MECHANISMS
    )


def checklist_texts(case: Case, item: str) -> list[str]:
    """Return what the mechanisms that are on add to an item of the STRESS-DES checklist."""
    texts = (
        text_of(text, case)
        for one in mechanisms_on(case)
        for number, text in one.checklist
        if number == item
    )
    return list(dict.fromkeys(texts))


def mechanisms_table(case: Case) -> str:
    """Return the table of all mechanisms as Markdown; those that are on in the case say so."""
    on = {one.name for one in (*mechanisms_on(case), *ALWAYS_ON)}
    rows = (
        (
            f"{one.name} (on)" if one.name in on else one.name,
            "; ".join(_keys(one)),
            one.source,
            "; ".join(_tests(one)),
        )
        for one in (*MECHANISMS, *ALWAYS_ON)
    )
    return table(_HEADS, rows)


def _keys(part: ModelPart) -> Iterator[str]:
    if part.keys:
        yield ", ".join(f"`{key}`" for key in part.keys)
    if part.columns:
        columns = ", ".join(f"`{column}`" for column in part.columns)
        yield f"{'columns' if len(part.columns) > 1 else 'column'} {columns}"


def _tests(part: ModelPart) -> Iterator[str]:
    for test in part.tests:
        file, name = test.split("::")
        yield f"`{file}` ({name.removeprefix('test_').replace('_', ' ')})"


if __name__ == "__main__":
    print(mechanisms_table(build_case(load(sys.argv[1]))))
