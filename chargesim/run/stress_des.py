"""Fill in the STRESS-DES checklist of a run: what another team needs to understand it, judge it and repeat it.

All of the text follows from the scenario, its tables and the installed packages, so the same run gives the same bytes; what
differs from machine to machine stands in manifest.json, and what no run can tell is said to be not told.
"""

from collections.abc import Iterable, Iterator
from importlib.metadata import metadata
from typing import Any

from chargesim.analysis.kpi_table import kpi_table
from chargesim.analysis.result import RunResult
from chargesim.analysis.verdict import Verdict
from chargesim.engine.event_order import EventClass
from chargesim.run.case import Case
from chargesim.run.markdown import line, table
from chargesim.run.mechanisms import mechanisms
from chargesim.run.replication import RUN_OUT_DAYS
from chargesim.run.stress_data import data
from chargesim.run.stress_logic import logic
from chargesim.scenario.assumption import UNSOURCED
from chargesim.scenario.parameters import Input, scenario_inputs
from chargesim.scenario.standard import GIVEN, Criterion

NOT_TOLD = "Not told by the scenario"
_HEAD = (
    "The items are those of Monks, Currie, Onggo, Robinson, Kunc and Taylor 2019, Strengthening the reporting of empirical simulation "
    "studies, "
    "Journal of Simulation 13(1), 55-67, doi 10.1080/17477778.2018.1442155. The program has filled them in from the run; what no run "
    "can know is "
    "said to be not told."
)

Items = Iterable[tuple[str, str]]
"""Items by number and name, each with its text."""


def checklist(case: Case, result: RunResult, verdict: Verdict, manifest: dict[str, Any]) -> str:
    """Return the STRESS-DES checklist of a finished run as Markdown.

    Parameters
    ----------
    case : Case
    result : RunResult
        Of its replications.
    verdict : Verdict
        Of those on which it rests, which are fewer where a precision was asked for.
    manifest : dict
        Versions, seed, streams and hash, as in manifest.json.
    """
    inputs = scenario_inputs(case.scenario)
    sections: dict[str, Items] = {
        "1 Objectives": _objectives(case, result, inputs),
        "2 Logic": logic(case),
        "3 Data": data(case, result, inputs),
        "4 Experimentation": _experimentation(case, result, verdict),
        "5 Implementation": _implementation(case, manifest),
        "6 Code access": _code_access(case, manifest),
    }
    text = [f"# STRESS-DES checklist of `{case.scenario.name}`", _HEAD]
    for section, items in sections.items():
        text += [f"## {section}", *(f"### {item}\n\n{words}" for item, words in items)]
    return "\n\n".join(text) + "\n"


def _objectives(case: Case, result: RunResult, inputs: list[Input]) -> Iterator[tuple[str, str]]:
    scenario = case.scenario
    yield (
        "1.1 Purpose of the model",
        f"{line(scenario.title)}\n\nThe model judges whether the charging network of {line(scenario.city.name)} meets a service "
        "standard (1.2). "
        f"{NOT_TOLD}: the background and the users of the study.",
    )
    yield "1.2 Model outputs", _outputs(case, result)
    changed = [
        (one.key, one.value, one.unit, one.source)
        for one in inputs
        if one.source.startswith("set ") and one.source != UNSOURCED
    ]
    set_apart = f"Inputs set without a source of their own:\n\n{table(('key', 'value', 'unit', 'how'), changed)}"
    yield (
        "1.3 Experimentation aims",
        "(A) One scenario; within the run nothing varies but the random streams of the replications. Variants of a series have a run "
        "directory "
        f"each. {set_apart if changed else 'No input is set without a source of its own, but for mixes.'}\n\n"
        f"(B) No design over the inputs. (C) No optimisation. {NOT_TOLD}: why this scenario was chosen.",
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
        f"{table(('criterion', 'measure', 'scope', 'needs', 'use', 'source'), criteria)}\n\nDistricts with fewer than "
        f"{standard.min_sessions_per_district} wishes a replication are judged together by class.\n\nKPIs, in `kpis.csv`; each is "
        "computed at the end "
        "of a replication from sums over the judged days. A share is of all that wished in its scope, the unserved among them, unless "
        "its meaning "
        f"names something else. Peak hours of day: {', '.join(map(str, standard.peak_hours))}.\n\n"
        f"{table(('KPI', 'unit', 'meaning', 'scopes'), kpis)}"
    )


def _needs(criterion: Criterion) -> str:
    """Return what a criterion asks for."""
    if criterion.measure == "wait_p95":
        return f"at most {criterion.minutes:g} min"
    within = "" if criterion.minutes is None else f" within {criterion.minutes:g} min"
    return f"{f'at least {criterion.at_least:g}' if criterion.at_most is None else f'at most {criterion.at_most:g}'}{within}"


def _experimentation(case: Case, result: RunResult, verdict: Verdict) -> Iterator[tuple[str, str]]:
    horizon, on = case.scenario.horizon, {one.name for one in mechanisms(case) if one.on}
    filled = [f", {words}" for name, words in _AT_THE_START.items() if name in on]
    yield (
        "4.1 Initialisation",
        f"The network is empty at the start{''.join(filled)}. Lead-in: {_count(horizon.lead_in_days, 'whole day')} that fill it and "
        "are not judged. The run is "
        "terminating: it simulates named days, not a steady state.",
    )
    yield (
        "4.2 Run length",
        f"{_count(horizon.days, 'judged day')} from a {horizon.first_day.capitalize()}, {1440 * horizon.days:,} min; then at most "
        f"{_count(RUN_OUT_DAYS, 'day')} more, until "
        "the last vehicle that wished on them has left among vehicles that are not judged.",
    )
    looks = f"at most {verdict.looks} times, at twice the replications each time, the error divided by them; this is look {verdict.look}"
    look = "once" if verdict.looks == 1 else looks
    rests = f"{verdict.replications} of the {verdict.planned_replications} that were planned for it"
    level = f"{100 * result.interval_level:g} %"
    yield (
        "4.3 Estimation approach",
        f"{len(result.replications)} independent replications; the verdict rests on {rests}. Intervals of KPIs are two-sided "
        f"{level} Student-t "
        "over replication means, corrected for skewness from ten on (Hall 1992), never over vehicles; a quantile is "
        "taken in each replication, with the pooled one beside it. The "
        "verdict looks "
        f"{look}: each criterion has one-sided Student-t bounds at {verdict.confidence_of_a_look:g} confidence; the plan meets "
        "when all criteria meet "
        "(intersection-union), fails when one fails after correction over its districts and Holm's over the criteria, and else is "
        "inconclusive. "
        "A criterion that is the same in all replications has binomial bounds over its wishes, a share that is 0 or 1 in all of them the "
        "rule of three, both as if wishes were independent. The intervals hold Monte Carlo error alone, not what is uncertain "
        "about the inputs.",
    )


_AT_THE_START = {
    "swapping": "all packs are charged",
    "battery stores": "stores are empty",
    "gun failures": "guns are as likely down as at any other time",
}


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _implementation(case: Case, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    packages = ", ".join(f"{name} {version}" for name, version in manifest["packages"].items())
    yield (
        "5.1 Software or programming language",
        f"chargesim {manifest['chargesim']}, Python {manifest['python']}, {packages}. Two engines, SimPy and a compiled event loop "
        "(Numba), give the "
        "same results bit for bit; which of them ran, and why, stands in `manifest.json` (`engine`, `engine_why`).",
    )
    layout = case.scenario.layout if case.scenario.city.districts is not None else None
    places = (
        "The places are those of the tables."
        if layout is None
        else f"The layout has a seed of its own, {layout.seed}."
    )
    yield (
        "5.2 Random sampling",
        f"Root seed {manifest['seed']}; streams {manifest['streams']}. A stream belongs to one purpose, class, day and layer, so a "
        "change of one moves no "
        f"draw of another. All is drawn before the engine starts, which draws nothing. {places}",
    )
    yield (
        "5.3 Model execution",
        "Event by event in the order of time, in ticks of 2**-20 min. Ties at one instant are decided by the class of the event, then "
        "by the vehicle's "
        f"row or by site and outlet, which is unique. The classes in order: {', '.join(one.name.lower() for one in EventClass)}. "
        "Replications run "
        "side by side in processes; their number changes no result.",
    )
    yield (
        "5.4 System specification",
        "Machine, cores, seconds and the memory of the largest process stand in `manifest.json` (`machine`, `seconds`, `peak_gib`): "
        "they differ "
        "between runs of the same scenario, and this text does not.",
    )


def _code_access(case: Case, manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    about = metadata("chargesim-planner")
    own = (
        " Give it the processes of the user's own in Python: `chargesim.run(..., extensions=[...])`."
        if case.task.extensions
        else ""
    )
    yield (
        "6.1 Computer model sharing statement",
        f"Package `{about['Name']}` {manifest['chargesim']}, licence {about['License-Expression'] or 'not told by the package'}. To "
        "repeat the run, put its "
        "`scenario.resolved.yaml` into a folder that holds the tables of 3.1 under their names, and run there `chargesim run "
        "scenario.resolved.yaml`; "
        f"seed and replications stand in it.{own} The hash of the run is `{manifest['run']}`. {NOT_TOLD}: where its files are published.",
    )
