"""``paramassign scan DATASET OUT``: sources in Parquet, as many as there are, on Dask."""
