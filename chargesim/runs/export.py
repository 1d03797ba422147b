"""Write a finished run for other programs: sites as GeoJSON, roads as GraphML, hours as NetCDF."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow.parquet as pq

from chargesim.analysis.occupancy import occupancy_frame
from chargesim.errors import InputError
from chargesim.network.network import Network
from chargesim.runs.open_run import FinishedRun, find_run
from chargesim.runs.replication import site_hours_path
from chargesim.runs.run_scenario import Run
from chargesim.runs.site_tables import SITE_MEASURES
from chargesim.runs.storage import write_atomically, write_text
from chargesim.scenario.file_paths import display_path

DEGREE_DIGITS, DIGITS = 6, 6
"""Digits of a coordinate behind the point, a tenth of a metre; significant digits of a measure."""
_PLACE = ("site", "lat", "lon")
_NO_XARRAY = (
    "--format netcdf: needs xarray, h5netcdf and h5py; "
    "`pip install 'chargesim-planner[export]'` adds them"
)


def export_run(folder: Path, format: str, out: Path) -> None:
    """Write a finished run as one file.

    Parameters
    ----------
    folder : Path
        A run directory.
    format : str
        One of `EXPORTS`.
    out : Path
        The file; one that is there is replaced.

    Raises
    ------
    InputError
        When the folder is no finished run, it does not hold what the format needs, a package is
        missing, or the file cannot be written.
    """
    try:
        EXPORTS[format](find_run(folder), out)
    except OSError as error:
        words = f"cannot be written ({error.strerror or error})"
        raise InputError([f"{display_path(out)}: {words}"]) from None


def site_features(run: Run) -> dict[str, Any]:
    """Return the sites of a run with their measures as GeoJSON (RFC 7946).

    Returns
    -------
    dict
        A FeatureCollection. A feature is a point [lon, lat], WGS-84, whose properties are the
        columns of `sites.csv` and `occupied`: the share of the time with 0, 1, ... and all guns or
        bays occupied. What is not defined is null.
    """
    shares = occupancy_frame(run.result).groupby("site", sort=False)["share"].agg(list)
    features = [
        {
            "type": "Feature",
            "id": row["site"],
            "geometry": {
                "type": "Point",
                "coordinates": [round(row[name], DEGREE_DIGITS) for name in ("lon", "lat")],
            },
            "properties": {
                name: _plain(value) for name, value in row.items() if name not in _PLACE[1:]
            }
            | {"occupied": [_plain(share) for share in shares[row["site"]]]},
        }
        for row in run.sites.to_dict("records")
    ]
    about = {"scenario": run.result.name, "label": run.result.label, "scope": run.result.scope_text}
    return {"type": "FeatureCollection", **about, "features": features}


def road_graph(network: Network) -> "nx.DiGraph[Any]":
    """Return the roads with zones and sites as a graph of plain attributes.

    Edges have km and kind, `free_min`, and from the first busy period on `period_1_min`, ...
    """
    graph: nx.DiGraph[Any] = nx.DiGraph(label=network.label)
    for node, data in network.graph.nodes(data=True):
        about = {name: _plain(value, DEGREE_DIGITS + 3) for name, value in data.items()}
        known = {name: value for name, value in about.items() if value is not None}
        graph.add_node(str(node), **known)
    for tail, head, data in network.graph.edges(data=True):
        about = {name: _plain(value) for name, value in data.items() if name != "minutes"}
        for period, minutes in enumerate(data["minutes"]):
            about[f"period_{period}_min" if period else "free_min"] = _plain(minutes)
        graph.add_edge(str(tail), str(head), **about)
    return graph


def _write_geojson(finished: FinishedRun, out: Path) -> None:
    features = site_features(finished.read())
    write_text(out, json.dumps(features, ensure_ascii=False, allow_nan=False) + "\n")


def _write_graphml(finished: FinishedRun, out: Path) -> None:
    graph = road_graph(finished.case.network)
    write_atomically(out, lambda partial: nx.write_graphml(graph, partial))


def _write_netcdf(finished: FinishedRun, out: Path) -> None:
    """Write site x hour x replication, one measure after the other."""
    try:
        import h5netcdf  # noqa: F401
        import xarray as xr
    except ImportError:
        raise InputError([_NO_XARRAY]) from None
    files = [site_hours_path(finished.folder, r) for r in range(finished.replications)]
    missing = [path for path in files if not path.is_file()]
    if missing:
        words = "is missing; a run keeps the hours of its sites up to 5 million rows a replication"
        raise InputError([f"{display_path(missing[0])}: {words}"])
    coords, about = _coordinates(finished), {"scenario": finished.case.scenario.name}
    about["label"] = finished.case.network.label
    shape = [len(values) for _, values, _ in coords.values()][:3]

    def write(partial: Path) -> None:
        cube = xr.Dataset(coords=coords, attrs=about)
        cube.to_netcdf(partial, engine="h5netcdf")
        for name, meaning in SITE_MEASURES.items():
            values = np.stack([_by_site(path, name, shape[0]) for path in files], axis=-1)
            text, unit = meaning.removesuffix("]").rsplit(" [", 1)
            told = {"long_name": text, "units": unit}
            one = xr.Dataset({name: (("site", "hour", "replication"), values, told)})
            packed = {name: {"zlib": True, "complevel": 4}}
            one.to_netcdf(partial, mode="a", engine="h5netcdf", encoding=packed)

    write_atomically(out, write)


def _coordinates(finished: FinishedRun) -> dict[str, Any]:
    """Return the coordinates of the cube: its axes, then what is known of each site."""
    network, sites = finished.case.network, finished.case.network.sites
    hours = np.arange(24 * finished.case.task.days, dtype=np.int32)
    kinds = np.array(["station", "swap"], dtype=object)[sites.kind]
    return {
        "site": ("site", np.array(sites.id, dtype=object), {"long_name": "name of the site"}),
        "hour": ("hour", hours, {"long_name": "hour from the first judged midnight"}),
        "replication": ("replication", np.arange(finished.replications, dtype=np.int32), {}),
        "lat": ("site", sites.lat, {"units": "degrees_north"}),
        "lon": ("site", sites.lon, {"units": "degrees_east"}),
        "kind": ("site", kinds, {}),
        "district": ("site", np.array(network.districts.name, dtype=object)[sites.district], {}),
    }


def _by_site(path: Path, measure: str, sites: int) -> Any:
    """Return a measure of a replication by site and hour; its file has a row group a day."""
    with pq.ParquetFile(path) as file:
        days = [
            file.read_row_group(day, columns=[measure])[measure].to_numpy().reshape(sites, 24)
            for day in range(file.num_row_groups)
        ]
    return np.concatenate(days, axis=1)


def _plain(value: Any, digits: int = DIGITS) -> Any:
    """Return a value of Python's own, a number with so many significant digits, NaN as None."""
    plain = value.item() if isinstance(value, np.generic) else value
    if not isinstance(plain, float):
        return plain
    return float(f"{plain:.{digits}g}") if math.isfinite(plain) else None


EXPORTS: dict[str, Callable[[FinishedRun, Path], None]] = {
    "geojson": _write_geojson,
    "graphml": _write_graphml,
    "netcdf": _write_netcdf,
}
"""Functions that write a finished run, by the name of the format."""
