"""From an intent to its fills: no order is sent twice, lost or forgotten."""
