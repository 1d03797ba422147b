"""Hold one assumption of a scenario: its value, its range and its source.

In a scenario file an assumption is either a plain number or a mapping::

    patience_min: {value: 15, low: 8, high: 30, source: "assumed; Zhuge et al. 2019"}

The key names the unit. `low` and `high` are what the sources allow; no run uses them, but the
studies of uncertain assumptions vary the value between them.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

UNSOURCED = "set without a source"


@dataclass(frozen=True)
class FieldNote:
    """A note in the annotation of a field, for code that reads fields; it checks nothing."""

    name: str


REPLACED_WHOLE = FieldNote("whole")
"""A mix that must add up: a child scenario that gives it replaces it whole."""
TABLE_FILE = FieldNote("table")
"""The field names a table file inside the scenario's folder."""
TableName = Annotated[str, TABLE_FILE]
"""The name of a table file."""


def raise_faults(faults: list[str]) -> None:
    """Raise all faults of a check as one error; one may begin with a key: `curves: the ...`."""
    if faults:
        raise ValueError("\n".join(faults))


class Section(BaseModel):
    """Base of every section of a scenario: frozen, with strict types and no unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Assumption(Section):
    """A number with its range and its source."""

    value: float = Field(description="value that a run uses")
    low: float | None = Field(default=None, description="lowest value that the sources allow")
    high: float | None = Field(default=None, description="highest value that the sources allow")
    source: str = Field(
        default=UNSOURCED, min_length=1, description="where the value comes from, or: assumed"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.low, self.high
        if low is not None and high is not None and not low <= high:
            raise ValueError(f"low {low:g} is above high {high:g}")
        if low is not None and self.value < low and self.source != UNSOURCED:
            raise ValueError(f"value {self.value:g} is below its own low {low:g}")
        if high is not None and self.value > high and self.source != UNSOURCED:
            raise ValueError(f"value {self.value:g} is above its own high {high:g}")
        return self


class _Share(Assumption):
    value: float = Field(ge=0, le=1, description="share [0..1]")


class _Positive(Assumption):
    value: float = Field(gt=0, description="number above 0")


class _NonNegative(Assumption):
    value: float = Field(ge=0, description="number of at least 0")


def _from_number(given: Any) -> Any:
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return {"value": given}
    return given


Share = Annotated[_Share, BeforeValidator(_from_number)]
"""A share between 0 and 1."""
Positive = Annotated[_Positive, BeforeValidator(_from_number)]
"""A number above 0."""
NonNegative = Annotated[_NonNegative, BeforeValidator(_from_number)]
"""A number of at least 0."""
