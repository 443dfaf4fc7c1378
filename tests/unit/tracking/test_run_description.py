from test_run_log import METRICS

from restoration.tracking import run_description


def test_the_description_of_a_run_has_its_figures():
    note = run_description.of_model("task vae bce seed 0", METRICS, "results/digits/report/report.html")
    assert note.split("\n") == [
        "**task vae bce seed 0**, measured on 1,000 test images.",
        "",
        "Objective 3: reconstruction 2, KL 1.",
        "",
        "| inference | output | MSE, whole | PSNR, whole | SSIM, whole | accuracy, whole | MSE, hole | PSNR, hole | "
        "SSIM, hole |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| encode | raw | 0.1 | 10 | 0.5 | 0.9 | 0.2 | 7 | 0.4 |",
        "",
        "Beside the others: `results/digits/report/report.html`",
    ]


def test_a_figure_that_one_method_has_not_is_left_empty():
    scores = {**METRICS["scores"], "other": {"raw": {"whole": {"mse": 0.3}}}}
    last = run_description.of_model("name", {**METRICS, "scores": scores}).split("\n")[-1]
    assert last == "| other | raw | 0.3 |  |  |  |  |  |  |"
