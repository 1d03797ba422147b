"""Spread what lasts some time over the hours and quarters of the statistics.

Compiled, and called by every engine. A row of a book has a bin of `bin_min` minutes from `start_min` on; what lies
outside the bins (lead-in, the time after the horizon) is left out.
"""

from math import floor

from chargesim.engine._numba import kernel


@kernel("void(f8[:, ::1], i8, f8, f8, f8, f8, f8)")
def deposit_level(book, row, begin_min, end_min, level, start_min, bin_min):
    """Add `level` x minutes between two instants to the bins of a row."""
    bins = book.shape[1]
    first = max(0, floor((begin_min - start_min) / bin_min))
    for b in range(first, bins):
        low = start_min + b * bin_min
        if low >= end_min:
            break
        book[row, b] += level * (min(end_min, low + bin_min) - max(begin_min, low))


@kernel("void(f8[:, ::1], i8, f8, f8, f8, f8, f8[::1], f8[::1], f8, f8)")
def deposit_charge(
    book, row, begin_min, soc, soc_end, battery_kwh, edge_soc, step_kw, start_min, bin_min
):
    """Add the energy [kWh] of a charge along its curve, from `soc` at `begin_min` to `soc_end`, to the bins of a row."""
    now = begin_min
    for i in range(len(step_kw)):
        if edge_soc[i] >= soc_end:
            break
        if edge_soc[i + 1] > soc:
            then = (
                now
                + 60.0
                * (min(edge_soc[i + 1], soc_end) - max(edge_soc[i], soc))
                * battery_kwh
                / step_kw[i]
            )
            deposit_level(book, row, now, then, step_kw[i] / 60.0, start_min, bin_min)
            now = then
