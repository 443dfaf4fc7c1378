"""The logic of the benchmarks: tables and ratios of measurements, and what is measured beside time."""

import csv
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import read

from benchmarks import dvc_comparison, launcher, page, recorded, trained
from benchmarks.contenders import joined, layers, pictures, workflow
from benchmarks.measuring import Measurement, Options, spread
from benchmarks.suite import NAMES, dvc, gpu, graph, growth, ssim, step
from restoration.config import configuration, yaml_file

pytestmark = pytest.mark.long

SUITE = Path(graph.__file__).parent
RULES = sorted(path.stem for path in (Path(__file__).parents[3] / "workflow" / "scripts").glob("*.py"))


def measured(case: str, *contenders: str, unit: str = "ms") -> list[Measurement]:
    """Return measurements: 2 of the first contender, 3 of the second, and so on."""
    return [Measurement(case, name, unit, [value]) for value, name in enumerate(contenders, start=2)]


@pytest.fixture
def steps() -> list[Measurement]:
    names = (step.FLOOR, step.STEP, step.DEFAULT, step.PRODUCTS, step.TRAFFIC, step.MEMORY, step.ADAM)
    return [one for case in ("a", "b") for one in measured(case, *names, step.EPOCH_FLOOR, step.EPOCH)]


@pytest.fixture
def result(steps) -> dict[str, Any]:
    return recorded.content("step", steps, Options(mnist=Path("somewhere")), 0.5)


def test_every_benchmark_is_listed():
    assert sorted(NAMES) == sorted(path.stem for path in SUITE.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("name", NAMES)
def test_benchmarks_offer_what_the_driver_calls(name: str):
    benchmark = import_module(f"benchmarks.suite.{name}")
    assert benchmark.TITLE
    assert all(callable(getattr(benchmark, part)) for part in ("run", "table", "summary"))


def test_table_has_the_ratio_to_the_floor(steps):
    lines = step.table(steps)
    head, row = ([cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], lines[2]))
    assert dict(zip(head, row, strict=True))["step / floor"] == "**1.50**"
    assert len({line.count("|") for line in lines[:4]}) == 1
    assert step.summary(steps)[0].figure == "1.50 times"


def test_spread():
    assert spread([1.5, 1.2, 1.3]) == "1.20 to 1.50"
    assert spread([1.204, 1.196]) == "1.20"


def test_results_are_read_as_they_were_written(result, steps, tmp_path):
    recorded.write(result, tmp_path)
    read = recorded.read(["step", "graph"], tmp_path)
    assert read == {"step": result}
    assert recorded.measurements(read["step"]) == steps


def test_results_hold_no_path(result):
    assert result["data"] == "MNIST"
    assert "somewhere" not in json.dumps(result)
    assert str(recorded.ROOT) not in json.dumps(result)


def test_csv_has_a_row_a_contender(result, steps, tmp_path):
    recorded.write_csv({"step": result}, tmp_path)
    with (tmp_path / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["contender"], float(row["median"])) for row in rows] == [
        (one.case, one.contender, one.median) for one in steps
    ]


def test_readme_gets_the_tables_between_its_marks(result, tmp_path):
    readme, folder = tmp_path / "README.md", tmp_path / "results"
    for old in ("", "an older table\n"):
        readme.write_text(f"before\n{page.BEGIN}\n{old}{page.END}\nafter\n")
        page.write({"step": result}, readme, folder)
        text = readme.read_text()
        assert text.startswith(f"before\n{page.BEGIN}\n")
        assert text.endswith(f"\n{page.END}\nafter\n")
        assert "1.50 times" in text
        assert "older" not in text
    assert (folder / page.PICTURE).stat().st_size > 1000
    assert "**1.50**" in (folder / "README.md").read_text()


@pytest.mark.parametrize("kind", graph.KINDS)
def test_each_kind_has_scripts(kind: str):
    for beginning in graph.KINDS[kind]:
        assert kind in {graph.kind(rule) for rule in RULES if rule.startswith(beginning)}


def test_jobs_of_no_kind_are_records():
    assert graph.kind("download") == graph.OTHER


def test_cpu_seconds_are_split_without_rest():
    jobs = [
        {"rule": "train", "cpu": 10.0, "imports": 2.0, "fork_server": 0.0},
        {"rule": "figure_loss", "cpu": 4.0, "imports": 3.0, "fork_server": 1.5},
    ]
    parts = graph.split(jobs, 20.0)
    assert {name: value for name, value in parts.items() if value} == {
        "imports": 6.5,
        "training": 8.0,
        "drawing": 1.0,
        "Snakemake": 4.5,
    }
    assert sum(parts.values()) == 20.0


def test_launcher_accounts_for_a_script(tmp_path):
    burn = "import time\nstart = time.process_time()\nwhile time.process_time() < start + {}: pass\n"
    (tmp_path / "slow.py").write_text(burn.format(0.2))
    script = tmp_path / "tmpabc.train.py"
    script.write_text(f"import slow\n{burn.format(0.4)}")
    command = [sys.executable, launcher.__file__, str(tmp_path), "python", str(script)]
    assert subprocess.run(command).returncode == 0
    (job,) = (json.loads(path.read_text()) for path in tmp_path.glob("*.json"))
    assert job["rule"] == "train"
    assert 0.2 <= job["imports"] < 0.4
    assert job["cpu"] > job["imports"] + 0.4
    assert job["memory"] > 2**20


def test_launcher_fails_as_its_script_does(tmp_path):
    script = tmp_path / "tmpabc.train.py"
    script.write_text("raise SystemExit(3)\n")
    command = [sys.executable, launcher.__file__, str(tmp_path), "python", str(script)]
    assert subprocess.run(command).returncode == 3


@pytest.mark.parametrize("trainings", growth.SHAPES)
def test_growth_has_so_many_trainings(trainings: int):
    config = yaml_file.laid_over(growth.configuration(trainings), read("config.yaml"))
    assert len(configuration.models(configuration.resolve(config))) == trainings


def test_ssim_that_differs_ends_the_benchmark():
    one = torch.tensor([0.5, 0.25])
    assert ssim.difference(one, one + 5e-6) == pytest.approx(5e-6, rel=0.1)
    for other in (one + 2e-5, one * torch.nan):
        with pytest.raises(AssertionError, match="SSIM differs"):
            ssim.difference(one, other)


def test_ssim_of_scikit_image_is_the_workflows():
    for restored, complete in ssim.pairs(Options(quick=True)):
        ssim.difference(ssim.ours(restored[:20], complete[:20]), ssim.by_scikit_image(restored[:20], complete[:20]))


def test_contenders_networks_are_the_workflows():
    model = workflow.create(holes=False)
    start = {name: weights.numpy() for name, weights in model.network.state_dict().items()}
    vae = pictures.VAE()
    pictures.read(vae, start)
    image = torch.rand(5, 1, 28, 28)
    mu, logvar = model.autoencoder.encode(image, None)
    torch.testing.assert_close(vae.encode(image), (mu, logvar))
    logits = model.autoencoder.decode(mu, None).flatten(1)
    torch.testing.assert_close(vae.decode(mu), torch.sigmoid(logits))
    for weights in (pictures.written(vae), joined(layers(start))):
        assert {name: value.tolist() for name, value in weights.items()} == {
            name: value.tolist() for name, value in start.items()
        }
    assert layers(start)["logvar"][0].shape == (20, 400)


def test_contenders_hole_is_on_the_stroke():
    image = torch.zeros(1, 28, 28)
    image[0, 10, 20] = 1
    corrupted, target = pictures.Hole(6)(image)
    assert target is image
    assert not corrupted.any()
    image += 0.5
    corrupted, _ = pictures.Hole(6)(image)
    assert int((corrupted == 0).sum()) == 36


def test_machine_is_described():
    described = recorded.machine()
    assert described["cores"] == os.cpu_count()
    assert described["processor"]
    assert page.hardware(described).startswith(f"{described['processor']} with {described['instructions']}, ")
    assert recorded.versions()["torch"] == torch.__version__.split("+")[0]


def test_trainings_of_a_process_are_told():
    names = ["inpainting vae bce", "inpainting cvae_incomplete mse"]
    told = trained.main("cpu", quick=True, mnist=None, names=names)
    assert {part: len(values) for part, values in told.items()} == {"start": 1, "training": 2, "images": 2}
    assert all(value > 0 for values in told.values() for value in values)


def test_tables_of_a_gpu():
    steps = [
        Measurement("inpainting vae bce", name, "ms", [value])
        for name, value in {gpu.STEP: 0.2, gpu.EAGER: 2.0, gpu.FLOOR: 0.1}.items()
    ]
    steps.append(Measurement("inpainting vae bce", gpu.SAME, "", [0.0]))
    parts = {gpu.AT_ONCE: [20.0], "start": [5.0, 6.0], "training": [2.0, 4.0], "images": [100.0, 100.0]}
    together = [Measurement("cuda, 2 at once", name, "s", values) for name, values in parts.items()]
    restored = [Measurement("inpainting vae bce", "encode", "images/s", [1234.0])]
    text = "\n".join(gpu.table([*steps, *together, *restored]))
    assert "| inpainting vae bce | 0.200 | 2.000 | **10.0** | 0.100 | **2.00** | 0e+00 |" in text
    assert "| cuda, 2 at once | 20.0 | 5.5 | 3.0 | 10 |" in text
    assert "| inpainting vae bce | encode | 1,234 |" in text
    figures = [one.figure for one in gpu.summary([*steps, *together, *restored])]
    assert figures == ["2.00 times", "0.10 times its time", "cuda, 2 at once 20 s"]


def test_no_gpu_is_said():
    assert gpu.table([]) == [gpu.NONE_AT_HAND]
    assert gpu.summary([])[0].figure == "none was at hand"


@pytest.mark.parametrize("change", dvc_comparison.changes(1), ids=lambda change: change.name)
def test_changes_that_dvc_is_compared_by_are_possible(change: dvc_comparison.Change):
    before = (recorded.ROOT / change.file).read_text(encoding="utf-8")
    assert change.old in before
    assert before.replace(change.old, change.new, 1) != before


def test_brief_comparison_with_dvc_has_its_change():
    assert dvc.CHANGE in [change.name for change in dvc_comparison.changes(0)]
