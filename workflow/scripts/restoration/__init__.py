"""The code that the workflow's scripts share, in storeys: each imports only what lies below it.

    report       the page, the index, figure style, RO-Crate
    tracking     MLflow: a mirror of files, the model registry
    champion     the restorer that a task keeps: load, restore pictures, serve
    comparison   all restorers against one another: bootstrap, intervals, claims, choice of the champion
    config       the configuration: read, checked, completed (no torch)
    evaluation   what one model or baseline scores
    restorers    ways to restore: inference of trained models, baselines
    models       networks, losses, the objective, training, model files
    data         data sets, corruptions, holes, picture and IDX files, stored arrays
    execution    what this workflow adds to a run of Snakemake
    core         files written whole, errors, the registry of parts, fingerprints, what every script does (no torch)

Conventions in the whole package:

- an image batch is a float tensor of shape (B, C, H, W) with values in [0, 1]; stored images are uint8 (N, C, H, W);
- a mask is a bool tensor of shape (B, 1, H, W), True where the pixel is *hidden* (unknown, to be restored);
- a decoder returns logits; the loss turns them into an image (`models/losses/<name>.py: image`).

A user adds parts as files in seven folders (`core/registry.py: FOLDERS`); nothing lists them.
"""
