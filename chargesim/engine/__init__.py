"""Engine: what happens to every vehicle, event by event."""

from chargesim.code_cache import use_digest_cache

use_digest_cache()
