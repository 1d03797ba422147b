"""Describe the service standard of a scenario: the criteria that the plan must meet."""

from typing import Literal, Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import Section, Share

Measure = Literal[
    "served_within",
    "wait_p95",
    "unserved",
    "pack_available",
    "covered_5km",
    "covered_1km_core",
    "guns_available",
]
Scope = Literal["cars", "trucks", "swap", "truck_swap", "through_traffic", "districts"]
GIVEN: frozenset[str] = frozenset({"covered_5km", "covered_1km_core", "guns_available"})
"""Measures that the plan itself gives; they are shown, but are no evidence."""


class Criterion(Section):
    """One criterion: a measure in a scope against a threshold.

    `served_within`: share of all wishes that were served after at most `minutes` of waiting,
    from the first arrival at a site until they had a gun or bay, drives between sites included.
    `wait_p95`: 95th percentile of the wait of all wishes, infinite for the unserved, against
    `minutes`. `unserved`: share of all wishes that were lost, stranded or only partly served.
    `pack_available`: share of arrivals at swap sites that found a charged pack. The plan gives
    `covered_5km`, `covered_1km_core` and `guns_available`.
    """

    name: str = Field(min_length=1, description="name, unique in the standard")
    measure: Measure = Field(description="share, percentile of the wait, or what the plan gives")
    scope: Scope = Field(
        description="wishes that count: of cars, of trucks, at swap sites, of through traffic, or "
        "of each district's own cars"
    )
    minutes: float | None = Field(
        default=None, gt=0, description="minutes of waiting, for served_within and wait_p95"
    )
    at_least: float | None = Field(
        default=None, ge=0, le=1, description="lowest share that meets the criterion"
    )
    at_most: float | None = Field(
        default=None, ge=0, le=1, description="highest share that meets the criterion"
    )
    source: str = Field(min_length=1, description="where the threshold comes from, or: assumed")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        timed = self.measure in ("served_within", "wait_p95")
        if timed != (self.minutes is not None):
            raise ValueError(f"{self.measure} {'needs' if timed else 'takes no'} minutes")
        wants_most = self.measure == "unserved"
        if self.measure == "wait_p95":
            if self.at_least is not None or self.at_most is not None:
                raise ValueError("wait_p95 needs minutes, and takes neither at_least nor at_most")
        elif (self.at_most is None) == wants_most or (self.at_least is None) != wants_most:
            raise ValueError(
                f"{self.measure} needs {'at_most' if wants_most else 'at_least'} and nothing else"
            )
        if self.measure == "pack_available" and self.scope not in ("swap", "truck_swap"):
            raise ValueError(
                f"scope: got {self.scope}, needs swap or truck_swap for pack_available"
            )
        return self


class Standard(Section):
    """The service standard and the confidence at which it is judged."""

    confidence: Share = Field(description="one-sided confidence of each criterion")
    peak_hours: list[int] = Field(min_length=1, description="peak hours of day [0..23] of the KPIs")
    min_sessions_per_district: int = Field(
        ge=0, description="wishes a replication below which districts are pooled by class"
    )
    criteria: list[Criterion] = Field(
        min_length=1, description="criteria, all of which the plan must meet"
    )

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [criterion.name for criterion in self.criteria]
        if len(set(names)) != len(names):
            raise ValueError("criteria: two criteria have the same name")
        if any(not 0 <= hour <= 23 for hour in self.peak_hours):
            raise ValueError("peak_hours: an hour is not within 0..23")
        if not 0.5 <= self.confidence.value < 1:
            raise ValueError(
                f"confidence: got {self.confidence.value:g}, needs at least 0.5 and less than 1"
            )
        return self
