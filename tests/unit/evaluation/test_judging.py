import pandas as pd

from restoration.evaluation import judging

HOLE, WHOLE = ["whole", "hole", "whole"], ["whole"]


def test_a_task_is_judged_inside_the_hole_where_there_is_one():
    assert (judging.region(HOLE), judging.region(WHOLE)) == ("hole", "whole")
    assert judging.ranking(HOLE) == ("raw", "hole", "mse")
    assert judging.champion(HOLE) == ("pasted", "hole", "mse")
    assert judging.likeness(HOLE) == ("pasted", "whole", "ssim")
    assert judging.ranking(WHOLE) == judging.champion(WHOLE) == ("raw", "whole", "mse")
    assert judging.likeness(WHOLE) == ("raw", "whole", "ssim")


def test_a_criterion_selects_rows_with_and_without_a_column_of_measures():
    wide = pd.DataFrame({"output": ["raw", "raw", "pasted"], "region": ["hole", "whole", "hole"], "mse": [1, 2, 3]})
    assert judging.Criterion("raw", "hole", "mse").rows(wide).index.tolist() == [0]
    long = wide.assign(measure=["ssim", "mse", "mse"])
    assert judging.Criterion("raw", "whole", "mse").rows(long).index.tolist() == [1]
    assert judging.Criterion("raw", "hole", "mse").rows(long).empty
