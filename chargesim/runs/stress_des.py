"""Fill in the STRESS-DES checklist of a run: what others need to understand, judge and repeat it.

The text follows from the scenario, its tables and the installed packages, so the same run gives the
same bytes. What differs between machines is in manifest.json; what no run can know is "not told".
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import metadata
from typing import Any

from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict
from chargesim.engine.event_order import EventClass
from chargesim.runs.case import Case
from chargesim.runs.markdown import line, table
from chargesim.runs.mechanisms.registry import checklist_texts
from chargesim.runs.replication import RUN_OUT_DAYS
from chargesim.runs.stress_data import data
from chargesim.runs.stress_logic import logic
from chargesim.scenario.assumption import UNSOURCED
from chargesim.scenario.parameters import Parameter, scenario_parameters
from chargesim.scenario.standard import GIVEN, Criterion

NOT_TOLD = "Not told by the scenario"
_HEAD = (
    "The items are those of Monks, Currie, Onggo, Robinson, Kunc and Taylor 2019, Strengthening "
    "the reporting of empirical simulation studies, Journal of Simulation 13(1), 55-67, doi "
    "10.1080/17477778.2018.1442155. The program has filled them in from the run; what no run can "
    'know is "not told".'
)

Items = Iterable[tuple[str, str]]
"""Number and name of each item, with its text."""


def checklist(case: Case, result: RunResult, verdict: Verdict, manifest: dict[str, Any]) -> str:
    """Return the STRESS-DES checklist of a finished run as Markdown.

    Parameters
    ----------
    case : Case
    result : RunResult
        Of its replications.
    verdict : Verdict
        Of the replications on which it rests; a run until precise has more.
    manifest : dict
        Versions, seed, streams and hash, as in manifest.json.
    """
    parameters = scenario_parameters(case.scenario)
    sections: dict[str, Items] = {
        "1 Objectives": _objectives(case, result, parameters),
        "2 Logic": logic(case),
        "3 Data": data(case, result, parameters),
        "4 Experimentation": _experimentation(case, result, verdict),
        "5 Implementation": _implementation(case, manifest),
        "6 Code access": _code_access(case, manifest),
    }
    text = [f"# STRESS-DES checklist of `{case.scenario.name}`", _HEAD]
    for section, items in sections.items():
        text += [f"## {section}", *(f"### {item}\n\n{words}" for item, words in items)]
    return "\n\n".join(text) + "\n"


def _objectives(
    case: Case, result: RunResult, parameters: list[Parameter]
) -> Iterator[tuple[str, str]]:
    scenario = case.scenario
    yield (
        "1.1 Purpose of the model",
        f"{line(scenario.title)}\n\nThe model judges whether the charging network of "
        f"{line(scenario.city.name)} meets a service standard (1.2). "
        f"{NOT_TOLD}: the background and the users of the study.",
    )
    yield "1.2 Model outputs", _outputs(case, result)
    changed = [
        (one.key, one.value, one.unit, one.source)
        for one in parameters
        if one.source.startswith("set ") and one.source != UNSOURCED
    ]
    changes = (
        "Parameters set without a source of their own:\n\n"
        f"{table(('key', 'value', 'unit', 'how'), changed)}"
        if changed
        else "No parameter is set without a source of its own, but for mixes."
    )
    yield (
        "1.3 Experimentation aims",
        "(A) One scenario; within the run nothing varies but the random streams of the "
        "replications. Each variant of a series has a run directory of its own. "
        f"{changes}\n\n"
        f"(B) No design over the parameters. (C) No optimisation. {NOT_TOLD}: why this scenario "
        "was chosen.",
    )


def _outputs(case: Case, result: RunResult) -> str:
    """Return the criteria of the standard with their sources, and the KPIs."""
    standard = case.scenario.standard
    criteria = [
        (
            one.name,
            one.measure,
            one.scope,
            _needs(one),
            "given by the plan, no evidence" if one.measure in GIVEN else "judged",
            one.source,
        )
        for one in standard.criteria
    ]
    kpis = [
        (one.name, one.unit, one.meaning, ", ".join(one.scopes))
        for one in kpi_table(result.thresholds_min)
    ]
    kpis += [(name, "share", "given by the plan, exact", "city") for name in result.given]
    return (
        f"Criteria, in `verdict.json` (how they are judged: 4.3):\n\n"
        f"{table(('criterion', 'measure', 'scope', 'needs', 'use', 'source'), criteria)}\n\n"
        f"Districts with fewer than {standard.min_sessions_per_district} wishes a replication are "
        "judged together by class.\n\nKPIs, in `kpis.csv`; each is computed at the end of a "
        "replication from sums over the judged days. A share is of all that wished in its scope, "
        "the unserved among them, unless its meaning names something else. Peak hours of day: "
        f"{', '.join(map(str, standard.peak_hours))}.\n\n"
        f"{table(('KPI', 'unit', 'meaning', 'scopes'), kpis)}"
    )


def _needs(criterion: Criterion) -> str:
    """Return what a criterion asks for."""
    if criterion.measure == "wait_p95":
        return f"at most {criterion.minutes:g} min"
    within = "" if criterion.minutes is None else f" within {criterion.minutes:g} min"
    if criterion.at_most is None:
        return f"at least {criterion.at_least:g}{within}"
    return f"at most {criterion.at_most:g}{within}"


def _experimentation(case: Case, result: RunResult, verdict: Verdict) -> Iterator[tuple[str, str]]:
    horizon = case.scenario.horizon
    start = ", ".join(("The network is empty at the start", *checklist_texts(case, "4.1")))
    yield (
        "4.1 Initialisation",
        f"{start}. Lead-in: {_count(horizon.lead_in_days, 'whole day')} that fill it and are not "
        "judged. The run is terminating: it simulates named days, not a steady state.",
    )
    yield (
        "4.2 Run length",
        f"{_count(horizon.days, 'judged day')} from a {horizon.first_day.capitalize()}, "
        f"{1440 * horizon.days:,} min; then at most {_count(RUN_OUT_DAYS, 'day')} more, until the "
        "last vehicle that wished on them has left, among vehicles that are not judged.",
    )
    looks = (
        f"at most {verdict.looks} times, at twice the replications each time, the error divided by "
        f"them; this is look {verdict.look}"
    )
    look = "once" if verdict.looks == 1 else looks
    judged = (
        f"{verdict.replications} of the {verdict.planned_replications} that were planned for it"
    )
    level = f"{100 * result.interval_level:g} %"
    yield (
        "4.3 Estimation approach",
        f"{len(result.replications)} independent replications; the verdict rests on {judged}. "
        f"Intervals of KPIs are two-sided {level} Student-t over replications, corrected for "
        "skewness from ten on (Hall 1992), never over vehicles; a share is the ratio of totals, "
        "with the delta method; a quantile is taken in each "
        f"replication, with the pooled one beside it. The verdict looks {look}: each criterion has "
        f"one-sided Student-t bounds at {verdict.confidence_of_a_look:g} confidence; the plan "
        "meets when all criteria meet (intersection-union), fails when one fails after correction "
        "over its districts and Holm's over the criteria, and else is inconclusive, as with fewer "
        "than ten replications. Failures on fewer than five judged days have Stringer's bound over "
        "the days, a share that is 0 or 1 in all replications the rule of three over them. "
        f"Not covered: {verdict.not_covered}. "
        "The intervals hold Monte Carlo error alone, not the uncertainty of the assumptions.",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _implementation(case: Case, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    packages = ", ".join(f"{name} {version}" for name, version in manifest["packages"].items())
    yield (
        "5.1 Software or programming language",
        f"chargesim {manifest['chargesim']}, Python {manifest['python']}, {packages}. Two engines, "
        "SimPy and a compiled event loop (Numba), give the same results bit for bit; "
        "`manifest.json` says which of them ran, and why (`engine`, `engine_why`).",
    )
    layout = case.scenario.layout if case.scenario.city.districts is not None else None
    positions = (
        "The tables give the positions of sites and zones."
        if layout is None
        else f"The layout has a seed of its own, {layout.seed}."
    )
    yield (
        "5.2 Random sampling",
        f"Root seed {manifest['seed']}; streams {manifest['streams']}. A stream belongs to one "
        "purpose, class, day and layer, so a change of one moves no draw of another. All is drawn "
        f"before the engine starts, which draws nothing. {positions}",
    )
    yield (
        "5.3 Model execution",
        "Event by event in the order of time, in ticks of 2**-20 min. The class of the event "
        "decides ties at one instant, then the vehicle's row, or site and outlet, which is unique. "
        f"The classes in order: {', '.join(one.name.lower() for one in EventClass)}. Replications "
        "run side by side in processes; the number of processes changes no result.",
    )
    yield (
        "5.4 System specification",
        "`manifest.json` has machine, cores, seconds and the memory of the largest process "
        "(`machine`, `seconds`, `peak_gib`): they differ between runs of the same scenario, and "
        "this text does not.",
    )


def _code_access(case: Case, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    about = metadata("chargesim-planner")
    own = (
        " Give it the processes of the user's own in Python: "
        "`chargesim.run(..., extensions=[...])`."
        if case.task.extensions
        else ""
    )
    yield (
        "6.1 Computer model sharing statement",
        f"Package `{about['Name']}` {manifest['chargesim']}, licence "
        f"{about['License-Expression'] or 'not told by the package'}. To repeat the run, put its "
        "`scenario.resolved.yaml` into a folder that holds the tables of 3.1 under their names, "
        "and run there `chargesim run scenario.resolved.yaml`; it has the seed and replications."
        f"{own} The hash of the run is `{manifest['run']}`. {NOT_TOLD}: where its files are "
        "published.",
    )
