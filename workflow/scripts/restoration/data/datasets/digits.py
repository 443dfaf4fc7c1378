"""The 1,797 real handwritten digits that scikit-learn carries (Alpaydin and Kaynak, UCI, 1998), in MNIST's form.

The originals have 8 x 8 pixels of 17 grey levels. As in MNIST, each is scaled to a box of 20 x 20 pixels, here by
bicubic interpolation, in the middle of 28 x 28. The file is ordered by writer. The last 360 images are the test set, so
that most of them come from writers that the training set lacks.
"""

from pathlib import Path

import numpy as np

from restoration.core.artifacts import sha256
from restoration.core.errors import UserError
from restoration.data.datasets import Dataset

TRAIN_IMAGES = 1437
TEST_IMAGES = 360
IMAGE_SHAPE = (1, 28, 28)
BOX, SIZE = 20, 28


def load(source: str | None) -> Dataset:
    """Load the digits that come with scikit-learn. `source` must be None."""
    import sklearn.datasets
    from PIL import Image

    if source is not None:
        raise UserError(f"dataset.source: {source!r} is not used by 'digits', which is embedded; remove it")
    small, labels = sklearn.datasets.load_digits(return_X_y=True)
    images = np.zeros((len(small), 1, SIZE, SIZE), np.uint8)
    margin = (SIZE - BOX) // 2
    for image, pixels in zip(images, small.reshape(-1, 8, 8), strict=True):
        grey = Image.fromarray(np.round(pixels * (255 / 16)).astype(np.uint8))
        image[0, margin:-margin, margin:-margin] = np.asarray(grey.resize((BOX, BOX), Image.Resampling.BICUBIC))
    labels = labels.astype(np.int64)
    sources = {"digits.csv.gz": sha256(Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz")}
    train, test = slice(None, -TEST_IMAGES), slice(-TEST_IMAGES, None)
    return Dataset(images[train], labels[train], images[test], labels[test], 10, sources)
