"""The benchmarks, one file each. A file `name.py` is what `bench.py --only name` runs, and defines

TITLE: what its table is headed with
PEERS = True: it runs in the environment of the peers (peers.in); left out where it does not
run(options) -> list[Measurement]: measure; nothing is printed but progress, to stderr
table(measurements) -> list[str]: the lines of Markdown with all figures
summary(measurements) -> list[Line]: what README.md at the root shows
"""

NAMES = ["step", "peers", "corruption", "inference", "ssim", "graph", "growth", "dvc", "gpu"]
