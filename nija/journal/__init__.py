"""The memory of an account: intents, orders, fills, positions, equity and events, committed before each effect."""
