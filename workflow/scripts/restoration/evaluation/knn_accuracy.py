"""How well a latent space tells the classes apart: a vote of the nearest training images names a test image's class."""

import numpy as np

from restoration.core import artifacts

NEIGHBOURS = 15


def correct(path: str, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Of each test image of a latents.npz, whether its neighbours' vote is right; a tie goes to the smallest label.

    Neighbours by the Euclidean distance of latent means. Raises DamagedFile.
    """
    from scipy.spatial import cKDTree

    train, train_labels, test, test_labels = artifacts.read_npz(path, "train", "train_labels", "test", "test_labels")
    with artifacts.reading(path):
        count = min(neighbours, len(train))
        _, nearest = cKDTree(train).query(test, k=count)
        labels = train_labels[nearest.reshape(len(test), count)]
        classes = int(max(train_labels.max(), test_labels.max())) + 1
        votes = np.stack([(labels == label).sum(axis=1) for label in range(classes)], axis=1)
        return votes.argmax(axis=1) == test_labels
