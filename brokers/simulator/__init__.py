"""An exchange of our own, with a face for each protocol that it speaks."""

from brokers.model import Exchange

FACES = (Exchange.KRAKEN, Exchange.COINBASE)
