"""Hold a fitted scenario against later days of its log: figures with bands, and naive rules."""

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chargesim.calibration.log import DAY_MIN, Log, Site, read_log
from chargesim.calibration.naive import Errors, errors, naive_predictions
from chargesim.calibration.occupancy import HubUse, by_hour, hub_use
from chargesim.demand.arrivals import ArrivalDemand, ArrivalSiteRow
from chargesim.errors import InputError
from chargesim.runs.case import Case, Task, build_case
from chargesim.runs.engine_choice import Engine, choose_engine
from chargesim.runs.parallel import pool_of
from chargesim.runs.replication import Replication
from chargesim.runs.storage import write_json, write_text
from chargesim.scenario.calendar import LONGEST_DAYS, WEEKDAYS
from chargesim.scenario.file_paths import path_inside
from chargesim.scenario.reading import LoadedScenario
from chargesim.scenario.tables import read_rows

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MODEL = "chargesim"
LEVEL = 0.9
REPLICATIONS = 100
LEAST_HELD_OUT = 20
"""Sessions on the held-out days that a site needs to be compared."""


@dataclass(frozen=True)
class Figure:
    """One figure of a site: what happened beside what was expected."""

    site: str
    figure: str
    unit: str
    seen: float
    low: float
    middle: float
    """median of the replications"""
    high: float

    @property
    def inside(self) -> bool:
        """Whether what happened lies in the band."""
        return self.low <= self.seen <= self.high


@dataclass(frozen=True)
class ErrorRow:
    """Errors of one prediction of the hours of a site."""

    site: str
    what: str
    predictor: str
    errors: Errors


@dataclass(frozen=True)
class SiteTest:
    """A site on the held-out days."""

    name: str
    guns: int
    open_days: int
    sessions: int
    seen: HubUse
    simulated: tuple[HubUse, ...]
    seen_by_day: Floats
    simulated_by_day: Floats
    """[replication, day]"""
    is_open: Bools


@dataclass(frozen=True)
class BackTest:
    """A scenario held against a log."""

    folder: Path
    scenario: str
    log: str
    first: date
    days: int
    replications: int
    figures: tuple[Figure, ...]
    errors: tuple[ErrorRow, ...]
    sites: tuple[SiteTest, ...]
    notes: tuple[str, ...]

    @property
    def inside(self) -> int:
        """Figures inside their bands."""
        return sum(figure.inside for figure in self.figures)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "scenario": self.scenario,
            "log": self.log,
            "from": str(self.first),
            "days": self.days,
            "replications": self.replications,
            "level": LEVEL,
            "inside": self.inside,
            "figures": [asdict(one) | {"inside": one.inside} for one in self.figures],
            "errors": [_error_dict(one) for one in self.errors],
            "sites": [
                {"site": one.name, "guns": one.guns, "open_days": one.open_days,
                 "sessions": one.sessions} for one in self.sites
            ],
            "notes": list(self.notes),
        }  # fmt: skip


@dataclass(frozen=True)
class _Played:
    """What one replication did: plug-in and minutes of each session, by site of the arrivals."""

    number: int
    start_min: tuple[Floats, ...]
    stay_min: tuple[Floats, ...]


def run_backtest(
    loaded: LoadedScenario,
    log_path: Path,
    first: date,
    out: Path,
    *,
    replications: int = REPLICATIONS,
    jobs: int = 1,
    engine: Engine = "auto",
    progress: bool = False,
) -> BackTest:
    """Play a fitted scenario over the days of a log from a date on, and compare.

    Parameters
    ----------
    loaded : LoadedScenario
        With a section `arrivals`.
    log_path : Path
    first : date
        First held-out day; the fit must not have seen it.
    out : Path
        Directory for tables, `backtest.json` and figures.
    replications : int
        Each has a draw of the fit, factors of the days and arrivals of its own.
    jobs, engine, progress
        As for a run.

    Raises
    ------
    InputError
        For a scenario without `arrivals`, for days that the fit has seen, and for a log without
        later days.
    """
    log = read_log(log_path)
    case, days = _case(loaded, log, first)
    demand = case.task.demand
    assert isinstance(demand, ArrivalDemand)
    sites = _sites(loaded, case, demand)
    day = log.day_of(first)
    seen = [log.sessions(site) for site in sites]
    played = _play_all(case, demand, replications, jobs, engine, progress)
    tests, figures, rows, notes = [], [], [], []
    for number, (site, sessions) in enumerate(zip(sites, seen, strict=True)):
        is_open = ~sessions.closed[day : day + days]
        start = sessions.start_min - day * DAY_MIN
        use = hub_use(start, sessions.stay_min, site.guns, is_open)
        if use.starts < LEAST_HELD_OUT:
            notes.append(f"{site.name}: not compared: {use.starts} sessions on "
                         f"{use.open_days} open days")  # fmt: skip
            continue
        mine = [(one.start_min[number], one.stay_min[number]) for one in played]
        simulated = tuple(hub_use(*one, site.guns, is_open) for one in mine)
        figures += _figures(site, use, simulated)
        rows += _error_rows(log, site, day, days, mine)
        tests.append(
            SiteTest(site.name, site.guns, use.open_days, use.starts, use, simulated,
                     _by_day(start, days), np.array([_by_day(one, days) for one, _ in mine]),
                     is_open)
        )  # fmt: skip
    if not tests:
        raise InputError([f"{log.name}: no site can be compared from {first} on", *notes])
    found = BackTest(
        out, loaded.scenario.name, log.name, first, days, replications,
        tuple(figures), (*rows, *_pooled(rows)), tuple(tests), tuple(notes),
    )  # fmt: skip
    _write(found, out)
    return found


def _case(loaded: LoadedScenario, log: Log, first: date) -> tuple[Case, int]:
    """Return the case of the held-out days, and how many there are."""
    given = loaded.scenario.arrivals
    if given is None:
        raise InputError([
            f"{loaded.path.name}: has no section arrivals, so there is nothing to hold against a "
            "log; `chargesim fit` makes such a scenario"
        ])  # fmt: skip
    if first < given.first:
        raise InputError([
            f"--from {first}: the fit has seen days up to {given.first - timedelta(days=1)}; "
            f"the back-test begins on {given.first} or later"
        ])  # fmt: skip
    days = min(log.days - log.day_of(first), LONGEST_DAYS)
    if log.day_of(first) < 0 or days < 1:
        raise InputError([f"{log.name}: has no day from {first} on; its last is "
                          f"{log.date_of(log.days - 1)}"])  # fmt: skip
    changed = loaded.replace(
        {
            "horizon.first_day": WEEKDAYS[first.weekday()],
            "horizon.days": days,
            "arrivals.first_date": str(first),
        }
    )
    case = build_case(changed)
    return case, days


def _sites(loaded: LoadedScenario, case: Case, demand: ArrivalDemand) -> list[Site]:
    """Return the sites of the arrivals, as the log names them."""
    given = loaded.scenario.arrivals
    assert given is not None
    rows = read_rows(path_inside(loaded.folder, given.sites), ArrivalSiteRow)
    guns = dict(zip(case.network.sites.id, case.network.sites.guns.tolist(), strict=True))
    return [
        Site(row.site_id, row.log_site, tuple(filter(None, row.connectors.split("+"))),
             int(guns[row.site_id]))
        for row in rows
    ]  # fmt: skip


def _play_all(
    case: Case, demand: ArrivalDemand, replications: int, jobs: int, engine: Engine, progress: bool
) -> list[_Played]:
    """Play all replications, in their order."""
    a_day = sum(demand.expected_wishes(day) for day in range(7)) / 7
    sessions = a_day * case.task.days * replications
    task = replace(case.task, engine=choose_engine(engine, case, sessions)[0])
    calls = [(task, number) for number in range(replications)]
    played = pool_of(jobs).run(_play, calls, what="back-test", progress=progress)
    return sorted(played, key=lambda one: one.number)


def _play(task: Task, number: int) -> _Played:
    """Play one replication, and return the sessions at each site."""
    demand = task.demand
    assert isinstance(demand, ArrivalDemand)
    played = Replication(task, number)
    log = np.concatenate([log for _, _, log in played.days()])
    log = log[log["plug_min"] >= 0]
    start = log["plug_min"] - task.lead_in_days * DAY_MIN
    here = [np.flatnonzero(log["site"] == site) for site in demand.ways.site]
    return _Played(
        number,
        tuple(start[rows] for rows in here),
        tuple(log["service_min"][rows] for rows in here),
    )


def _figures(site: Site, seen: HubUse, simulated: tuple[HubUse, ...]) -> list[Figure]:
    """Return the figures of a site with their bands."""

    def figure(name: str, unit: str, of: Any) -> Figure:
        values = np.array([of(one) for one in simulated])
        low, middle, high = np.nanquantile(values, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
        return Figure(site.name, name, unit, of(seen), float(low), float(middle), float(high))

    found = [
        figure("sessions", "a day", lambda use: use.sessions_per_day),
        figure("mean stay", "min", lambda use: use.mean_stay_min),
        figure("use", "share of gun time", lambda use: use.use),
    ]
    if site.guns > 1:  # of one gun it is the use
        found += [
            figure(f"{n} of {site.guns} busy", "share of time",
                   lambda use, n=n: float(use.busy_share[n]))
            for n in range(site.guns + 1)
        ]  # fmt: skip
    worst = "all busy in the worst hour"
    return [*found, figure(worst, "share of time", lambda use: use.worst_hour_all_busy)]


def _by_day(start_min: Floats, days: int) -> Floats:
    day = (start_min // DAY_MIN).astype(int)
    return np.bincount(day[(day >= 0) & (day < days)], minlength=days).astype(float)


def _error_rows(
    log: Log, site: Site, day: int, days: int, simulated: list[tuple[Floats, Floats]]
) -> list[ErrorRow]:
    """Return the errors of all predictions of the hours of a site."""
    sessions, first = log.sessions(site), day * 24
    hours = (day + days) * 24
    is_open = np.repeat(~sessions.closed, 24)[:hours]
    seen = by_hour(sessions.start_min, sessions.stay_min, day + days)
    model = [np.array(part) for part in zip(
        *(by_hour(start, stay, days) for start, stay in simulated), strict=True)]  # fmt: skip
    rows = []
    for what, values, own in zip(("sessions begun", "guns busy"), seen, model, strict=True):
        predictions = {MODEL: own.mean(axis=0), **naive_predictions(values, is_open, first)}
        counted = is_open[first:].copy()
        for predicted in predictions.values():
            counted &= np.isfinite(predicted)
        if not counted.any():
            continue
        for name, predicted in predictions.items():
            median = np.median(own, axis=0) if name == MODEL else None
            found = errors(values[first:], predicted, counted, first, median)
            rows.append(ErrorRow(site.name, what, name, found))
    return rows


def _pooled(rows: list[ErrorRow]) -> list[ErrorRow]:
    """Return the errors over all sites: MAE by mean, RMSE by mean square, over their hours."""
    pooled = []
    for key in dict.fromkeys((row.what, row.predictor) for row in rows):
        mine = [row.errors for row in rows if (row.what, row.predictor) == key]
        hours = np.array([one.hours for one in mine], dtype=float)

        def mean(name: str, power: int, mine: Any = mine, hours: Any = hours) -> float:
            values = np.array([getattr(one, name) for one in mine])
            return float((hours @ values**power / hours.sum()) ** (1 / power))

        pooled.append(
            ErrorRow("all sites", *key, Errors(int(hours.sum()), mean("mae", 1), mean("rmse", 2),
                                               mean("day_mae", 1), mean("day_rmse", 2)))
        )  # fmt: skip
    return pooled


def _error_dict(row: ErrorRow) -> dict[str, Any]:
    return {"site": row.site, "what": row.what, "predictor": row.predictor, **asdict(row.errors)}


def _write(found: BackTest, out: Path) -> None:
    """Write the tables and `backtest.json`."""
    out.mkdir(parents=True, exist_ok=True)
    figures = pd.DataFrame([asdict(one) | {"inside": one.inside} for one in found.figures])
    write_text(out / "figures.csv", figures.to_csv(index=False, float_format="%.6g"))
    table = pd.DataFrame([_error_dict(one) for one in found.errors])
    write_text(out / "errors.csv", table.to_csv(index=False, float_format="%.6g"))
    write_json(out / "backtest.json", found.to_dict())
