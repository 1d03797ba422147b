"""Make the golden tables anew: `python tests/goldens/make.py [CASE...]`, all without a name.

Set PYTHONPATH to the root of the program that answers. `--check` writes nothing and prints what
differs.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))


def main(words: list[str]) -> int:
    """Make the tables of the named cases."""
    import golden_tables
    from golden_cases import CASES

    import chargesim

    only = [word for word in words if word != "--check"]
    unknown = [name for name in only if name not in CASES]
    if unknown:
        print(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}", file=sys.stderr)
        return 2
    print(f"the program in {Path(str(chargesim.__file__)).parent}")
    wrong = 0
    for case in [CASES[name] for name in only] or list(CASES.values()):
        begun = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            table = golden_tables.table_of(case, golden_tables.ask(case, Path(folder)))
        seconds = time.process_time() - begun
        path = HERE / f"{case.golden}.csv"
        new = not case.answers and "--check" not in words
        if new:
            golden_tables.write_table(path, table)
        lines = golden_tables.differing(golden_tables.read_table(path), table, exact=True)
        wrong += bool(lines)
        state = "written" if new else "the same" if not lines else f"{len(lines)} values differ"
        state += ", slow" if case.slow else ""
        cost = f"{seconds:6.1f} s of processor  {len(table):6} values"
        print(f"{case.name:40} {cost}, {state}", flush=True)
        for line in lines[:10]:
            print(f"    {line}")
    if "--check" not in words:
        golden_tables.MACHINE.write_text(
            json.dumps(golden_tables.machine(), indent=2) + "\n", encoding="utf-8"
        )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
