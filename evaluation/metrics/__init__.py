"""What is measured of a run: order (`ranking`), trust (`confidence`), each with its chance (`resampling`).

`columns` are the results as arrays, of which all statistics are made; `estimates` names every metric.
"""
