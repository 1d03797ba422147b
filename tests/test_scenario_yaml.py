"""Check that YAML which no scenario needs is refused, and that the rest is read as YAML 1.2."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargesim.errors import InputError
from chargesim.scenario.reading import dump_yaml
from chargesim.scenario.unseen import first_unseen
from chargesim.scenario.yaml_text import MAX_BYTES, MAX_DEPTH, read_document, read_value


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(content: str | bytes) -> list[str]:
    Path("x.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        read_document(Path("x.yaml"))
    return caught.value.faults


REFUSED = {
    "": "x.yaml: is empty; a scenario is needed",
    "# nothing but words\n": "x.yaml: is empty; a scenario is needed",
    "---\n": "x.yaml: is empty; a scenario is needed",
    "\n- a\n": "x.yaml:2: is not a scenario; it needs keys such as `name: ...` at the top level",
    "just words": "x.yaml:1: is not a scenario; it needs keys such as `name: ...` at the top level",
    "a: 1\nb:\n  c: 1\n  c: 2\n": "x.yaml:4: b.c: is given twice, first in line 3; keep one",
    "a: &x 1\nb: *x\n": (
        "x.yaml:1: anchors and aliases (& and *) are not allowed; write the value out, or "
        "quote a text that begins so"
    ),
    "a: 1\nb: *x\n": (
        "x.yaml:2: anchors and aliases (& and *) are not allowed; write the value out, or "
        "quote a text that begins so"
    ),
    "a: 1\nb: !!python/object:os.system {}\n": (
        "x.yaml:2: tags such as !!python/object:os.system are not allowed; leave it out"
    ),
    "a: !mine 3\n": "x.yaml:1: tags such as !mine are not allowed; leave it out",
    "a: !!binary aGk=\n": "x.yaml:1: tags such as !!binary are not allowed; leave it out",
    "a: 1\n<<: {b: 2}\n": (
        "x.yaml:2: <<: merge keys are not allowed; use extends, or write the values out"
    ),
    "a: 1\n? [b, c]\n: 2\n": "x.yaml:2: a key must be a word",
    "a: 1\nb: [1, 2\n": "x.yaml:3: not valid YAML: expected ',' or ']', but got '<stream end>'",
    "a: 1\n b: 2\n": "x.yaml:2: not valid YAML: mapping values are not allowed here",
    "a:\n\tb: 2\n": "x.yaml:2: not valid YAML: got a tab, needs spaces",
    "a: 1\n---\nb: 2\n": (
        "x.yaml:2: not valid YAML: a second document begins here; a file has one scenario"
    ),
    "a: 1\nb: \x07\n": "x.yaml:2: not valid YAML: the character '\\x07' is not allowed",
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_refused_text(text: str, words: str) -> None:
    assert refusal(text) == [words]


def test_refused_bytes() -> None:
    assert refusal(b"PK\x03\x04\x00\x00") == [
        "x.yaml: is a binary file; a scenario is text in UTF-8"
    ]
    assert refusal(b"a: 1\nb: \xff\xfe\n") == ["x.yaml:2: is not text in UTF-8 (byte 8)"]
    assert refusal("name: Köln".encode("utf-16")) == [
        "x.yaml: is a binary file; a scenario is text in UTF-8"
    ]
    assert refusal(b"a: 1 #" + b"x" * MAX_BYTES) == [
        "x.yaml: is larger than 1 MiB; big tables go into CSV files beside the scenario"
    ]


def test_no_file() -> None:
    Path("folder").mkdir()
    for name, words in {
        "nix.yaml": "no such file",
        "folder": "is a folder; a scenario file is needed",
    }.items():
        with pytest.raises(InputError) as caught:
            read_document(Path(name))
        assert caught.value.faults == [f"{name}: {words}"]


@pytest.mark.parametrize(
    "bomb",
    [
        "a: " + "[" * 100_000,
        "a: " + "{b: " * 50_000,
        "a:\n  " + "- " * 20_000 + "1",
        "".join("  " * depth + "a:\n" for depth in range(200)) + "  " * 200 + "1",
        "a: " + "[" * (MAX_DEPTH) + "]" * (MAX_DEPTH),
    ],
)
def test_depth_bombs(bomb: str) -> None:
    (words,) = refusal(bomb)
    assert words.endswith(f"is nested too deeply; at most {MAX_DEPTH} levels")
    assert words.startswith("x.yaml:")


def test_deepest_allowed() -> None:
    Path("x.yaml").write_text("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    assert read_document(Path("x.yaml")).data["a"] is not None


def test_brackets_in_words_are_no_depth() -> None:
    Path("x.yaml").write_text("# [[[[\n" * 20 + 'a: "' + "[" * 100 + '"\n')
    assert read_document(Path("x.yaml")).data == {"a": "[" * 100}


def test_alias_bomb() -> None:
    bomb = "a: &a [1, 1, 1, 1]\n" + "".join(
        f"{c}: &{c} [{', '.join(['*' + chr(ord(c) - 1)] * 9)}]\n" for c in "bcdefghij"
    )
    assert refusal(bomb) == [
        (
            "x.yaml:1: anchors and aliases (& and *) are not allowed; write the value out, or "
            "quote a text that begins so"
        )
    ]


def test_all_duplicates_at_once() -> None:
    assert refusal("a: 1\na: 2\nb: 1\nb: 2\n") == [
        "x.yaml:2: a: is given twice, first in line 1; keep one",
        "x.yaml:4: b: is given twice, first in line 3; keep one",
    ]


def test_locations() -> None:
    Path("x.yaml").write_text("# c\na: 1\nb:\n  - {c: 2}\n  - 3\n")
    locations = read_document(Path("x.yaml")).locations
    assert {".".join(key): str(location) for key, location in locations.items()} == {
        "a": "x.yaml:2",
        "b": "x.yaml:3",
        "b.0": "x.yaml:4",
        "b.0.c": "x.yaml:4",
        "b.1": "x.yaml:5",
    }


VALUES = {
    "1e6": 1_000_000,
    "1.5e-3": 0.0015,
    "1e-3": 0.001,
    "null": None,
    "~": None,
    "no": "no",
    "NO": "NO",
    "yes": "yes",
    "on": "on",
    "true": True,
    "1_000": 1000,
    "012": 12,
    "12:30": "12:30",
    "2025-12-31": "2025-12-31",
    "[1, a, {b: 2.0}]": [1, "a", {"b": 2.0}],
    "{value: 3, source: x}": {"value": 3, "source": "x"},
    "''": "",
}


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_values_of_set(text: str, value: object) -> None:
    read = read_value(text, "--set a")
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no value; write null for none"),
        ("[1, 2", "not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("{a: 1, a: 2}", "a: is given twice; keep one"),
        (
            "*x",
            (
                "anchors and aliases (& and *) are not allowed; write the value out, "
                "or quote a text that begins so"
            ),
        ),
    ],
)
def test_refused_values_of_set(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_value(text, "--set a")
    assert caught.value.faults == [f"--set a: {words}"]


def test_byte_order_mark() -> None:
    Path("x.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(Path("x.yaml")).data == {"a": 1}


def seen(most: int) -> st.SearchStrategy[str]:
    """Return texts without a character that no scenario may have."""
    return st.text(max_size=most).filter(lambda text: first_unseen(text) < 0)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | seen(20)
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(seen(8), inner, max_size=4),
    max_leaves=20,
)


@given(data=st.dictionaries(seen(8), DATA, min_size=1, max_size=5))
def test_dump_and_read_give_the_same(
    data: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "dumped.yaml"
    path.write_text(dump_yaml(data), encoding="utf-8", newline="")
    assert read_document(path).data == data
