"""Reconstruction losses, one file each. They have no parameters: the configuration lists their names.

reconstruction(logits, target) -> (B,): the loss of each image, summed over its pixels and channels
pixelwise(logits, target) -> the same, before the sum, in the shape of the images
image(logits) -> the restored image in [0, 1]
LIKELIHOOD = True: for targets of 0 and 1 the loss is a normalised negative log-likelihood in nats; left out where
it is not
"""
