"""Setting an account up: where to get a key, whether it works, and how it gets into .env."""
