"""Name the errors that a user can cause."""

from typing import Any


class RunStoppedError(Exception):
    """A run stopped for a cause outside its input; finished replications are kept.

    `run` is the run with these replications and the verdict ``incomplete``; None if there are none.
    """

    run: Any = None


class InputError(Exception):
    """One or more faults of the input; the message has a line for each and says what is right."""

    def __init__(self, faults: list[str] | str) -> None:
        # SimPy makes an error of a process again from its text
        self.faults = faults.splitlines() if isinstance(faults, str) else faults
        super().__init__("\n".join(self.faults))

    def __reduce__(self) -> tuple[type["InputError"], tuple[list[str]]]:
        """Keep the list of faults when the error leaves a worker process."""
        return type(self), (self.faults,)
