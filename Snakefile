# Which autoencoder restores images best? `snakemake --cores 4` answers for config/config.yaml; README.md has the rest.
from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/likelihood.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/champion.smk"
include: "workflow/rules/restore.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/run.smk"


rule all:
    default_target: True
    input:
        rules.provenance.input,
        rules.provenance.output,
        rules.register.output,
