if CLAIMS:

    rule claims:
        input:
            list(claims_sources().values()),
        output:
            f"{RESULTS}/claims/claims.json",
        log:
            f"{RESULTS}/logs/claims.log",
        conda:
            ENVIRONMENT
        threads: 1
        params:
            **job(
                "claims.py",
                {"claims": CLAIMS, "sources": list(claims_sources())},
                [("claims", kind) for kind in claims_file.kinds(CLAIMS)],
            ),
        script:
            "../scripts/claims.py"
