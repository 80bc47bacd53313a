"""What a backtest shows: figures, controls, and the report."""
