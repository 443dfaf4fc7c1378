"""How fast the workflow is, beside its floor and beside what others use; README.md tells how to run it."""
