"""Task files, task sampling, seeds of the splits, held-out trials."""
