"""Schedule events at exact instants with the keys that decide ties."""

from collections.abc import Callable, Generator
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]
"""What a SimPy process yields and returns."""


class ScheduledEvent(simpy.Event):
    """An event some minutes from now, ordered among others of the same instant by its key alone.

    `key` comes from `event_order`; SimPy uses it as the priority. Durations are multiples of 2**-20
    min, so `now + minutes` is exact.
    """

    def __init__(
        self,
        env: simpy.Environment,
        minutes: float,
        key: int,
        value: Any = None,
        then: "Callable[[Any], None] | None" = None,
    ) -> None:
        self.env = env
        self.callbacks = [] if then is None else [then]
        self._value = value
        self._ok = True
        env.schedule(self, key, minutes)  # type: ignore[arg-type]  # SimPy takes any integer as a priority


class Signal(simpy.Event):
    """An event that happens within the one that is being handled: who waits for it goes on at once.

    SimPy's own `succeed` would put it into the schedule with no delay. That costs as much as any
    event and changes nothing, since an event without delay decides no tie (see `event_order`).
    """

    def happen(self) -> None:
        """Let the processes that wait for this go on."""
        self._ok, self._value = True, None
        waiting = self.callbacks
        self.callbacks = None  # type: ignore[assignment]  # as Environment.step does
        for go_on in waiting or ():
            go_on(self)


class Story:
    """Run a vehicle's process: it begins at once, and nobody waits for its end.

    A `simpy.Process` would put its begin and its end into the schedule: two events without delay
    that decide no tie. With five events to a session they would cost a tenth of a run.
    """

    __slots__ = ("_send",)

    def __init__(self, process: Process) -> None:
        self._send = process.send
        self.go_on(None)

    def go_on(self, _: simpy.Event | None) -> None:
        """Run to the next event that has not happened yet, and wait for it."""
        try:
            event = self._send(None)
            while event.callbacks is None:
                event = self._send(None)
        except StopIteration:
            return
        event.callbacks.append(self.go_on)
