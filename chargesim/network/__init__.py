"""Network: zones, roads, sites, and the way between them."""

from chargesim.code_cache import use_digest_cache

use_digest_cache()
