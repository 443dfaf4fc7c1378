"""The restorer that a task keeps: loaded, restoring pictures, served."""
