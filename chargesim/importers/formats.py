"""Name the formats of station lists, recognise them, and read their records."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from chargesim.importers import afdc, datex2, geojson, irve, ocpi, open_charge_map, plain_table
from chargesim.importers import tcec102 as tcec
from chargesim.importers.china_crs import Box
from chargesim.importers.column_map import StationMap, check_columns
from chargesim.importers.records import RecordFaultError, Station
from chargesim.importers.source_file import SourceFile

Record = tuple[int, Callable[[], Station]]
"""Number of a record, and what reads it or raises what is wrong with it."""


@dataclass(frozen=True)
class Format:
    """A format of station lists."""

    title: str
    kinds: tuple[str, ...]
    """`json`, `xml`, `csv`: what a file of it may be"""
    recognise: Callable[[Any], bool]
    """whether data of JSON, or columns of CSV, are of it"""
    crs: str = "wgs84"
    extent: Box | None = None
    """where its stations lie, for those whose latitude and longitude are the wrong way round"""
    joins_rows: bool = False
    """rows of one id are one site"""
    takes_map: bool = False


FORMATS: dict[str, Format] = {
    "ocpi": Format("OCPI locations", ("json",), ocpi.recognise),
    "tcec102": Format("T/CEC 102 station infos", ("json",), tcec.recognise, crs=tcec.CRS),
    "ocm": Format("Open Charge Map points", ("json",), open_charge_map.recognise),
    "datex2": Format("DATEX II energy infrastructure", ("xml", "json"), datex2.recognise),
    "geojson": Format(
        "GeoJSON points", ("json",), geojson.recognise, joins_rows=True, takes_map=True
    ),
    "afdc": Format("AFDC stations", ("csv",), afdc.recognise, extent=afdc.NORTH_AMERICA),
    "irve": Format(
        "IRVE charging points", ("csv",), irve.recognise, extent=irve.FRANCE, joins_rows=True
    ),
    "csv": Format("plain CSV table", ("csv",), lambda _: True, joins_rows=True, takes_map=True),
}
"""By the name of `--format`; where a file may be several, the first counts."""


def find_format(source: SourceFile, asked: str) -> str:
    """Return the name of a file's format; the asked one if it can be.

    Raises
    ------
    InputError
        When none fits, or the asked one does not.
    """
    kind = source.kind
    if asked != "auto":
        kinds = FORMATS[asked].kinds
        if kind not in kinds:
            words = f"begins as {kind.upper()}, and {asked} is {' or '.join(kinds).upper()}"
            raise source.fault(words)
        return asked
    if kind == "xml":
        return "datex2"
    data = source.json() if kind == "json" else source.csv().columns
    for name, form in FORMATS.items():
        if kind in form.kinds and _recognised(form, data):
            return name
    known = ", ".join(name for name, form in FORMATS.items() if kind in form.kinds)
    raise source.fault(f"is {kind.upper()} of no known format; known: {known}")


def _recognised(form: Format, data: Any) -> bool:
    try:
        return form.recognise(data)
    except RecordFaultError:
        return True  # of this format, and faulty as a whole: reading it says how


def read_records(
    source: SourceFile, name: str, given: StationMap | None, remarks: list[str]
) -> Iterator[Record]:
    """Yield the records of a file.

    Parameters
    ----------
    source : SourceFile
        The file.
    name : str
        Its format.
    given : StationMap, optional
        The map of its columns, for formats that take one.
    remarks : list of str
        What holds for the whole file is added here.

    Raises
    ------
    InputError
        When the file as a whole cannot be read.
    """
    if given is not None and not FORMATS[name].takes_map:
        raise source.fault(f"--map is for csv and geojson; {name} has columns of its own")
    try:
        readers = {"json": _json_records, "xml": _xml_records, "csv": _csv_records}
        yield from readers[source.kind](source, name, given, remarks)
    except RecordFaultError as fault:
        got = f", got {fault.got}" if fault.got else ""
        raise source.fault(f"{fault.reason}{got}") from None


def _json_records(
    source: SourceFile, name: str, given: StationMap | None, remarks: list[str]
) -> Iterator[Record]:
    data = source.json()
    if name == "geojson":
        features = geojson.records(data)
        properties = dict.fromkeys(
            key
            for one in features
            if isinstance(one, dict) and isinstance(one.get("properties"), dict)
            for key in one["properties"]
        )
        names = [*properties, *({"id": None} if "id" not in properties else {}), "lat", "lon"]
        if given is not None:
            check_columns(source.name, _wanted(given), names)
        columns = plain_table.find_columns(names, given)
        remarks.append(f"Columns: {columns.words()}.")
        for number, raw in enumerate(features, start=1):
            yield number, partial(_feature, raw, number, columns)
        return
    module: Any = {"ocpi": ocpi, "tcec102": tcec, "ocm": open_charge_map, "datex2": datex2}[name]
    for number, raw in enumerate(module.records(data), start=1):
        yield number, partial(module.station, raw, number)


def _feature(raw: Any, number: int, columns: plain_table.Columns) -> Station:
    return plain_table.station(geojson.row(raw), number, columns)


def _xml_records(
    source: SourceFile, name: str, given: StationMap | None, remarks: list[str]
) -> Iterator[Record]:
    for number, element in enumerate(source.xml(datex2.SITE), start=1):
        yield number, partial(datex2.station, datex2.plain_xml(element), number)


def _csv_records(
    source: SourceFile, name: str, given: StationMap | None, remarks: list[str]
) -> Iterator[Record]:
    table = source.csv()
    for line, words in table.broken:
        yield line, partial(_broken, words)
    if name == "csv":
        if given is not None:
            check_columns(source.name, _wanted(given), table.columns)
        columns = plain_table.find_columns(table.columns, given)
        remarks.append(f"Columns: {columns.words()}.")
        for line, row in table.rows():
            comma = table.decimal_comma
            yield line, partial(plain_table.station, row, line, columns, decimal_comma=comma)
        return
    module: Any = {"afdc": afdc, "irve": irve}[name]
    for line, row in table.rows():
        yield line, partial(module.station, row, line)


def _broken(words: str) -> Station:
    raise RecordFaultError("has another number of fields than the header", words)


def _wanted(given: StationMap) -> dict[str, Any]:
    """Return the columns that a map names, by key."""
    wanted: dict[str, Any] = given.model_dump()
    if isinstance(given.guns, list):
        named = [value for one in given.guns for value in (one.count, one.kw)]
        wanted["guns"] = [value for value in named if isinstance(value, str)]
    return wanted
