"""The exchange-neutral matching engine and its books."""
