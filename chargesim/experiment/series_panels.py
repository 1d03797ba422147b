"""Check that the panels of a series show KPIs that there are, before anything runs."""

from chargesim.analysis.kpi_table import SESSION_SCOPES, kpi_table
from chargesim.analysis.scopes import CITY, SESSION_GROUPS, SITE_GROUPS, hour_name
from chargesim.engine.replication_totals import KINDS
from chargesim.errors import InputError
from chargesim.network.network import STATION
from chargesim.runs.case import Case
from chargesim.scenario.faults import Fault, location_of
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.keys import nearest_name
from chargesim.scenario.reading import LoadedScenario
from chargesim.scenario.series import Shown
from chargesim.scenario.standard import GIVEN
from chargesim.scenario.variants import series_of
from chargesim.scenario.yaml_text import SourceLocation


def check_panels(loaded: LoadedScenario, case: Case) -> None:
    """Refuse panels with an unknown KPI, scope or key.

    Parameters
    ----------
    loaded : LoadedScenario
        The scenario with the series.
    case : Case
        One of its variants; gives the districts, the fleets and the minutes that are counted.

    Raises
    ------
    InputError
        With all faults at once, at the lines of the panels.
    """
    scopes = {kpi.name: kpi.scopes for kpi in kpi_table(case.task.thresholds_min)} | dict.fromkeys(
        GIVEN, ("city",)
    )
    districts = case.network.districts.name
    keys: dict[str, tuple[str, ...]] = {
        "city": (CITY[1],),
        "group": tuple(dict.fromkeys((*SESSION_GROUPS, *SITE_GROUPS[STATION]))),
        "fleet": case.task.fleets,
        "kind": KINDS,
        "district": districts,
        "cars_district": districts,
        "hour": tuple(hour_name(hour) for hour in range(24)),
    }
    faults = []
    for number, panel in enumerate(series_of(loaded).show):
        fault = _fault(panel, scopes, keys)
        if fault is not None:
            key = ("series", "show", str(number), fault[0])
            where = location_of(key, loaded.locations, SourceLocation(display_path(loaded.path), 1))
            faults.append(str(Fault(where, key, fault[1])))
    if faults:
        raise InputError(faults)


def _fault(
    panel: Shown, scopes: dict[str, tuple[str, ...]], keys: dict[str, tuple[str, ...]]
) -> tuple[str, str] | None:
    """Return the key of a panel that is wrong, and what is wrong with it."""
    if panel.kpi is None:
        return None
    if panel.kpi not in scopes:
        return "kpi", f"unknown KPI {panel.kpi!r}" + _near(panel.kpi, tuple(scopes))
    scope, key = ("hour", "") if panel.panel == "hours" else panel.place
    reported = scopes[panel.kpi]
    if scope == "group" and reported == SESSION_SCOPES:  # sessions have fleets, sites have access
        keys = {**keys, "group": SESSION_GROUPS}
    if scope not in reported:
        words = f"{panel.kpi} is not reported by {scope}, but by {', '.join(reported)}"
        return "scope" if key else "kpi", words
    if key and key not in keys[scope]:
        return "key", f"unknown key {key!r} in the scope {scope}" + _near(key, keys[scope])
    return None


def _near(name: str, names: tuple[str, ...]) -> str:
    near = nearest_name(name, list(names))
    return f"; did you mean {near}?" if near else ""
