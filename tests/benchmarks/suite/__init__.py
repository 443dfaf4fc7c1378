"""The benchmarks, one file each. A file `name.py` is what `bench.py --only name` runs, and defines

TITLE: what the table is headed with
run(options) -> list[Measurement]: measure; nothing is printed but progress, to stderr
table(measurements) -> list[str]: the lines of Markdown that README.md shows, from the stored measurements alone
"""
