"""Set the look of every figure: colours for colour-blind readers, fonts legible at half size."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.style import context

from chargesim.network.network import SITE_KINDS

BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
)
"""Okabe and Ito (2008), Color Universal Design."""
INK, GREY, PALE = "#222222", "#767676", "#D9D9D9"
Looks = dict[str, Any]
"""Keyword arguments of a drawing function."""
KIND_COLOURS = {
    kind.name: colour for kind, colour in zip(SITE_KINDS, (BLUE, ORANGE, GREEN), strict=False)
} | {"none": GREY}
KIND_NAMES = {kind.name: f"{kind.noun}s" for kind in SITE_KINDS} | {"none": "no site"}
FLEET_COLOURS = {
    "private_car": BLUE,
    "taxi": ORANGE,
    "ride_hailing": GREEN,
    "logistics_van": VERMILION,
    "bus": SKY,
    "heavy_truck": PURPLE,
    "corridor": INK,
}
VERDICT_COLOURS = {
    "meets": GREEN,
    "fails": VERMILION,
    "inconclusive": ORANGE,
    "incomplete": ORANGE,
    "given": GREY,
}
VERDICT_MARKERS = {"meets": "o", "fails": "X", "inconclusive": "s", "incomplete": "s", "given": "D"}
LINE_STYLES = ("-", "--", "-.", ":")

RC: Any = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "xtick.labelsize": 11.5,
    "ytick.labelsize": 11.5,
    "legend.fontsize": 11,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.hashsalt": "chargesim",
    "svg.fonttype": "path",
    "text.parse_math": False,
}

_P = ParamSpec("_P")
_T = TypeVar("_T")


def load_colours() -> LinearSegmentedColormap:
    """Return the colour map of utilisation, pale for idle, dark for full, ordered by lightness."""
    inferno = mpl.colormaps["inferno_r"]
    return LinearSegmentedColormap.from_list(
        "load", [inferno(0.06 + 0.88 * step / 255) for step in range(256)], bad="white"
    )


def fleet_colour(name: str, index: int) -> str:
    """Return the fixed colour of a fleet; unknown fleets take the palette in turn."""
    return FLEET_COLOURS.get(name, list(FLEET_COLOURS.values())[index % len(FLEET_COLOURS)])


def readable(name: str) -> str:
    """Return a name of a scenario as one reads it, for example ``ride hailing``."""
    return name.replace("_", " ")


def styled(draw: Callable[_P, _T]) -> Callable[_P, _T]:
    """Draw within this look, whatever the reader's own settings, which stay as they are."""

    @wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with context(["default", RC]):
            return draw(*args, **kwargs)

    return drawn


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that belongs to no window, so that workers and notebooks can draw.

    Parameters
    ----------
    width_in, height_in : float
        Size [inch].
    """
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
    return Figure(figsize=(width_in, height_in), layout=layout, facecolor="white")


def new_axes(width_in: float = 8.0, height_in: float = 4.6) -> Axes:
    """Return the axes of a new figure.

    Parameters
    ----------
    width_in, height_in : float
        Size of the figure [inch].
    """
    axes = new_figure(width_in, height_in).subplots()
    assert isinstance(axes, Axes)
    return axes


def hours_axis(ax: Axes) -> None:
    """Label an axis of hours of day, 0 to 24."""
    ax.set(xlim=(0, 24), xlabel="hour of day [h]")
    ax.set_xticks(range(0, 25, 3))
