"""Demand: stock, ledger, and the table of who wishes energy, when and where."""
