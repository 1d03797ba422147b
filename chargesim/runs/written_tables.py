"""Say what every column of every table of a run holds, and print that as Markdown."""

import ast
import inspect
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chargesim.analysis.kpi_table import kpi_table
from chargesim.engine import replication_totals
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.runs.markdown import table
from chargesim.runs.site_tables import SITE_HOUR_COLUMNS


@dataclass(frozen=True)
class WrittenTable:
    """A table in the directory of a run."""

    file: str
    rows: str
    """what a row is"""
    columns: Mapping[str, str]
    """what each column holds, with its unit, in the order of the file"""


KPIS = WrittenTable(
    "kpis.csv",
    "a row per KPI, scope and key",
    {
        "kpi": "name of the KPI, see below",
        "scope": "city, group, fleet, kind, district, cars_district or hour",
        "key": "which of them, such as Yubei or 17-18 h",
        "mean": "mean over the replications; of a share of vehicles the ratio of its totals",
        "lower": "lower end of the interval, 95 % over all looks",
        "upper": "upper end",
        "pooled": "of a quantile: that of all replications together",
        "unit": "unit of the four values",
        "n": "replications in which the KPI is defined; 0 with a value: the plan gives it",
    },
)
SITES = WrittenTable(
    "sites.csv",
    "a row per site; means over replications and judged days",
    {
        "site": "name of the site",
        "kind": "station or swap",
        "group": "where it comes from: core, ..., truck, expressway, swap_taxi, ..., mixed, table",
        "access": "who may use it: public, expressway, taxi, truck",
        "district": "its district",
        "lat": "latitude, WGS-84 [deg]",
        "lon": "longitude, WGS-84 [deg]",
        "guns_or_bays": "guns of a station, bays of a swap site",
        "utilisation": "occupied guns or bays over all of them [0..1]",
        "utilisation_busiest_hour": "the same in its busiest hour of the day [0..1]",
        "all_occupied": "share of the time with all guns or bays occupied [0..1]",
        "all_occupied_worst_hour": "the same in its worst hour of the day [0..1]",
        "worst_hour": "that hour of the day [0..23]",
        "arrivals_per_day": "vehicles that arrived [1/day]",
        "energy_kwh_per_day": "energy at plugs and packs [kWh/day]",
        "queue_min_per_day": "waiting vehicles times minutes [min/day]",
        "peak_kw": "highest mean power of a quarter of an hour, of all replications [kW]",
    },
)
OCCUPANCY = WrittenTable(
    "occupancy.csv",
    "a row per site and number of occupied guns or bays",
    {
        "site": "name of the site",
        "occupied": "guns or bays that are occupied: 0, 1, ... and all",
        "share": "share of the judged time with exactly so many, mean over replications [0..1]",
        "lower": "lower end of its interval, as of a KPI",
        "upper": "upper end",
    },
)
DAYS = WrittenTable(
    "days.csv",
    "of a run of 28 judged days and more: a row per day and criterion",
    {
        "day": "judged day, 1 the first",
        "date": "its date, if the scenario has a calendar",
        "weekday": "its weekday",
        "occasion": "holiday or cold spell",
        "criterion": "name of the criterion",
        "wished": "vehicles that wished, mean over replications; of districts, in the worst class",
        "failed": "of these the vehicles that failed the criterion",
        "failed_share": "failed over wished [0..1]",
        "allowance_used": "failed share over what the criterion allows; above 1 it fails",
        "fails_in": "replications in which it fails on this day",
    },
)
SITE_HOURS = WrittenTable(
    "site_hours.parquet, site_hours/NNN.parquet",
    "a row per site and judged hour: mean over replications, and of replication NNN",
    SITE_HOUR_COLUMNS,
)
SESSIONS = WrittenTable(
    "sessions/NNN.parquet",
    "a row per vehicle that wished on a judged day, of replication NNN",
    {
        "vehicle": "its row in the demand, from the first lead-in day on",
        "wish_min": "when it wished [min from the first lead-in midnight]",
        "zone": "zone or corridor where it wished",
        "vehicle_class": "its fleet",
        "site": "where it was served, else where it was last; empty: nowhere",
        "kind": "kind of the session: station, swap or none",
        "outcome": "served, partial, lost, stranded or unfinished",
        "chose_outside": "whether it was lost to the outside option",
        "drive_min": "drive to sites, over all of them [min]",
        "wait_min": "without a gun or bay, from the first arrival on [min]",
        "queue_min": "in queues, over all sites [min]",
        "delay_min": "plug-in - wish (once put off) - free drive to the nearest site [min]",
        "service_min": "at the gun or in the bay [min]",
        "charging_min": "of these with a charge under way [min]",
        "overstay_min": "of these after the charge, as drawn; 0 if never plugged in [min]",
        "energy_kwh": "energy taken; of a swap the difference of the packs [kWh]",
        "soc_in": "SOC at its first plug or bay [0..1]",
        "soc_out": "SOC when it left [0..1]",
        "diversions": "how often it went on to another site",
        "interruptions": "how often a failure cut its charge off",
        "put_off_min": "for how long it put off its wish for a cheaper hour [min]",
    },
)


def _meanings_of_totals() -> dict[str, str]:
    """Return what each array of the totals holds, from the text below its declaration."""
    tree = ast.parse(inspect.getsource(replication_totals))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == ReplicationTotals.__name__
    )
    axes = ReplicationTotals.axes()
    return {
        one.target.id: f"{ast.literal_eval(text.value)}; by {' x '.join(axes[one.target.id])}"
        for one, text in itertools.pairwise(body)
        if isinstance(one, ast.AnnAssign)
        and isinstance(one.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def written_tables() -> tuple[WrittenTable, ...]:
    """Return every table that a run writes."""
    totals = WrittenTable(
        "replications/NNN.parquet",
        "one row: the totals of replication NNN, an array in each column, row by row",
        _meanings_of_totals(),
    )
    return (KPIS, SITES, OCCUPANCY, DAYS, SITE_HOURS, SESSIONS, totals)


def _sections() -> Iterator[str]:
    for one in written_tables():
        yield f"## {one.file}\n\n{one.rows[0].upper()}{one.rows[1:]}.\n\n" + table(
            ("column", "what it holds"), ((f"`{name}`", text) for name, text in one.columns.items())
        )
    rows = (
        (f"`{kpi.name}`", kpi.unit, ", ".join(kpi.scopes), kpi.meaning)
        for kpi in kpi_table((10.0,))
    )
    yield (
        "## The KPIs\n\n`share_served_within_10_min` is there for each waiting time of the "
        "standard. "
        "Measures that the plan itself gives (n = 0) are `covered_5km`, `covered_1km_core` and "
        "`guns_available`."
        "\n\n" + table(("KPI", "unit", "scopes", "what it is"), rows)
    )


def tables_page() -> str:
    """Return the page of all tables and KPIs as Markdown."""
    head = "# The columns of a run's tables\n\nWhat a run leaves behind: [results.md](results.md)."
    return "\n\n".join([head, *_sections()]) + "\n"


if __name__ == "__main__":
    print(tables_page(), end="")
