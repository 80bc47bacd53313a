"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# A busy machine makes no property wrong. Where changes are judged, the same examples come every time; anywhere else new
# ones are tried at each run.
settings.register_profile("nija", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("nija")
