import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from helpers import VARIANTS

from restoration.core import registry
from restoration.core.errors import UserError
from restoration.data import corruptions
from restoration.data.device import as_float
from restoration.models import model_file, objective, optimizer, training

SETTINGS = {"epochs": 3, "batch_size": 16, "learning_rate": 0.003, "schedule": "constant", "weight_decay": 0}
IMAGES = 120  # eight iterations an epoch, the last of them with half a batch


class Stopped(Exception):
    """What stops a training from outside."""


@pytest.fixture
def data(strokes) -> tuple[np.ndarray, np.ndarray]:
    return strokes(IMAGES, (1, 8, 8))


@pytest.fixture
def trainer(build_model, data, tmp_path) -> Callable[..., training.Trainer]:
    def make(
        name: str = "cvae_label",
        checkpoint: str = "state.pt",
        loss: str = "bce",
        seed: int = 0,
        corrupt: corruptions.Corrupt | None = None,
        **settings: float | str,
    ) -> training.Trainer:
        model = build_model(name, loss, shape=(1, 8, 8), seed=seed)
        corrupt = corrupt or corruptions.build({"name": "stroke_hole", "size": 3})
        return training.Trainer(model, *data, corrupt, SETTINGS | settings, seed, tmp_path / checkpoint)

    return make


def run(loop: training.Trainer, show: Callable[[int, float], None] = lambda *_: None) -> list[int]:
    """To the end; the iterations at which `log` was called."""
    images, labels = loop.images.numpy()[:20], loop.labels.numpy()[:20]
    mask, logged = np.zeros((20, 1, 8, 8), bool), []
    loop.run(
        lambda model: objective.held_out(model, images, images, mask, labels, loop.seed),
        show,
        lambda trained: logged.append(trained.iteration),
    )
    return logged


def result(loop: training.Trainer) -> tuple[torch.Tensor, list[dict[str, float]], torch.Tensor]:
    """All that a training leaves: record, validation and weights."""
    return loop.record, loop.validation, torch.cat([w.detach().flatten() for w in loop.model.network.parameters()])


def assert_identical(one: training.Trainer, other: training.Trainer) -> None:
    (record, validation, weights), (other_record, other_validation, other_weights) = result(one), result(other)
    assert record.equal(other_record)
    assert validation == other_validation
    assert weights.equal(other_weights)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize(
    "loss", ["bce", *(pytest.param(name, marks=pytest.mark.long) for name in registry.names("losses") if name != "bce")]
)
def test_the_loss_goes_down(name, loss, trainer):
    loop = trainer(name, loss=loss, epochs=12)
    run(loop)
    first, last = loop.record[:8].mean(dim=0), loop.record[-8:].mean(dim=0)
    assert last[0] < 0.7 * first[0]
    assert loop.validation[-1]["objective"] < loop.validation[0]["objective"]
    torch.testing.assert_close(loop.record[:, 0], loop.record[:, 1] + loop.record[:, 2])
    assert (loop.record[:, 2] > 0).all() == loop.model.network.variational
    assert (loop.record[:, 2] == 0).all() != loop.model.network.variational


@pytest.mark.parametrize("name", ["ae", "unet"])
def test_the_network_is_in_training_while_it_trains_and_not_while_it_is_validated(name, trainer, monkeypatch):
    loop, stepping, validating = trainer(name), [], []
    step, network = loop.step, loop.model.network
    monkeypatch.setattr(loop, "step", lambda indices: (stepping.append(network.training), step(indices)))
    loop.run(
        lambda _: validating.append(network.training) or dict.fromkeys(objective.MEASURED, 0.0),
        lambda *_: None,
        lambda _: None,
    )
    assert stepping == [True] * 24
    assert validating == [False] * 3


def test_the_record_has_a_row_for_each_iteration_and_validation_one_for_each_epoch(trainer):
    loop = trainer()
    assert not loop.finished
    logged = run(loop)
    assert loop.finished
    assert loop.record.shape == (24, 3)
    assert logged == [8, 16, 24]
    assert [row["iteration"] for row in loop.validation] == [8, 16, 24]
    assert loop.validation[0].keys() == {"iteration", "objective", "reconstruction", "kl"}


def test_each_epoch_visits_every_image_once_in_an_order_of_its_own(trainer, monkeypatch):
    loop, visited = trainer(), []
    step = loop.step
    monkeypatch.setattr(loop, "step", lambda indices: (visited.append(indices.tolist()), step(indices)))
    run(loop)
    assert [len(indices) for indices in visited] == [16] * 7 + [8] + [16] * 7 + [8] + [16] * 7 + [8]
    epochs = [list(itertools.chain(*visited[start : start + 8])) for start in (0, 8, 16)]
    assert all(sorted(order) == list(range(IMAGES)) for order in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_show_is_called_with_the_iterations_made_and_their_objective(trainer, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 3)
    loop, shown = trainer(epochs=2), []
    run(loop, lambda iteration, value: shown.append((iteration, value)))
    assert [iteration for iteration, _ in shown] == [3, 6, 8, 9, 12, 15, 16]
    assert [value for _, value in shown] == [loop.record[iteration - 1, 0].item() for iteration, _ in shown]


@pytest.mark.parametrize("name", VARIANTS)
def test_training_shows_the_network_what_the_variant_says(name, trainer, data, monkeypatch):
    loop, given = trainer(name), []
    parts = objective.parts
    monkeypatch.setattr(objective, "parts", lambda *arguments: (given.append(arguments), parts(*arguments))[1])
    indices = torch.tensor([5, 0, 77])
    generator = torch.Generator()
    generator.set_state(loop.generator.get_state())
    complete = as_float(data[0])[indices]
    corrupted, mask = loop.corrupt(complete, generator)
    loop.step(indices)

    variant = loop.model.variant
    [(network, loss, image, condition, target, own)] = given
    assert (network, loss, own) == (loop.model.network, loop.model.loss, loop.generator)
    assert image.equal({"complete": complete, "corrupted": corrupted}[variant.encoder_input])
    assert target.equal(complete)
    expected = variant.granted(corrupted, mask, torch.from_numpy(data[1])[indices], loop.model.classes)
    assert (condition is None) == (expected is None) == (variant.condition == "none")
    assert condition is None or condition.equal(expected)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_corruption_is_part_of_a_training_unless_nothing_of_it_is_seen(name, trainer):
    plain, other = (trainer(name, corrupt=corruptions.build({"name": "stroke_hole", "size": s})) for s in (2, 7))
    run(plain)
    run(other)
    assert plain.record.equal(other.record) != plain.model.variant.sees_corruption
    assert plain.model.variant.sees_corruption == (name not in ("vae", "conv_vae"))


def test_the_target_is_the_complete_image(trainer, data):
    loop = trainer("ae", corrupt=lambda images, _: (torch.zeros_like(images), torch.ones_like(images).bool()))
    indices = torch.arange(16)
    with torch.no_grad():
        logits = loop.model.network.decode(loop.model.network.encode(torch.zeros(16, 1, 8, 8), None)[0], None)
        expected = loop.model.loss.reconstruction(logits, as_float(data[0])[indices]).mean()
    loop.step(indices)
    torch.testing.assert_close(loop.record[0, 0], expected)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_each_iteration_has_the_learning_rate_of_its_schedule(schedule, trainer, monkeypatch):
    loop, rates = trainer(schedule=schedule, learning_rate=0.002), []
    step = loop.optimiser.step

    def noted(gradients) -> None:
        rates.append(loop.optimiser.learning_rate)
        step(gradients)

    monkeypatch.setattr(loop.optimiser, "step", noted)
    run(loop)
    assert rates == pytest.approx([0.002 * optimizer.factor(schedule, iteration / 24) for iteration in range(24)])


@pytest.mark.parametrize("name", ["ae", "cvae_incomplete", "unet", "unet_dropout", "cvae_prior"])
def test_two_trainings_of_one_seed_are_bit_identical_whatever_the_global_generator(name, trainer):
    loops = []
    for place in ("first.pt", "second.pt"):
        torch.manual_seed(len(loops))
        loops.append(trainer(name, place))
        run(loops[-1])
    assert_identical(*loops)


def test_trainings_of_different_seeds_differ(trainer):
    first, second = trainer(checkpoint="first.pt"), trainer(checkpoint="second.pt", seed=1)
    run(first)
    run(second)
    assert not first.record.equal(second.record)
    assert not result(first)[2].equal(result(second)[2])


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize(
    ("stop", "schedule"),
    [(12, "cosine"), *(pytest.param(*case, marks=pytest.mark.long) for case in [(2, "constant"), (20, "cosine")])],
)
def test_a_stopped_training_goes_on_to_the_same_end(name, stop, schedule, trainer, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 2)
    whole = trainer(name, "whole.pt", schedule=schedule)
    run(whole)

    stopped = trainer(name, schedule=schedule)

    def show(iteration: int, _: float) -> None:
        if iteration == stop:
            stopped.save()
        elif iteration > stop:
            raise Stopped

    with pytest.raises(Stopped):
        run(stopped, show)
    assert stop < stopped.iteration < len(stopped.record)

    resumed = trainer(name, schedule=schedule)
    assert resumed.resume()
    assert resumed.iteration == stop
    assert len(resumed.validation) == stop // 8
    logged = run(resumed)
    assert logged == [8, 16, 24][stop // 8 :]
    assert_identical(resumed, whole)


def test_a_training_that_is_stopped_again_and_again_comes_to_the_same_end(trainer, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 2)
    whole = trainer(checkpoint="whole.pt")
    run(whole)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -math.inf)
    monkeypatch.setattr(training, "CHECKPOINT_COST", math.inf)

    def stop_soon(loop: training.Trainer) -> None:
        first = loop.iteration

        def show(iteration: int, _: float) -> None:
            if iteration > first + 2:
                raise Stopped

        with pytest.raises(Stopped):
            run(loop, show)

    starts = []
    loop = trainer()
    while loop.iteration < 20:
        starts.append(loop.iteration)
        stop_soon(loop)
        loop = trainer()
        assert loop.resume()
    run(loop)
    assert len(set(starts)) == len(starts) > 5
    assert_identical(loop, whole)
    assert loop.checkpoint.read_bytes() == whole.checkpoint.read_bytes()


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_finished_checkpoint_resumes_as_finished(schedule, trainer):
    loop = trainer(schedule=schedule)
    run(loop)
    resumed = trainer(schedule=schedule)
    assert resumed.resume()
    assert resumed.finished
    assert run(resumed) == []
    assert_identical(resumed, loop)


def test_a_finished_checkpoint_holds_no_optimiser(trainer):
    loop = trainer()
    loop.save()
    unfinished = model_file.read_tensors(loop.checkpoint)
    run(loop)
    assert unfinished.keys() - model_file.read_tensors(loop.checkpoint).keys() == {"optimiser", "generator"}


def test_checkpoints_are_written_when_they_are_due(trainer, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 3)
    saves: dict[float, list[int]] = {}
    for seconds in (-math.inf, math.inf):
        monkeypatch.setattr(training, "CHECKPOINT_SECONDS", seconds)
        monkeypatch.setattr(training, "CHECKPOINT_COST", math.inf)
        loop = trainer(epochs=2)
        save, at = loop.save, saves.setdefault(seconds, [])
        monkeypatch.setattr(loop, "save", lambda save=save, at=at, loop=loop: (at.append(loop.iteration), save()))
        run(loop)
    assert saves == {-math.inf: [3, 6, 8, 9, 12, 15, 16], math.inf: [16]}


def test_a_trained_unet_is_saved_and_loaded(trainer, tmp_path):
    loop = trainer("unet", schedule="cosine")
    run(loop)
    model_file.save(loop.model, tmp_path / "model.pt")
    loaded = model_file.load(tmp_path / "model.pt")
    generator = torch.Generator().manual_seed(0)
    images, mask = torch.rand(5, 1, 8, 8, generator=generator), torch.zeros(5, 1, 8, 8)
    with torch.no_grad():
        expected = loop.model.network.restore(images, mask.flatten(1))
        assert loaded.network.restore(images, mask.flatten(1)).equal(expected)


def test_a_training_without_a_checkpoint_starts_afresh(trainer):
    loop = trainer()
    assert not loop.resume()
    assert loop.iteration == 0


def divergence(loop: training.Trainer) -> str:
    with pytest.raises(UserError) as caught:
        run(loop)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_learning_rate_that_is_too_large_ends_with_a_message(trainer):
    loop = trainer(learning_rate=1e6)
    message = divergence(loop)
    bad = next(row for row, value in enumerate(loop.record[:, 0]) if not value <= 10 * loop.record[0, 0])
    objective_, reconstruction, kl = loop.record[bad - 1].tolist()
    assert f"iteration {bad + 1} has the objective" in message
    good = f"iteration {bad}: objective {objective_:.4g}, reconstruction {reconstruction:.4g}, KL {kl:.4g}"
    assert good in message
    assert "training.learning_rate" in message


@pytest.mark.parametrize("at", [2, 7, 20])
def test_a_value_that_is_no_number_is_named_with_the_last_good_figures(at, trainer, monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 4)
    calls = []

    def corrupt(images: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        calls.append(len(images))
        return images * (math.nan if len(calls) == at else 1), torch.zeros_like(images).bool()

    loop = trainer("vae_incomplete", corrupt=corrupt)
    message = divergence(loop)
    assert f"iteration {at} has the objective nan" in message
    assert f"iteration {at - 1}: objective {loop.record[at - 2, 0].item():.4g}," in message
    assert loop.iteration < at + 4


def test_a_training_that_diverges_at_once_has_no_good_figures(trainer):
    message = divergence(trainer("ae", corrupt=lambda images, _: (images * math.nan, images > 2)))
    assert "iteration 1 has the objective nan; last good figures: none before it" in message


def test_a_diverged_training_does_not_overwrite_its_last_good_checkpoint(trainer, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -math.inf)
    monkeypatch.setattr(training, "CHECKPOINT_COST", math.inf)
    monkeypatch.setattr(training, "CHUNK", 2)
    calls = itertools.count(1)
    loop = trainer("ae", corrupt=lambda images, _: (images * (math.nan if next(calls) == 12 else 1), images > 2))
    divergence(loop)
    kept = model_file.read_tensors(loop.checkpoint)
    assert kept["iteration"] == 10
    assert kept["record"].isfinite().all()
    assert all(weights.isfinite().all() for weights in kept["network"].values())
    assert [path.name for path in loop.checkpoint.parent.iterdir()] == ["state.pt"]


def test_a_training_goes_on_without_checkpoints_and_says_so_once(trainer, monkeypatch, caplog):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", -math.inf)
    monkeypatch.setattr(training, "CHECKPOINT_COST", math.inf)
    monkeypatch.setattr(training, "CHUNK", 2)
    loop = trainer()

    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loop, "save", full)
    run(loop)
    assert loop.finished
    assert [record.message for record in caplog.records] == [
        f"{loop.checkpoint}: no checkpoint ([Errno 28] No space left on device); the training goes on"
    ]
