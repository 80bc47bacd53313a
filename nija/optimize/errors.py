"""What a user can mend."""

from __future__ import annotations


class OptimizeError(ValueError):
    """Nothing can be tried as asked. The text names the option, the value, and what was expected."""
