"""Files that mean harm, made on the spot; only ``run_mutants`` imports retouchd."""
