"""Engine: what happens to every vehicle, event by event."""

from chargesim.stale_code import drop_stale_code

drop_stale_code()
