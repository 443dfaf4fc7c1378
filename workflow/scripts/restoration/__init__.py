"""What the workflow's scripts share: data sets, corruptions, networks, losses, training, inference, metrics.

Conventions, everywhere in this package:

- an image batch is a float tensor of shape (B, C, H, W) with values in [0, 1]; stored images are uint8 (N, C, H, W);
- a mask is a bool tensor of shape (B, 1, H, W), True where the pixel is *hidden* (unknown, to be restored);
- a decoder returns logits; the loss turns them into an image (`losses/<name>.py: image`).

The parts that a user adds to live in a folder each: `datasets`, `corruptions`, `networks`, `losses`, `inference`,
`baselines`, `claims`. A file there is an entry: its name is the name used in the configuration, of `claims` in the file
of the claims (see `registry`).
"""
