"""Verify: both engines against queueing theory and against Ciw."""
