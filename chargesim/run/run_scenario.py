"""Run a scenario: its replications, side by side and resumable, then KPIs, verdict and the run directory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from chargesim.analysis.kpis import kpi_frame
from chargesim.analysis.looks import Look, Plan
from chargesim.analysis.result import RunResult
from chargesim.analysis.run_checks import Checks, check_run
from chargesim.analysis.verdict import Verdict, decided, judge
from chargesim.demand.buildup import buildup_of
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.engine.simpy.engine import Extension
from chargesim.errors import InputError, RunStoppedError
from chargesim.network.demand_within import demand_share_within
from chargesim.network.network import STATION, SWAP
from chargesim.run.case import Case, build_case
from chargesim.run.engine_choice import Engine, choose_engine
from chargesim.run.precision import Precision, Reached, run_until_narrow
from chargesim.run.replications import Replications, expected_sessions
from chargesim.run.resource_use import ResourceUse, peak_gib
from chargesim.run.run_directory import (
    by_engine,
    default_folder,
    engine_text,
    made_by,
    manifest_of,
    prepare_folder,
    run_digest,
    write_inputs,
)
from chargesim.run.site_tables import site_frame, write_mean_site_hours
from chargesim.run.storage import write_json, write_text
from chargesim.run.stress_des import checklist
from chargesim.scenario.reading import LoadedScenario

Sessions = Literal["auto", "all", "none"]
AUTO_ROWS = 2_000_000
"""Session rows of a run, at its last look, up to which `auto` keeps them."""
PRECISION_BUDGET = 8
"""Replications that a run for precision may take, over those of the scenario, where no budget is given."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    folder : Path
        The run directory.
    kpis : DataFrame
        Long: kpi, scope, key, mean, lower, upper, unit, n.
    verdict : Verdict
        Judged at the last look that was needed.
    result : RunResult
        What the KPIs rest on: the replications of that look, and more where a precision was asked for.
    """

    folder: Path
    case: Case
    result: RunResult
    kpis: pd.DataFrame
    verdict: Verdict
    engine: str
    """which engine ran it, and why"""
    checks: Checks
    """laws that hold in it, and how a queueing formula fits"""
    took: ResourceUse
    """seconds and memory of this call; less when replications were there already"""
    reached: Reached | None = None
    """where a run for precision stopped; the KPIs then rest on more replications than the verdict"""

    @property
    def sites(self) -> pd.DataFrame:
        """A row per site: where it stands and what it did on an average day."""
        return site_frame(self.result)

    @property
    def sessions(self) -> pd.DataFrame:
        """A row per judged session of all replications, in the order of the wishes, when they were kept."""
        paths = sorted((self.folder / "sessions").glob("*.parquet"))
        if not paths:
            raise FileNotFoundError(
                f"{self.folder} keeps no sessions; run again with sessions='all'"
            )
        each = {int(path.stem): pd.read_parquet(path).sort_values("vehicle") for path in paths}
        return pd.concat(each, names=["replication", None]).reset_index(level=0)


def run_scenario(
    loaded: LoadedScenario,
    *,
    jobs: int = 0,
    sessions: Sessions = "auto",
    out: Path | None = None,
    progress: bool = True,
    case: Case | None = None,
    extensions: Sequence[Extension] = (),
    debug: bool = False,
    engine: Engine = "auto",
    precision: Precision | None = None,
    budget: int | None = None,
) -> Run:
    """Run a scenario and write its run directory, but for the figures.

    Replications are run up to the first look; where a criterion stays open and more looks are planned, up to the next one.

    Parameters
    ----------
    loaded : LoadedScenario
    jobs : int
        Replications side by side; 0: one per core. It changes no result.
    sessions : {"auto", "all", "none"}
        Whether to keep a row per session; `auto` up to 2 million rows in all.
    out : Path, optional
        The run directory; by default `runs/<name>-<hash>`. A run that was interrupted goes on where it stopped.
    progress : bool
        Show a bar with the time left.
    case : Case, optional
        The scenario's case, where it is at hand already.
    extensions : sequence of callables
        SimPy processes of your own: each is called with the `World` of a replication and yields its events.
    debug : bool
        Check conservation at every event; slow, and changes no result.
    engine : {"auto", "simpy", "compiled"}
        Which engine runs it; it changes no result. `auto` takes SimPy for small runs and for extensions.
    precision : Precision, optional
        Then run on until a KPI's interval is so narrow; the verdict stays that of its look.
    budget : int, optional
        Replications at most for the precision; by default eight times those of the scenario.

    Raises
    ------
    InputError
        When the tables are at fault, an extension's code cannot be read, or `out` holds another run.
    RunStoppedError
        When a worker was killed; its `run` has what is there, with the verdict ``incomplete``.
    """
    begun = time.time()
    case = case or build_case(loaded)
    about = {"run": run_digest(loaded, extensions)}
    scenario = loaded.scenario
    case = replace(case, task=replace(case.task, extensions=tuple(extensions), debug=debug))
    if precision is not None:
        precision.check(case.task.thresholds_min)
        if budget is not None and budget < scenario.replications:
            raise InputError(
                [
                    f"--budget: got {budget}, needs at least the {scenario.replications} replications of the first look"
                ]
            )
    taken, why = choose_engine(engine, case, expected_sessions(case) * scenario.replications)
    case = replace(case, task=replace(case.task, engine=taken))
    folder = out or default_folder(loaded, extensions)
    prepare_folder(folder, about)
    plan = Plan(scenario.replications, scenario.looks)
    keep = (
        expected_sessions(case) * plan.most <= AUTO_ROWS
        if sessions == "auto"
        else sessions == "all"
    )
    write_inputs(loaded, folder)
    replications = Replications(case, folder, about, keep, jobs, progress)
    before = made_by(folder, replications.numbers(plan.most))
    manifest = {**manifest_of(case, about, keep), "engine_why": why, "made_by": before}
    write_json(folder / "manifest.json", {**manifest, "state": "running"})
    study = _Study(plan, replications, manifest, begun)
    try:
        result, verdict = study.judge_at_looks()
        if precision is None:
            return study.finish(result, verdict)
        most = max(budget or PRECISION_BUDGET * scenario.replications, len(result.replications))
        result, reached = run_until_narrow(precision, result, most, study.first)
        return study.finish(result, verdict, reached)
    except KeyboardInterrupt:
        write_json(folder / "manifest.json", {**manifest, "state": "interrupted"})
        raise


@dataclass(frozen=True)
class _Study:
    """A run under way: the looks that are planned, its replications, what its manifest says, and when it began."""

    plan: Plan
    replications: Replications
    manifest: dict[str, Any]
    begun: float

    def judge_at_looks(self) -> tuple[RunResult, Verdict]:
        """Return result and verdict of the first look that decides, or of the last one; what is there when a worker is killed."""
        try:
            return self.plan.until_decided(self._judge, lambda both: decided(both[1]))
        except RunStoppedError as stopped:
            look = next(
                look
                for look in self.plan.looks
                if len(self.replications.there(look.replications)) < look.replications
            )
            there = self.replications.there(look.replications)
            stopped.run = self.finish(*self._judge(look, there)) if there else None
            if not there:
                write_json(
                    self.replications.folder / "manifest.json",
                    {**self.manifest, "state": "stopped"},
                )
            raise

    def first(self, count: int) -> RunResult:
        """Return the result of the first replications, for intervals and not for a verdict."""
        return as_result(self.replications.case, self.replications.first(count), Look(1, 1, count))

    def finish(self, result: RunResult, verdict: Verdict, reached: Reached | None = None) -> Run:
        """Write the tables and say what is there."""
        case, folder = self.replications.case, self.replications.folder
        kpis, checks = _write_tables(folder, result, verdict)
        write_mean_site_hours(
            self.replications.site_hours(result.planned_replications), folder / "site_hours.parquet"
        )
        write_text(folder / "stress_des.md", checklist(case, result, verdict, self.manifest))
        state = "incomplete" if verdict.verdict == "incomplete" else "complete"
        found = {"state": state, "replications": len(result.replications), "look": verdict.look}
        took = ResourceUse(time.time() - self.begun, max(self.replications.most_gib, peak_gib()))
        engines = {
            number: engine
            for engine, theirs in self.manifest["made_by"].items()
            for number in theirs
        }
        engines |= dict.fromkeys(self.replications.ran, self.manifest["engine"])
        found |= {"replications_run_now": len(self.replications.ran), "made_by": by_engine(engines)}
        times = {"begun": self.begun, "seconds": took.seconds, "peak_gib": took.peak_gib}
        write_json(folder / "manifest.json", {**self.manifest, **found, **times})
        return Run(
            folder,
            case,
            result,
            kpis,
            verdict,
            engine_text({**self.manifest, **found}),
            checks,
            took,
            reached,
        )

    def _judge(
        self, look: Look, there: list[ReplicationTotals] | None = None
    ) -> tuple[RunResult, Verdict]:
        result = as_result(
            self.replications.case, there or self.replications.first(look.replications), look
        )
        return result, judge(result)


def _write_tables(folder: Path, result: RunResult, verdict: Verdict) -> tuple[pd.DataFrame, Checks]:
    """Write the tables of a run; return its KPIs and its checks."""
    kpis, checks = kpi_frame(result), check_run(result)
    write_text(folder / "kpis.csv", kpis.to_csv(index=False, lineterminator="\n"))
    write_json(folder / "verdict.json", verdict.to_dict())
    write_json(folder / "checks.json", checks.to_dict())
    return kpis, checks


def as_result(
    case: Case, replications: list[ReplicationTotals], look: Look | None = None
) -> RunResult:
    """Return what the analysis needs of a case and its finished replications, by default at the scenario's first look."""
    scenario, horizon = case.scenario, case.scenario.horizon
    look = look or Plan(scenario.replications, scenario.looks).looks[0]
    days = (
        f"one {horizon.first_day.capitalize()}"
        if horizon.days == 1
        else f"{horizon.days} days from a {horizon.first_day.capitalize()}"
    )
    lead = (
        "no lead-in"
        if horizon.lead_in_days == 0
        else f"{horizon.lead_in_days} lead-in day" + ("s" if horizon.lead_in_days > 1 else "")
    )
    network = case.network
    return RunResult(
        name=scenario.name,
        title=scenario.title,
        scope_text=f"{days} after {lead}, {len(replications)} replications",
        label=network.label,
        network=network,
        fleets=case.task.fleets,
        groups=case.groups,
        thresholds_min=case.task.thresholds_min,
        days=horizon.days,
        replications=replications,
        standard=scenario.standard,
        share_text=share_text(case),
        given={
            "covered_5km": demand_share_within(
                network, 5.0, rural_weight=scenario.fleet.rural_weight.value
            ),
            "covered_1km_core": demand_share_within(network, 1.0, area_class="core"),
            "guns_available": scenario.reliability.availability,
        },
        planned_replications=look.replications,
        look=look.number,
        looks=look.of,
        blackouts=len(scenario.blackouts),
    )


def share_text(case: Case) -> str:
    """Return one sentence on what is asked of the network, and how its piles are read."""
    scenario, ledger = case.scenario, case.ledger
    reading = f"; {scenario.stations.reading}" if scenario.stations is not None else ""
    if scenario.recorded is not None:
        return f"recorded wishes of {scenario.recorded} instead of drawn demand{reading}"
    asked_mwh = ledger.network_kwh_per_day / 1000
    text = f"{ledger.share_at_network:.1%} of the fleets' public energy is asked of this network, {asked_mwh:,.0f} MWh on an average day"
    swap_mwh = sum(row.network_kwh_per_day * row.swap_target_share for row in ledger.rows) / 1000
    if (case.network.sites.kind == SWAP).any():
        return f"{text} with the corridors, {swap_mwh:,.0f} MWh of it by swap{reading}"
    return f"{text} with the corridors, all at guns{reading}"


def plan_text(case: Case) -> str:
    """Return what was simulated, counted in the network."""
    sites, zones = case.network.sites, case.network.zones
    stations = sites.kind == STATION
    beside_packs = np.array([group == "mixed" for group in sites.group], dtype=bool)
    companions, guns_of_mixed = int(sites.companions.sum()), int(sites.guns[beside_packs].sum())
    fast = int(sites.guns.sum()) - companions - guns_of_mixed
    of_which = (
        f"{fast:,} ultra-fast guns and {companions:,} companions"
        if companions
        else f"{fast:,} guns"
    )
    guns = f"{int((stations & ~beside_packs).sum()):,} stations with {of_which}"
    swap = f"{int((~stations).sum())} swap sites with {int(sites.packs.sum()):,} packs"
    if guns_of_mixed:
        swap += f" and {guns_of_mixed:,} guns"
    stock, buildup = f"{case.ledger.stock:,.0f} vehicles", buildup_of(case.scenario)
    if case.scenario.recorded:
        stock = "recorded wishes"
    elif buildup is not None:
        stock += f" at the end of {buildup.month}"
    return f"{guns}, {swap}, {stock}, {len(zones.id):,} zones"
