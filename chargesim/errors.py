"""Name the errors that a user can cause."""

from typing import Any


class RunStoppedError(Exception):
    """A run could not go on for a cause outside its input; what is finished is kept.

    `run` is the run with what is there, its verdict ``incomplete``; None when no replication is.
    """

    run: Any = None


class InputError(Exception):
    """One or more faults of the input; the message has one line per fault and says what would be right."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))

    def __reduce__(self) -> tuple[type["InputError"], tuple[list[str]]]:
        """Keep the faults apart on the way out of a worker process."""
        return type(self), (self.faults,)
