"""Engine: what happens to every vehicle, event by event."""
