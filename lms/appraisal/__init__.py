"""Room appraisal: schemes, cycles, ratings, and the one place where training and business results meet."""
