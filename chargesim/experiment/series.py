"""Run a series: every variant in a run directory of its own, then their comparison."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from chargesim.analysis.kpi_responses import kpi_responses
from chargesim.analysis.profiles import quarter_load
from chargesim.analysis.series import (
    CriterionTrend,
    VariantResult,
    changes,
    criterion_trends,
    difference_frame,
    series_frame,
    shown_kpis,
)
from chargesim.errors import InputError
from chargesim.experiment.runner import RunOptions, run_whole
from chargesim.experiment.series_panels import check_panels
from chargesim.experiment.study import Study
from chargesim.network.network import STATION
from chargesim.runs.case import build_case
from chargesim.runs.engine_choice import Engine
from chargesim.runs.result_directory import run_digest
from chargesim.runs.run_scenario import Run, Sessions
from chargesim.runs.storage import write_text
from chargesim.scenario.reading import LoadedScenario, as_loaded
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
        Its directory; the variants are in `variants/`.
    variants : tuple of VariantResult
        Line by line in the order of the values.
    kpis : DataFrame
        All KPIs of all variants, see `analysis.series.series_frame`.
    differences : DataFrame
        Paired differences of the shown KPIs, see `analysis.series.difference_frame`.
    trends : tuple of CriterionTrend
        How each criterion develops.
    """

    folder: Path
    series: Series
    variants: tuple[VariantResult, ...]
    kpis: pd.DataFrame
    differences: pd.DataFrame
    trends: tuple[CriterionTrend, ...]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the series as plain data: variants, differences, and how the criteria develop."""
        return {
            "series_dir": str(self.folder),
            "question": self.series.question,
            "variants": [_plain(one, self.series) for one in self.variants],
            "differences": self.differences.to_dict(orient="records"),
            "criteria": [asdict(trend) for trend in self.trends],
            "note": self.note,
        }


def run_series(
    loaded: LoadedScenario | str | Path,
    *,
    jobs: int = 0,
    sessions: Sessions = "auto",
    out: str | Path | None = None,
    progress: bool = True,
    engine: Engine = "auto",
) -> SeriesRun:
    """Run all variants of a series and compare them, without the figures.

    Each variant is judged once, at the scenario's replications.

    Parameters
    ----------
    loaded : LoadedScenario, or path of its file
        A scenario with the section `series`.
    jobs : int
        Processes; 0: one per core. It changes no result.
    sessions : {"auto", "all", "none"}
        Whether to keep a row per session; `auto` keeps none.
    out : Path, optional
        The directory; by default `runs/series-<name>-<hash>`. An interrupted series goes on where
        it stopped; added values run beside those that are there.
    progress : bool
        Show a bar with the time left.
    engine : {"auto", "simpy", "compiled"}
        Which engine runs the variants; it changes no result.

    Raises
    ------
    InputError
        When a variant is at fault, before anything runs, or `out` holds another series.
    """
    loaded = as_loaded(loaded)
    series = series_of(loaded)
    if loaded.scenario.looks > 1:  # all variants need the same number of replications
        loaded = loaded.replace({"looks": 1})
    variants = expand(loaded)
    check_panels(loaded, build_case(variants[0].loaded))
    study = Study("series", loaded, {}, out, own_digest=series_digest(loaded))
    directory = study.open(engine)
    kept: Sessions = "none" if sessions == "auto" else sessions
    options = RunOptions(jobs, kept, progress, engine)

    def run_all(wanted: Sequence[Variant]) -> list[VariantResult]:
        folders = {directory.folder / "variants" / one.slug: one for one in wanted}
        scenarios = {folder: one.loaded for folder, one in folders.items()}
        read = partial(variant_result, folders, series)
        return run_whole(scenarios, read, options, what="variants")

    with directory.saying_how_it_ends():
        results, note = run_all(variants), ""
        if series.refine:
            results, note = _refined(loaded, results, run_all)
        run = _compared(directory.folder, series, results, note)
        directory.head |= {"variants": _listed(run), "note": note}
        directory.finish(run.to_dict(), series=run.kpis, differences=run.differences)
    return run


def series_digest(loaded: LoadedScenario) -> str:
    """Return the hash that names a series: its scenario, keys and lines.

    Values, panels and replications are left out, so that they can change without running again
    what is there: each variant has its own hash.
    """
    series = series_of(loaded)
    lines = json.dumps([sorted(series.keys), series.lines], sort_keys=True, default=str)
    digest = run_digest(loaded.replace({"series": None}))
    return hashlib.sha256((digest + lines).encode()).hexdigest()


def _compared(folder: Path, series: Series, results: list[VariantResult], note: str) -> SeriesRun:
    """Compare the variants and write the tables."""
    kpis, differences = series_frame(results), difference_frame(results)
    trends = tuple(criterion_trends(results))
    text = "\n".join(": ".join(filter(None, (one.line, one.sentence))) for one in trends)
    write_text(folder / "criteria.txt", f"{series.question}\n\n{text}\n")
    return SeriesRun(folder, series, tuple(results), kpis, differences, trends, note)


def _refined(
    loaded: LoadedScenario,
    results: list[VariantResult],
    run_all: Callable[[Sequence[Variant]], list[VariantResult]],
) -> tuple[list[VariantResult], str]:
    """Add values between neighbours where a criterion changes, as near as asked or `MOST_ADDED`."""
    lines, added = list(series_of(loaded).lines), 0
    while True:
        wanted = _between_changes(loaded, results)
        if not wanted:
            return results, ""
        if added >= MOST_ADDED:
            note = "there are still neighbours between which a criterion changes"
            return results, f"{added} values were added; {note}"
        wanted = wanted[: MOST_ADDED - added]
        results = [*results, *run_all(wanted)]
        results.sort(key=lambda one: (lines.index(one.line), one.value))
        added += len(wanted)


def _between_changes(loaded: LoadedScenario, results: list[VariantResult]) -> list[Variant]:
    """Return the variants halfway between neighbours where a criterion changes."""
    wanted = []
    for line, before, after in changes(results):
        value = between(before, after, series_of(loaded).values)
        if value is not None:  # the scenario may refuse it, such as half a replication
            with contextlib.suppress(InputError):
                wanted.append(variant(loaded, line, value))
    return wanted


def variant_result(
    variants: Mapping[Path, Variant], series: Series, folder: Path, run: Run
) -> VariantResult:
    """Return what the comparison needs of a finished variant, by its folder."""
    one = variants[folder]
    sites, chosen = run.case.network.sites, shown_kpis(series)
    stations = sites.kind == STATION
    return VariantResult(
        line=one.line,
        value=one.value,
        slug=one.slug,
        kpis=run.kpis,
        verdict=run.verdict,
        shown=kpi_responses(run.result, {kpi for kpi, _, _ in chosen}).select(chosen),
        load_mw=quarter_load(run.result).mean_mw.sum(axis=0),
        supply={
            "stations": float(stations.sum()),
            "guns": float(sites.guns[stations].sum()),
            "swap sites": float((~stations).sum()),
            "vehicles": run.case.ledger.stock,
        },
        about=f"{run.result.name}: {run.result.scope_text} of each variant, on the same vehicles",
        label=run.result.label,
    )


def _listed(run: SeriesRun) -> list[dict[str, Any]]:
    """Return the variants as the manifest lists them."""
    values = run.series.values or [None]
    return [
        {
            "line": one.line,
            "value": one.value,
            "folder": f"variants/{one.slug}",
            "verdict": one.verdict.verdict,
            "added": one.value not in values,
            **one.supply,
        }
        for one in run.variants
    ]


def _plain(one: VariantResult, series: Series) -> dict[str, Any]:
    """Return a variant for JSON: its verdict and the KPIs that the series shows."""
    return {
        "line": one.line,
        "value": one.value,
        "folder": f"variants/{one.slug}",
        "verdict": one.verdict.verdict,
        "supply": one.supply,
        "kpis": [one.estimate(named) for named in shown_kpis(series)],
    }
