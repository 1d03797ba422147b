"""Run a series: every variant in a run directory of its own, several at a time, then the comparison."""

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.analysis.profiles import quarter_load
from chargesim.analysis.series import (
    Outcome,
    Standing,
    changes,
    difference_frame,
    replication_values,
    series_frame,
    shown_kpis,
    standings,
)
from chargesim.errors import InputError
from chargesim.experiment.series_panels import check_panels
from chargesim.network.network import STATION
from chargesim.runs.case import Case, build_case
from chargesim.runs.engine_choice import Engine, choose_engine, make_ready
from chargesim.runs.parallel import run_parallel
from chargesim.runs.replications import SESSIONS_WORTH_A_WORKER, expected_sessions
from chargesim.runs.result_directory import ResultDirectory, run_digest
from chargesim.runs.run_scenario import Run, Sessions, run_scenario
from chargesim.runs.storage import write_text
from chargesim.scenario.reading import LoadedScenario, dump_yaml
from chargesim.scenario.series import Series, between
from chargesim.scenario.variants import Variant, expand, series_of, variant

MOST_ADDED = 8
"""Variants that `refine` adds at most."""


@dataclass(frozen=True)
class SeriesRun:
    """A finished series.

    Attributes
    ----------
    folder : Path
        Its directory; the variants stand below in `variants/`.
    outcomes : tuple of Outcome
        A variant each, line by line in the order of the values.
    kpis : DataFrame
        All KPIs of all variants: line, value, kpi, scope, key, mean, lower, upper, unit, n.
    differences : DataFrame
        Paired differences of the shown KPIs, see `analysis.series.difference_frame`.
    standings : tuple of Standing
        What becomes of each criterion.
    """

    folder: Path
    series: Series
    outcomes: tuple[Outcome, ...]
    kpis: pd.DataFrame
    differences: pd.DataFrame
    standings: tuple[Standing, ...]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the series as plain data: variants with the shown KPIs, differences, and what becomes of each criterion."""
        return {
            "series_dir": str(self.folder),
            "question": self.series.question,
            "variants": [_plain_outcome(outcome, self.series) for outcome in self.outcomes],
            "differences": self.differences.to_dict(orient="records"),
            "criteria": [
                {
                    "line": told.line,
                    "criterion": told.criterion,
                    "values": list(told.values),
                    "states": list(told.states),
                    "sentence": told.sentence,
                }
                for told in self.standings
            ],
            "note": self.note,
        }


def run_series(
    loaded: LoadedScenario,
    *,
    jobs: int = 0,
    sessions: Sessions = "auto",
    out: Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> SeriesRun:
    """Run all variants of a series and compare them; each is judged once, at the scenario's replications. Figures apart.

    Parameters
    ----------
    loaded : LoadedScenario
        A scenario with the section `series`.
    jobs : int
        Processes; 0: one per core. It changes no result.
    sessions : {"auto", "all", "none"}
        Whether to keep a row per session; `auto` keeps none.
    out : Path, optional
        The directory; by default `runs/<name>-<hash>`. A series that was interrupted goes on where it stopped, and
        values that are added to it run beside those that are there.
    progress : bool
        Show a bar with the time left.
    engine : {"auto", "simpy", "compiled"}
        Which engine runs the variants; it changes no result.

    Raises
    ------
    InputError
        When a variant is at fault, before anything runs, or `out` holds another series.
    """
    series = series_of(loaded)
    if loaded.scenario.looks > 1:
        loaded = loaded.replace(
            {"looks": 1}
        )  # the variants are compared replication by replication, so all have the same number
    variants = expand(loaded)
    first = build_case(variants[0].loaded)
    check_panels(loaded, first)
    digest = series_digest(loaded)
    folder = out or Path("runs") / f"{loaded.scenario.name}-{digest[:12]}"
    directory = ResultDirectory(folder, "series", digest, _manifest(loaded))
    directory.say("running")
    write_text(folder / "scenario.resolved.yaml", dump_yaml(loaded.resolved))
    play = _Player(
        folder,
        jobs or os.cpu_count() or 1,
        "none" if sessions == "auto" else sessions,
        progress,
        series,
        engine,
    )
    if (
        choose_engine(engine, first, expected_sessions(first) * first.scenario.replications)[0]
        == "compiled"
    ):
        make_ready(first)
    outcomes = play.all(variants, first)
    note = ""
    if series.refine:
        outcomes, note = _refined(loaded, outcomes, play, first)
    run = _compared(folder, series, outcomes, note)
    directory.head |= {"variants": _listed(run), "note": note}
    directory.finish(run.to_dict(), series=run.kpis, differences=run.differences)
    return run


def series_digest(loaded: LoadedScenario) -> str:
    """Return the hash that names a series: its scenario, keys and lines; not its values, its figure and its replications.

    So values can be added, and panels changed, without running again what is there: each variant has its own hash.
    """
    series = series_of(loaded)
    lines = json.dumps([sorted(series.keys), series.lines], sort_keys=True, default=str)
    return hashlib.sha256(
        (run_digest(loaded.replace({"series": None})) + lines).encode()
    ).hexdigest()


def _compared(folder: Path, series: Series, outcomes: list[Outcome], note: str) -> SeriesRun:
    """Compare the outcomes and write the tables."""
    told = tuple(standings(outcomes))
    run = SeriesRun(
        folder,
        series,
        tuple(outcomes),
        series_frame(outcomes),
        difference_frame(outcomes),
        told,
        note,
    )
    text = "\n".join(f"{one.line}: {one.sentence}" if one.line else one.sentence for one in told)
    write_text(folder / "criteria.txt", f"{series.question}\n\n{text}\n")
    return run


def _refined(
    loaded: LoadedScenario, outcomes: list[Outcome], play: "_Player", first: Case
) -> tuple[list[Outcome], str]:
    """Add values between neighbours where a criterion changes, until they are near enough or enough are added."""
    series, added = series_of(loaded), 0
    lines = list(series.lines)
    while True:
        wanted = _between_changes(loaded, outcomes)
        if not wanted:
            return outcomes, ""
        if added >= MOST_ADDED:
            return (
                outcomes,
                f"{added} values were added; there are still neighbours between which a criterion changes",
            )
        wanted = wanted[: MOST_ADDED - added]
        outcomes = [*outcomes, *play.all(wanted, first)]
        outcomes.sort(key=lambda outcome: (lines.index(outcome.line), outcome.value))
        added += len(wanted)


def _between_changes(loaded: LoadedScenario, outcomes: list[Outcome]) -> list[Variant]:
    """Return the variants halfway between neighbours where a criterion changes."""
    wanted = []
    for line, before, after in changes(outcomes):
        value = between(before, after, series_of(loaded).values)
        if value is not None:
            with contextlib.suppress(
                InputError
            ):  # a value that the scenario cannot take, such as half a replication
                wanted.append(variant(loaded, line, value))
    return wanted


@dataclass(frozen=True)
class _Player:
    """Runs variants: side by side, or one after the other with their replications side by side when they are few."""

    folder: Path
    jobs: int
    sessions: Sessions
    progress: bool
    series: Series
    engine: Engine

    def all(self, variants: list[Variant], first: Case) -> list[Outcome]:
        """Run variants with a bar over them; return their outcomes in order."""
        sessions = expected_sessions(first) * first.scenario.replications * len(variants)
        many = sessions >= SESSIONS_WORTH_A_WORKER
        apart = many and self.jobs > 1 and len(variants) >= self.jobs
        calls = [(one, 1 if apart or not many else self.jobs) for one in variants]
        played = run_parallel(
            self._play, calls, self.jobs if apart else 1, what="variants", progress=self.progress
        )
        outcomes = {outcome.slug: outcome for outcome in played}
        return [outcomes[one.slug] for one in variants]

    def _play(self, one: Variant, jobs: int) -> Outcome:
        """Run one variant in its own directory and return what the comparison needs of it."""
        folder = self.folder / "variants" / one.slug
        run = run_scenario(
            one.loaded,
            jobs=jobs,
            sessions=self.sessions,
            out=folder,
            progress=False,
            engine=self.engine,
        )
        return as_outcome(one, run, self.series)


def as_outcome(one: Variant, run: Run, series: Series) -> Outcome:
    """Return what the comparison needs of a finished variant."""
    sites = run.case.network.sites
    stations = sites.kind == STATION
    supply = {
        "stations": float(stations.sum()),
        "guns": float(sites.guns[stations].sum()),
        "swap sites": float((~stations).sum()),
        "vehicles": run.case.ledger.stock,
    }
    return Outcome(
        line=one.line,
        value=one.value,
        slug=one.slug,
        kpis=run.kpis,
        verdict=run.verdict,
        shown=replication_values(run.result, shown_kpis(series)),
        load_mw=quarter_load(run.result).mean_mw.sum(axis=0),
        supply=supply,
        about=f"{run.result.name}: {run.result.scope_text} of each variant, on the same vehicles",
        label=run.result.label,
    )


def _manifest(loaded: LoadedScenario) -> dict[str, Any]:
    scenario, series = loaded.scenario, series_of(loaded)
    return {
        "scenario": scenario.name,
        "chargesim": version("chargesim-planner"),
        "seed": scenario.seed,
        "replications": scenario.replications,
        "series": series.model_dump(mode="json"),
    }


def _listed(run: SeriesRun) -> list[dict[str, Any]]:
    """Return the variants as the manifest lists them."""
    given = run.series.values or [None]
    return [
        {
            "line": outcome.line,
            "value": outcome.value,
            "folder": f"variants/{outcome.slug}",
            "verdict": outcome.verdict.verdict,
            "added": outcome.value not in given,
            **outcome.supply,
        }
        for outcome in run.outcomes
    ]


def _plain_outcome(outcome: Outcome, series: Series) -> dict[str, Any]:
    """Return a variant for JSON: its verdict and the KPIs that the series shows."""
    return {
        "line": outcome.line,
        "value": outcome.value,
        "folder": f"variants/{outcome.slug}",
        "verdict": outcome.verdict.verdict,
        "supply": outcome.supply,
        "kpis": [shown_row(outcome, named) for named in shown_kpis(series)],
    }


def shown_row(outcome: Outcome, named: Sequence[str]) -> dict[str, Any]:
    """Return mean, interval and unit of one KPI of a variant; NaN where it has no such row."""
    name, scope, key = named
    kpis = outcome.kpis
    rows = kpis[(kpis["kpi"] == name) & (kpis["scope"] == scope) & (kpis["key"] == key)]
    unit = next(iter(kpis.loc[kpis["kpi"] == name, "unit"]), "")
    row = (
        rows.iloc[0]
        if len(rows)
        else {"mean": float("nan"), "lower": float("nan"), "upper": float("nan"), "n": 0}
    )
    numbers = {part: float(row[part]) for part in ("mean", "lower", "upper")}
    return {"kpi": name, "scope": scope, "key": key, **numbers, "unit": unit, "n": int(row["n"])}
