"""A latent space's separation of the classes: the accuracy of a k-nearest-neighbours classifier."""

import numpy as np

from restoration.core import artifacts

NEIGHBOURS = 15


def correct(path: str, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Return for each test image of a latents.npz whether its nearest training images vote for its class, bool (N,).

    Neighbours are the nearest by the Euclidean distance of latent means; a tie goes to the smallest label. Raises
    DamagedFile.
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
