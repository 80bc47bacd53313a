"""Many backtests over ranges of parameters, and how much of the best of them is luck."""
