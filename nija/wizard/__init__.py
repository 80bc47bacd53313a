"""The setup wizard: how to get a key, whether it works, and how it gets into .env."""
