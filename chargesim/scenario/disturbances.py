"""Describe what goes wrong: guns that fail, charges that do not start, districts without power."""

from pydantic import Field

from chargesim.scenario.assumption import NonNegative, Positive, Section, Share


class Reliability(Section):
    """How often guns fail and how long repairs take; both exponential, gun by gun."""

    failures: bool = Field(default=False, description="true: guns fail and are repaired")
    mtbf_h: Positive = Field(description="mean time from repair to failure of a gun [h]")
    mttr_h: Positive = Field(description="mean time from failure to repair of a gun [h]")
    failed_start_share: Share = Field(
        description="share of vehicles whose first try to charge fails"
    )
    failed_start_min: NonNegative = Field(
        description="time at the gun that a failed try costs [min]"
    )

    @property
    def availability(self) -> float:
        """Share of the time in which a gun works; 1 without failures."""
        return self.mtbf_h.value / (self.mtbf_h.value + self.mttr_h.value) if self.failures else 1.0


class Blackout(Section):
    """A district whose sites have no power for some hours."""

    district: str = Field(description="district without power")
    day: int = Field(ge=0, le=365, description="judged day on which it begins; the first is 0")
    from_hour: float = Field(ge=0, lt=24, description="hour of that day at which it begins [h]")
    hours: Positive = Field(description="how long it lasts [h]")
