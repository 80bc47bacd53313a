"""The rights of a Coinbase key: their names in /key_permissions without `can_`, and their labels on the website."""

from __future__ import annotations

from brokers.description import Permission, Permissions

PERMISSIONS = Permissions(
    needed=(Permission("view", "View"), Permission("trade", "Trade")),
    withdrawing=(Permission("transfer", "Transfer"),),
    needless=(Permission("receive", "Receive"),),
)
