"""Read stations from GeoJSON: features with a point each.

Which properties hold the id, the guns and their power is found by their names, as in a CSV table,
or said in a map of columns. The tags of OpenStreetMap are among the names.
"""

from typing import Any

from chargesim.importers.records import RecordFaultError, child, record_of

WGS84_NAMES = ("CRS84", "4326")


def recognise(data: Any) -> bool:
    """Return whether JSON is GeoJSON."""
    return isinstance(data, dict) and data.get("type") in ("FeatureCollection", "Feature")


def records(data: Any) -> list[Any]:
    """Return the features; a coordinate system other than WGS-84 is refused."""
    if not isinstance(data, dict):
        raise RecordFaultError("is no GeoJSON: the whole must be a FeatureCollection")
    named = str(child(child(data, "crs"), "properties").get("name", "CRS84"))
    if not named.endswith(WGS84_NAMES):
        raise RecordFaultError("has a coordinate system other than WGS-84; transform it", named)
    features = data.get("features", [data])
    if not isinstance(features, list):
        raise RecordFaultError("is no GeoJSON: `features` must be a list")
    return features


def row(raw: Any) -> dict[str, Any]:
    """Return a feature as a row: its properties, and its point as `lat` and `lon`."""
    feature = record_of(raw)
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict):
        raise RecordFaultError("has no geometry")
    if geometry.get("type") != "Point":
        raise RecordFaultError("is no point", geometry.get("type"))
    place = geometry.get("coordinates")
    if not isinstance(place, list) or len(place) < 2:
        raise RecordFaultError("its point has no two coordinates", place)
    properties = feature.get("properties")
    given = properties if isinstance(properties, dict) else {}
    own = {"id": feature["id"]} if "id" in feature else {}
    return {**own, **given, "lat": place[1], "lon": place[0]}
