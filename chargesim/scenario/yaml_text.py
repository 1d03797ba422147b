"""Read YAML text into plain data and note the line of each key; refuse what no scenario needs.

The reader refuses anchors, aliases, tags and deep nesting event by event, before it builds any
data: a small file can describe a huge tree.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionStartEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from chargesim.errors import InputError
from chargesim.scenario.file_paths import display_path
from chargesim.scenario.keys import Key
from chargesim.scenario.unseen import first_unseen, unseen_words

MAX_BYTES = 2**20
MAX_DEPTH = 32


@dataclass(frozen=True)
class SourceLocation:
    """Where a key is written: a file and a line, or an option such as `--set fleet.stock`."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line is not None else self.source


@dataclass(frozen=True)
class Document:
    """Plain data, and the location of every key in it."""

    data: dict[str, Any]
    locations: dict[Key, SourceLocation]


def read_document(path: Path) -> Document:
    """Read a scenario file.

    Raises
    ------
    InputError
        For a file that is missing, empty, not text, too large or too deep, and for faulty YAML,
        duplicate keys, anchors, aliases and tags.
    """
    name = display_path(path)
    node = _compose(_text(path, name), name)
    if node is None:
        raise InputError([f"{name}: is empty; a scenario is needed"])
    if not isinstance(node, MappingNode):
        raise InputError(
            [
                f"{name}:{node.start_mark.line + 1}: is not a scenario; "
                "it needs keys such as `name: ...` at the top level"
            ]
        )
    builder = _Builder(name)
    data = builder.build(node, ())
    if builder.faults:
        raise InputError(builder.faults)
    return Document(data, builder.locations)


def read_value(text: str, location: str) -> Any:
    """Return the value of a `--set`: a YAML scalar, list or mapping on one line."""
    node = _compose(text, location, lines=False)
    if node is None:
        raise InputError([f"{location}: has no value; write null for none"])
    builder = _Builder(location, lines=False)
    value = builder.build(node, ())
    if builder.faults:
        raise InputError(builder.faults)
    return value


def _text(path: Path, name: str) -> str:
    """Return the text of a file, at most 1 MiB of UTF-8."""
    try:
        if path.is_dir():
            raise InputError([f"{name}: is a folder; a scenario file is needed"])
        if not path.is_file():
            raise InputError([f"{name}: no such file"])
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(
            [f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}"]
        ) from None
    if len(content) > MAX_BYTES:
        raise InputError(
            [f"{name}: is larger than 1 MiB; big tables go into CSV files beside the scenario"]
        )
    if b"\0" in content:
        raise InputError([f"{name}: is a binary file; a scenario is text in UTF-8"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError([f"{name}:{line}: is not text in UTF-8 (byte {error.start})"]) from None


class _RefusedError(Exception):
    """A scenario uses something of YAML that it may not use."""

    def __init__(self, event: Event, words: str) -> None:
        self.line = int(event.start_mark.line) + 1
        super().__init__(words)


class _StrictComposer(Composer):
    """Compose nodes; stop at the first anchor, alias, tag, or level that is too deep."""

    levels = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _RefusedError(
                event,
                "anchors and aliases (& and *) are not allowed; "
                "write the value out, or quote a text that begins so",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _RefusedError(
                event,
                f"tags such as {str(tag).replace('tag:yaml.org,2002:', '!!')} are not allowed; "
                "leave it out",
            )
        text = str(getattr(event, "value", ""))
        if first_unseen(text) >= 0:
            raise _RefusedError(event, unseen_words(text[first_unseen(text)]))
        self.levels += isinstance(event, CollectionStartEvent)
        if self.levels > MAX_DEPTH:
            raise _RefusedError(event, f"is nested too deeply; at most {MAX_DEPTH} levels")
        node = super().compose_node(parent, index)
        self.levels -= isinstance(event, CollectionStartEvent)
        return node


@lru_cache(maxsize=32)
def _compose(text: str, name: str, *, lines: bool = True) -> Node | None:
    """Return the nodes of a text as a tree, None if it is empty.

    Nobody changes the nodes. A study loads the same parents again and again, so they are kept.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _StrictComposer

    def at(line: int) -> str:
        return f"{name}:{line}" if lines else name

    try:
        node: Node | None = yaml.compose(text)
    except _RefusedError as refusal:
        raise InputError([f"{at(refusal.line)}: {refusal}"]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise InputError([f"{at(line)}: not valid YAML: {_problem(error)}"]) from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InputError(
            [f"{at(line)}: not valid YAML: the character {chr(error.character)!r} is not allowed"]
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        words = (
            "is nested too deeply"
            if isinstance(error, RecursionError)
            else (str(error).splitlines() or ["cannot be read"])[0]
        )
        raise InputError([f"{at(1)}: not valid YAML: {words}"]) from None
    return (
        None if isinstance(node, ScalarNode) and node.value == "" and node.style is None else node
    )


def _problem(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context or "cannot be read")
    if "but found another document" in problem:
        return "a second document begins here; a file has one scenario"
    if "'\\t'" in problem:
        return "got a tab, needs spaces"
    return problem


class _Builder:
    """Build plain data from nodes; note the location of each key and collect faults."""

    def __init__(self, name: str, *, lines: bool = True) -> None:
        self.name = name
        self.lines = lines
        self.locations: dict[Key, SourceLocation] = {}
        self.faults: list[str] = []
        self._constructor = YAML(typ="safe", pure=True).constructor

    def build(self, node: Node, key: Key) -> Any:
        """Return the plain data of the node of a key."""
        if isinstance(node, MappingNode):
            return self._mapping(node, key)
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self.locations[*key, str(index)] = self._location(item)
                items.append(self.build(item, (*key, str(index))))
            return items
        return self._scalar(node, key)

    def _mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._fault(key_node, key, "a key must be a word")
                continue
            here = (*key, str(key_node.value))
            if here[-1] == "<<" and key_node.style is None:
                self._fault(
                    key_node,
                    here,
                    "merge keys are not allowed; use extends, or write the values out",
                )
            elif here[-1] in data:
                first = f", first in line {self.locations[here].line}" if self.lines else ""
                self._fault(key_node, here, f"is given twice{first}; keep one")
            else:
                self.locations[here] = self._location(key_node)
                data[here[-1]] = self.build(value_node, here)
        return data

    def _scalar(self, node: Node, key: Key) -> Any:
        tag = str(node.tag).rsplit(":", 1)[-1]
        if tag not in ("null", "bool", "int", "float"):
            return str(node.value)  # dates too: no key takes a date
        try:
            value = self._constructor.construct_object(node, deep=True)
        except (YAMLError, ValueError, OverflowError):
            self._fault(
                node, key, f"got {str(node.value)[:40]!r}, which cannot be read as a number"
            )
            return None
        whole = (
            isinstance(value, float)
            and math.isfinite(value)
            and value.is_integer()
            and abs(value) < 2**53
        )
        return int(value) if whole and "." not in node.value else value  # 1e6 is a whole number

    def _location(self, node: Node) -> SourceLocation:
        return SourceLocation(self.name, node.start_mark.line + 1 if self.lines else None)

    def _fault(self, node: Node, key: Key, words: str) -> None:
        dotted = f"{'.'.join(key)}: " if key else ""
        self.faults.append(f"{self._location(node)}: {dotted}{words}")
