"""The rights of a Kraken key: their names in GetApiKeyInfo, and their labels on the website."""

from __future__ import annotations

from brokers.description import Permission, Permissions

PERMISSIONS = Permissions(
    needed=(
        Permission("query-funds", "Query Funds"),
        Permission("query-open-trades", "Query Open Orders & Trades"),
        Permission("query-closed-trades", "Query Closed Orders & Trades"),
        Permission("modify-trades", "Create & Modify Orders"),
        Permission("close-trades", "Cancel/Close Orders"),
    ),
    withdrawing=(
        Permission("withdraw-funds", "Withdraw Funds"),
        Permission("add-withdraw-address", "Add Withdrawal Address"),
        Permission("update-withdraw-address", "Update Withdrawal Address"),
    ),
    needless=(Permission("add-funds", "Deposit Funds"),),
)
