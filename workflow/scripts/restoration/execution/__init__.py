"""What goes round an execution of Snakemake."""
