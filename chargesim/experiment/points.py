"""Run a scenario at many settings of its inputs on the same vehicles: build each case cheaply, draw what can be drawn once.

The network is built again only where a change touches it; the demand of a replication is drawn once for all settings
that differ in nothing but the number of wishes (`demand.thinning`). Of each replication only what the standard reads is
kept.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from chargesim.analysis.result import RunResult
from chargesim.demand.thinning import days_of_all
from chargesim.engine.replication_totals import ReplicationTotals
from chargesim.errors import InputError
from chargesim.network.build import network_part
from chargesim.network.network import Network
from chargesim.run.case import Case, build_case
from chargesim.run.engine_choice import Engine, choose_engine, make_ready
from chargesim.run.replication import days_of, play
from chargesim.run.replications import expected_sessions
from chargesim.run.run_scenario import as_result
from chargesim.scenario.model import WEEKDAYS
from chargesim.scenario.reading import LoadedScenario

_MOST_NETWORKS = 12
_KEPT = ("outcomes", "within", "wait_bins", "arrivals", "pack_found")
EngineName = Literal["simpy", "compiled"]


@dataclass(frozen=True)
class Setting:
    """A scenario with some inputs set, and a name for its files."""

    name: str
    loaded: LoadedScenario


class CaseMaker:
    """Builds cases, with the networks of the last ones and the cases of the last call at hand."""

    def __init__(self) -> None:
        self._networks: OrderedDict[str, Network] = OrderedDict()
        self._cases: dict[str, Case] = {}

    def cases(self, settings: Sequence[Setting]) -> list[Case]:
        """Return the case of each setting."""
        digests = [setting.loaded.digest() for setting in settings]
        self._cases = {digest: case for digest, case in self._cases.items() if digest in digests}
        for digest, setting in zip(digests, settings, strict=True):
            if digest not in self._cases:
                self._cases[digest] = self.case(setting.loaded)
        return [self._cases[digest] for digest in digests]

    def case(self, loaded: LoadedScenario) -> Case:
        """Return the case of one scenario, and keep its network."""
        tables = hashlib.sha256(
            b"".join(hashlib.sha256(path.read_bytes()).digest() for path in loaded.tables())
        ).hexdigest()
        key = f"{loaded.folder.resolve()}/{tables}/{network_part(loaded.scenario)}"
        case = build_case(loaded, network=self._networks.get(key))
        self._networks[key] = case.network
        self._networks.move_to_end(key)
        while len(self._networks) > _MOST_NETWORKS:
            self._networks.popitem(last=False)
        return case


maker = CaseMaker()
"""The one of this process: a worker keeps its networks from call to call."""


def one_day(
    loaded: LoadedScenario, *, weekday: str | None, replications: int | None
) -> LoadedScenario:
    """Return the scenario with one judged day: the named weekday, or Wednesday, or the day of a scenario that judges one only.

    Raises
    ------
    InputError
        For an unknown weekday, or a scenario with a series.
    """
    scenario = loaded.scenario
    if weekday is not None and weekday not in WEEKDAYS:
        raise InputError([f"--weekday: got {weekday!r}, needs one of {', '.join(WEEKDAYS)}"])
    if scenario.series is not None:
        raise InputError(["series: the scenario has one; leave it out with --set series=null"])
    own = scenario.horizon.first_day if scenario.horizon.days == 1 else "wednesday"
    changes: dict[str, Any] = {"horizon.days": 1, "horizon.first_day": weekday or own, "looks": 1}
    return loaded.replace(
        changes | ({} if replications is None else {"replications": replications})
    )


def choose(wanted: Engine, case: Case, replications: int) -> EngineName:
    """Return the engine for so many replications of about this case, compiled where it is the compiled one."""
    engine = choose_engine(wanted, case, expected_sessions(case) * replications)[0]
    if engine == "compiled":
        make_ready(case)
    return engine


def play_all(
    cases: Sequence[Case], replication: int, engine: EngineName
) -> list[ReplicationTotals]:
    """Run one replication of each case; of the totals only what the standard reads is kept."""
    if not cases:
        return []
    kept = []
    tables_of_all = days_of_all(
        [case.task.demand for case in cases], replication, days_of(cases[0].task)
    )
    for case, tables in zip(cases, tables_of_all, strict=True):
        kept.append(for_the_standard(play(replace(case.task, engine=engine), replication, tables)))
    return kept


def for_the_standard(totals: ReplicationTotals) -> ReplicationTotals:
    """Return what criteria are judged by, a few per cent of the whole; the waits without their hour, the rest empty."""
    arrays = totals.arrays()
    empty = {
        name: values[:0]
        for name, values in arrays.items()
        if name not in (*_KEPT, "busy_min", "district_kw")
    }
    busy_min, wait_bins = (
        np.zeros_like(totals.busy_min),
        totals.wait_bins.sum(axis=3, keepdims=True),
    )
    return replace(totals, **empty, busy_min=busy_min, wait_bins=wait_bins)


def result_of(
    case: Case, replications: list[ReplicationTotals], *, alpha: float | None = None
) -> RunResult:
    """Return a result that can be judged; `alpha` is the one-sided error of each bound where it is not the standard's own."""
    result = as_result(case, replications)
    if alpha is None:
        return result
    confidence = result.standard.confidence.model_copy(update={"value": 1.0 - alpha})
    return replace(result, standard=result.standard.model_copy(update={"confidence": confidence}))
