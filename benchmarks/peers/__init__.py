"""Souffleur beside what a user would pick instead, on the same machine, in the same run, on the same texts."""
