"""Describe what is observed elsewhere, to hold the demand against: section `observed`."""

from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from chargesim.scenario.assumption import NonNegative, Section


class Anchor(Section):
    """How much the guns of a network that exists are used."""

    name: str = Field(min_length=1, description="the network and when, in a few words")
    sessions_per_gun_day: float | None = Field(
        default=None, ge=0, description="sessions of a gun on a day [1/day]"
    )
    kwh_per_gun_day: float | None = Field(
        default=None, ge=0, description="energy of a gun on a day [kWh/day]"
    )
    busy_share: float | None = Field(
        default=None, ge=0, le=1, description="share of the time in which a gun is taken"
    )
    source: str = Field(min_length=1, description="where it was published, and what it leaves open")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.sessions_per_gun_day is self.kwh_per_gun_day is self.busy_share is None:
            raise ValueError(
                "needs at least one of sessions_per_gun_day, kwh_per_gun_day and busy_share"
            )
        return self


class Observed(Section):
    """Observed use, printed beside what the ledger asks for and what the simulation gives."""

    public_piles: NonNegative | None = Field(
        default=None, description="public piles of the city, slow and fast; null: not known"
    )
    kwh_per_public_pile_day: NonNegative | None = Field(
        default=None, description="energy of a public pile on a day [kWh/day]; null: not known"
    )
    anchors: list[Anchor] = Field(
        default_factory=list, description="networks whose use is published"
    )


@dataclass(frozen=True)
class GunUse:
    """What is asked of a gun, or what it gives, on an average day."""

    sessions_per_gun_day: float
    kwh_per_gun_day: float


NOT_KNOWN = GunUse(float("nan"), float("nan"))
"""Of a network without guns, or of a recorded log, which no ledger describes."""
