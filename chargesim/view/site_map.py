"""Draw the sites of a city over its road graph, coloured by use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure, SubFigure

from chargesim.analysis.result import Floats
from chargesim.network.network import SITE_KINDS, SWAP, Network
from chargesim.view.style import GREY, INK, load_colours, new_figure, styled

KM_PER_DEGREE = 111.195
"""Length of a degree of latitude [km], sphere of 6371.0 km."""
Extent = tuple[float, float, float, float]
"""West, east, south, north [deg]."""
_ROADS = {"expressway": ("#8FA8BF", 1.3), "trunk": ("#B9B9B9", 0.9)}
_LOCAL = ("#E2E2E2", 0.4)
_MARKS = {
    kind: (marker, one.noun)
    for kind, (one, marker) in enumerate(zip(SITE_KINDS, "o^s", strict=False))
}


@styled
def draw_site_map(
    network: Network,
    use: Floats,
    *,
    extent: Extent | None = None,
    highest: float | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one map of the sites, coloured by use, the busiest on top.

    Parameters
    ----------
    network : Network
        Its graph gives the roads, its sites the marks.
    use : array of float, [S]
        Share of the time that guns or bays are busy [0..1].
    extent : tuple of float, optional
        West, east, south, north [deg]; all zones and sites by default.
    highest : float, optional
        Share at the dark end of the colours; the 99th percentile by default.
    title : str
        Title of the panel.
    ax : Axes, optional
        Where to draw; new axes with a colour bar by default.
    """
    own = ax is None
    ax = ax if ax is not None else new_figure(8.0, 6.6).subplots()
    assert isinstance(ax, Axes)
    west, east, south, north = extent or whole_extent(network)
    zoom = KM_PER_DEGREE * (north - south)
    draw_roads(ax, network, wide=2.0 if zoom < 150 else 1.0)
    limit = highest if highest is not None else highest_use(use)
    for kind, (marker, _) in _MARKS.items():
        chosen = np.flatnonzero((network.sites.kind == kind) & ~np.isnan(use))
        chosen = chosen[np.argsort(use[chosen], kind="stable")]
        points = ax.scatter(
            network.sites.lon[chosen],
            network.sites.lat[chosen],
            c=100 * use[chosen],
            cmap=load_colours(),
            vmin=0,
            vmax=100 * limit,
            marker=marker,
            s=(26 if zoom < 150 else 13) * (1.5 if kind == SWAP else 1.0),
            edgecolors=INK,
            linewidths=0.25,
            zorder=3 + kind,
            rasterized=True,
        )
    ax.set(xlim=(west, east), ylim=(south, north), ylabel="latitude [° N]", title=title)
    ax.set_xlabel("longitude [° E]", loc="left")  # the bar of km is beside it
    ax.locator_params(nbins=6)
    ax.set_aspect(1 / np.cos(np.radians((south + north) / 2)), adjustable="box")
    _scale_bar(ax, (west, east, south, north))
    if own:
        name_marks(ax)
        add_colour_bar(ax.figure, points, [ax])
    return ax


@styled
def draw_two_maps(network: Network, use: Floats) -> Figure:
    """Draw the whole city beside its core, with one scale of colours.

    Parameters
    ----------
    network : Network
        The network.
    use : array of float, [S]
        Share of the time that guns or bays are busy [0..1].
    """
    figure = new_figure(13.5, 1.8 + map_height_in(network, 5.2))
    left, right = figure.subplots(1, 2)
    limit, core = highest_use(use), _shaped_like(core_extent(network), whole_extent(network))
    title = "Core" if "core" in network.districts.area_class else "Middle of the sites"
    draw_site_map(network, use, highest=limit, title="Whole city", ax=left)
    draw_site_map(network, use, highest=limit, extent=core, title=title, ax=right)
    west, east, south, north = core
    left.plot(
        [west, east, east, west, west],
        [south, south, north, north, south],
        color=INK,
        linewidth=1.0,
        zorder=6,
    )
    name_marks(left)
    add_colour_bar(figure, left.collections[-1], [left, right])
    return figure


def highest_use(use: Floats) -> float:
    """Return the share at the dark end of the colours: the sites' 99th percentile, at least 5 %."""
    known = use[~np.isnan(use)]
    return max(0.05, float(np.quantile(known, 0.99))) if len(known) else 0.05


def whole_extent(network: Network) -> Extent:
    """Return the extent of all zones and sites, with a rim."""
    return _around(
        np.concatenate([network.zones.lon, network.sites.lon]),
        np.concatenate([network.zones.lat, network.sites.lat]),
        0.0,
        0.03,
    )


def map_height_in(network: Network, width_in: float) -> float:
    """Return the height of a map of so much width, within what a page allows [inch]."""
    west, east, south, north = whole_extent(network)
    shape = (east - west) * np.cos(np.radians((south + north) / 2)) / (north - south)
    return float(np.clip(width_in / shape, 2.0, width_in))


def core_extent(network: Network) -> Extent:
    """Return the extent of the middle 90 % of the core's stations; of all if there is no core."""
    in_core = np.array(
        [network.districts.area_class[district] == "core" for district in network.sites.district],
        dtype=np.bool_,
    )
    chosen = in_core if in_core.any() else np.ones(len(network.sites), dtype=np.bool_)
    return _around(network.sites.lon[chosen], network.sites.lat[chosen], 0.05, 0.08)


def _shaped_like(extent: Extent, other: Extent) -> Extent:
    """Return an extent, enlarged to the shape of another so that two panels have one size."""
    west, east, south, north = extent
    shape = (other[1] - other[0]) / (other[3] - other[2])
    across = max(0.0, (north - south) * shape - (east - west)) / 2
    along = max(0.0, (east - west) / shape - (north - south)) / 2
    return west - across, east + across, south - along, north + along


def _around(lon: Floats, lat: Floats, cut: float, rim: float) -> Extent:
    """Return the extent of points without a share of outliers on each side, widened by a rim."""
    west, east = (float(np.quantile(lon, share)) for share in (cut, 1 - cut))
    south, north = (float(np.quantile(lat, share)) for share in (cut, 1 - cut))
    across, along = max(east - west, 0.01) * rim, max(north - south, 0.01) * rim
    return west - across, east + across, south - along, north + along


def draw_roads(ax: Axes, network: Network, *, wide: float) -> None:
    """Draw the roads of the graph, the small ones first; the access legs of sites are left out."""
    graph = network.graph
    lines: dict[str, list[list[tuple[float, float]]]] = {"local": [], "trunk": [], "expressway": []}
    for start, end, edge in graph.edges(data=True):
        ends, kind = (graph.nodes[start], graph.nodes[end]), str(edge["kind"])
        if kind != "expressway" and any(node["kind"] in ("station", "swap") for node in ends):
            continue
        lines["trunk" if kind == "urban" else kind if kind in _ROADS else "local"].append(
            [(node["lon"], node["lat"]) for node in ends]
        )
    for order, (road, segments) in enumerate(lines.items()):
        colour, width = _ROADS.get(road, _LOCAL)
        ax.add_collection(
            LineCollection(
                segments,
                colors=colour,
                linewidths=width * wide,
                zorder=1 + 0.1 * order,
                rasterized=True,
            )
        )


def _scale_bar(ax: Axes, extent: Extent) -> None:
    """Draw a bar of a round number of km under the map, at the right of the axis' label."""
    west, east, south, north = extent
    km_per_degree = KM_PER_DEGREE * np.cos(np.radians((south + north) / 2))
    width_km = (east - west) * km_per_degree
    length_km = max((km for km in (1, 2, 5, 10, 20, 50, 100, 200) if km <= width_km / 4), default=1)
    left, where = east - length_km / km_per_degree, ("data", ax.xaxis.label)
    bar = {
        "arrowstyle": "|-|,widthA=0.25,widthB=0.25",
        "linewidth": 1.6,
        "color": INK,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    ax.annotate(
        "",
        (east, 0.5),
        (left, 0.5),
        xycoords=where,
        textcoords=where,
        arrowprops=bar,
        annotation_clip=False,
    )
    ax.annotate(
        f"{length_km} km",
        (left, 0.5),
        (-6, 0),
        xycoords=where,
        textcoords="offset points",
        ha="right",
        va="center",
        color=INK,
        annotation_clip=False,
    )


def name_marks(ax: Axes) -> None:
    """Name the marks and the roads."""
    for marker, name in _MARKS.values():
        ax.plot(
            [],
            [],
            marker=marker,
            color="white",
            markeredgecolor=INK,
            markersize=7,
            linestyle="none",
            label=name,
        )
    ax.plot([], [], color=_ROADS["expressway"][0], label="expressway")
    ax.plot([], [], color=_ROADS["trunk"][0], linewidth=1.2, label="trunk or main road")
    ax.legend(loc="upper left", frameon=True, framealpha=0.9, edgecolor="white")


def add_colour_bar(figure: Figure | SubFigure, points: Any, axes: Sequence[Axes]) -> None:
    """Add the bar of the colours of use."""
    bar = figure.colorbar(points, ax=list(axes), shrink=0.75, aspect=30, pad=0.015, extend="max")
    bar.set_label("guns or bays busy [% of the time]")
    bar.outline.set_edgecolor(GREY)
