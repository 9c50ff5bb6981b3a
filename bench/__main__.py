"""Measure, and print a table: `make bench DATABASE=postgresql ARGS="bulk small --repeat 5"`."""

from __future__ import annotations

import argparse

from django.db import connection

from bench import reference_tables
from bench.fixture import stage
from bench.measures import MAX_SIZE, MEASURES, Figure


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="how often each is measured")
    parser.add_argument("measures", nargs="*", metavar="measure", help=", ".join(MEASURES))
    options = parser.parse_args()
    if unknown := {*options.measures} - {*MEASURES}:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    print(f"{connection.vendor}, medians of {options.repeat}\n")
    print("| what | of | measured | goal | |\n|---|---|--:|--:|---|")
    with stage(MAX_SIZE) as where:
        reference_tables.make_tables(where.user)
        reference_tables.analyze()
        for name in options.measures or MEASURES:
            for figure in MEASURES[name](where, options.repeat):
                _print(figure)


def _print(figure: Figure) -> None:
    met = "" if figure.value <= figure.goal else "over"
    value = f"{figure.value:.2f} {figure.unit}"
    print(f"| {figure.name} | {figure.what} | {value} | ≤ {figure.goal:g} | {met} |", flush=True)


if __name__ == "__main__":
    main()
