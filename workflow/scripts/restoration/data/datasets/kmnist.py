"""Kuzushiji-MNIST (Clanuwat et al., 2018): MNIST's format and sizes, ten cursive Japanese characters."""

from restoration.data import idx
from restoration.data.datasets import Dataset

TRAIN_IMAGES = 60_000
IMAGE_SHAPE = (1, 28, 28)
# Checksums of the published archives; of unpacked files, only the form is checked.
SHA256 = {
    "train-images-idx3-ubyte.gz": "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
    "train-labels-idx1-ubyte.gz": "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
    "t10k-images-idx3-ubyte.gz": "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
    "t10k-labels-idx1-ubyte.gz": "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
}


def load(source: str | None) -> Dataset:
    """Load from a folder of IDX files, a mirror's address, or, with None, from torchvision's mirrors."""
    return idx.load("KMNIST", SHA256, source)
