"""Network: zones, roads, sites, and the way between them."""
