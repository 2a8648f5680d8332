"""From evidence to hits: what speaks for each answer, how it is weighed into an order and a confidence, and the fit."""
