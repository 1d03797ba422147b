"""Schedule events at exact instants with the keys that decide ties."""

from collections.abc import Callable, Generator
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]
"""What a SimPy process yields and returns."""


class Moment(simpy.Event):
    """An event a given time from now, ordered among others of the same instant by its key alone.

    `key` comes from `order.vehicle_key` or `order.outlet_key`; SimPy uses it as the priority. Durations are multiples
    of 2**-20 min, so `now + minutes` is exact.
    """

    def __init__(
        self, env: simpy.Environment, minutes: float, key: int, value: Any = None, then: "Callable[[Any], None] | None" = None
    ) -> None:
        self.env = env
        self.callbacks = [] if then is None else [then]
        self._value = value
        self._ok = True
        env.schedule(self, key, minutes)  # type: ignore[arg-type]  # SimPy takes any integer as a priority
