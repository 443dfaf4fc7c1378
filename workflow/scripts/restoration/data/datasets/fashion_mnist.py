"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): MNIST's format and sizes, ten classes of clothing."""

from restoration.data import idx
from restoration.data.datasets import Dataset

TRAIN_IMAGES = 60_000
IMAGE_SHAPE = (1, 28, 28)
# Checksums of the published archives; of unpacked files, only the form is checked.
SHA256 = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


def load(source: str | None) -> Dataset:
    """Load from a folder of IDX files, a mirror's address, or, with None, from torchvision's mirrors."""
    return idx.load("FashionMNIST", SHA256, source)
