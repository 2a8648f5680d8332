"""Query sets in, metrics, comparisons and reports out."""
