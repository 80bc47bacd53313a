"""What NIJA earned, from its own fills: trades, returns, reports and tax lots. Reads journals, writes none."""
