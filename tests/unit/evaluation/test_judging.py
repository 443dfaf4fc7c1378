import pandas as pd
import torch

from restoration.evaluation import judging, metrics, scoring

HOLE, WHOLE = ["whole", "hole", "whole"], ["whole"]


def test_a_task_is_judged_inside_the_hole_where_there_is_one():
    assert (judging.region(HOLE), judging.region(WHOLE)) == ("hole", "whole")
    assert judging.ranking(HOLE) == ("raw", "hole", "mse")
    assert judging.champion(HOLE) == ("pasted", "hole", "mse")
    assert judging.likeness(HOLE) == ("pasted", "whole", "ssim")
    assert judging.ranking(WHOLE) == judging.champion(WHOLE) == ("raw", "whole", "mse")
    assert judging.likeness(WHOLE) == ("raw", "whole", "ssim")


def test_raw_and_pasted_rank_alike_because_they_are_equal_inside_the_hole():
    raw, complete = torch.rand(2, 9, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(9, 1, 8, 8, dtype=torch.bool)
    mask[..., 2:5, 3:6] = True
    pasted = scoring.paste(raw, complete, mask)
    errors = [metrics.mse((image - complete).square(), mask) for image in (raw, pasted)]
    assert torch.equal(*errors)


def test_a_criterion_selects_rows_with_and_without_a_column_of_measures():
    wide = pd.DataFrame({"output": ["raw", "raw", "pasted"], "region": ["hole", "whole", "hole"], "mse": [1, 2, 3]})
    assert judging.Criterion("raw", "hole", "mse").rows(wide).index.tolist() == [0]
    long = wide.assign(measure=["ssim", "mse", "mse"])
    assert judging.Criterion("raw", "whole", "mse").rows(long).index.tolist() == [1]
    assert judging.Criterion("raw", "hole", "mse").rows(long).empty
