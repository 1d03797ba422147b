"""Demand: stock, ledger, demand table and outage calendar."""
