"""How each act is carried out at the exchange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import Side
from brokers.simulator.acts import Act, ActKind
from brokers.simulator.engine.markets import MarketSpec, Mode, floor_to
from brokers.simulator.engine.orders import Amendment, EngineOrder
from brokers.simulator.engine.refusals import Barrier, Restriction
from brokers.simulator.foreign_orders import foreign_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from brokers.simulator.engine.hands import Hands
    from brokers.simulator.mounted import MountedFace


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an act takes place. `first` is the market as first listed."""

    face: MountedFace
    hands: Hands
    first: MarketSpec

    def amount(self, share: Decimal, balance: Decimal) -> Decimal:
        return floor_to(balance * share, self.first.amount_step)

    def of_base(self, act: Act) -> Decimal:
        return self.amount(act.share, self.hands.account.balance(self.first.base))

    def picked(self, act: Act, orders: Sequence[EngineOrder]) -> EngineOrder:
        if not orders:
            raise ValueError("there is no such order")
        return orders[int(act.pick * len(orders))]

    def stops(self, act: Act) -> list[EngineOrder]:
        return [order for order in self.hands.account.open_orders(act.market) if order.stop_price is not None]

    def free(self, act: Act) -> None:
        if act.frees:
            for order in list(self.hands.account.open_orders(act.market)):
                self.hands.cancel(order.id)


def _buys(scene: Scene, act: Act) -> None:
    price = scene.face.engine.exchange.price(act.market)
    free = scene.hands.account.available(scene.first.quote)
    scene.hands.trade(act.market, Side.BUY, scene.amount(act.share, free / price))


def _sells(scene: Scene, act: Act) -> None:
    scene.free(act)
    scene.hands.trade(act.market, Side.SELL, scene.of_base(act))


def _withdraws(scene: Scene, act: Act) -> None:
    scene.free(act)
    scene.hands.withdraw(scene.first.base, scene.of_base(act))


def _deposits(scene: Scene, act: Act) -> None:
    scene.hands.deposit(scene.first.base, scene.of_base(act))


def _stakes(scene: Scene, act: Act) -> None:
    scene.free(act)
    scene.hands.stake(scene.first.base, scene.of_base(act))


def _unstakes(scene: Scene, _act: Act) -> None:
    base = scene.first.base
    scene.hands.unstake(base, scene.hands.account.balance(f"{base}.S"))


def _cancels(scene: Scene, act: Act) -> None:
    scene.hands.cancel(scene.picked(act, list(scene.hands.account.open_orders(act.market))).id)


def _cancels_all(scene: Scene, _act: Act) -> None:
    scene.hands.cancel_all()


def _resizes_stop(scene: Scene, act: Act) -> None:
    order = scene.picked(act, scene.stops(act))
    step = scene.face.engine.exchange.spec(act.market).amount_step
    scene.hands.amend(order.id, Amendment(amount=floor_to(order.amount * act.share, step)))


def _moves_stop(scene: Scene, act: Act) -> None:
    order = scene.picked(act, scene.stops(act))
    step = scene.face.engine.exchange.spec(act.market).price_step
    moved, limit = (
        None if price is None else floor_to(price * act.share, step) for price in (order.stop_price, order.limit_price)
    )
    scene.hands.amend(order.id, Amendment(stop_price=moved, limit_price=limit))


def _rests(scene: Scene, act: Act) -> None:
    exchange = scene.face.engine.exchange
    words = foreign_words(
        scene.face.exchange, exchange.spec(act.market), exchange.price(act.market), act.pick, act.share
    )
    scene.hands.place(scene.face.by_hand(words))


def _receives(scene: Scene, act: Act) -> None:
    scene.hands.receive_fill(act.market, Side.BUY, max(scene.of_base(act), scene.first.amount_step))


def _mode(scene: Scene, act: Act) -> None:
    modes = sorted(scene.face.market_modes - {Mode.ONLINE})
    scene.face.engine.set_mode(modes[int(act.pick * len(modes))], act.market)


def _online(scene: Scene, act: Act) -> None:
    scene.face.engine.set_mode(Mode.ONLINE, act.market)


def _steps(scene: Scene, act: Act) -> None:
    first = scene.first
    changes: tuple[dict[str, Decimal], ...] = (
        {"price_step": first.price_step * 10},
        {"amount_step": first.amount_step * 10},
        {"min_amount": first.min_amount * 2},
        {},
    )
    changed = first.changed(changes[int(act.pick * len(changes))])
    scene.face.engine.exchange.change_market(scene.face.list_anew(changed))


def _gap(scene: Scene, act: Act) -> None:
    scene.face.engine.exchange.board.gap(act.market, act.share)


def _clock(scene: Scene, act: Act) -> None:
    scene.face.clock.set_wrong(float(act.share), (act.pick - 0.5) * _WORST_DRIFT)


def _clock_right(scene: Scene, _act: Act) -> None:
    scene.face.clock.set_wrong(0.0, 0.0)


def _restricts(scene: Scene, act: Act) -> None:
    barriers = tuple(Barrier)
    scene.hands.account.restrictions[act.market] = Restriction(barriers[int(act.pick * len(barriers))])


def _allows(scene: Scene, act: Act) -> None:
    scene.hands.account.restrictions.pop(act.market, None)


# In parts per million; 463 are 40 seconds a day.
_WORST_DRIFT = 2_000.0
ACTS: Mapping[ActKind, Callable[[Scene, Act], None]] = {
    ActKind.BUYS: _buys,
    ActKind.SELLS: _sells,
    ActKind.WITHDRAWS: _withdraws,
    ActKind.DEPOSITS: _deposits,
    ActKind.STAKES: _stakes,
    ActKind.UNSTAKES: _unstakes,
    ActKind.CANCELS: _cancels,
    ActKind.CANCELS_ALL: _cancels_all,
    ActKind.MOVES_STOP: _moves_stop,
    ActKind.RESIZES_STOP: _resizes_stop,
    ActKind.RESTS: _rests,
    ActKind.RECEIVES: _receives,
    ActKind.MODE: _mode,
    ActKind.ONLINE: _online,
    ActKind.STEPS: _steps,
    ActKind.GAP: _gap,
    ActKind.CLOCK: _clock,
    ActKind.CLOCK_RIGHT: _clock_right,
    ActKind.RESTRICTS: _restricts,
    ActKind.ALLOWS: _allows,
}
