"""Which faults strike which requests, how often, and repeatably from a seed."""

from __future__ import annotations

from brokers.simulator.faults import Fault, FaultKind, FaultPlan
from brokers.simulator.schedule import seeded_schedule

CALL = ("kraken", "AddOrder", "kraken:master", 100.0)


def kinds(plan: FaultPlan, *call: object) -> list[FaultKind]:
    return [fault.kind for fault in plan.take(*(call or CALL))]  # type: ignore[arg-type]  # the same four values


def test_a_fault_strikes_only_what_it_matches() -> None:
    plan = FaultPlan()
    plan.add(Fault(FaultKind.DROP_AFTER, exchange="kraken", endpoint="*Order", account="kraken:*"))
    assert kinds(plan) == [FaultKind.DROP_AFTER]
    assert kinds(plan, "kraken", "Balance", "kraken:master", 0.0) == []
    assert kinds(plan, "kraken", "AddOrder", "", 0.0) == []
    assert kinds(plan, "coinbase", "AddOrder", "kraken:master", 0.0) == []


def test_a_counted_fault_skips_and_strikes_as_often_as_configured() -> None:
    plan = FaultPlan()
    plan.add(Fault(FaultKind.RATE_LIMIT, count=2, skip=1))
    assert [len(kinds(plan)) for _ in range(5)] == [0, 1, 1, 0, 0]
    assert plan.faults == []
    assert plan.injected == {"rate_limit": 2}


def test_a_fault_ends_at_its_moment() -> None:
    plan = FaultPlan()
    plan.add(Fault(FaultKind.HANG, until=100.0))
    assert kinds(plan, *CALL[:3], 99.9) == [FaultKind.HANG]
    assert kinds(plan, *CALL[:3], 100.0) == []


def test_several_faults_may_strike_one_request() -> None:
    plan = FaultPlan()
    plan.add(Fault(FaultKind.DELAY_BEFORE), Fault(FaultKind.DROP_AFTER))
    assert kinds(plan) == [FaultKind.DELAY_BEFORE, FaultKind.DROP_AFTER]


def test_the_same_seed_strikes_the_same_requests() -> None:
    def strikes(seed: int) -> list[int]:
        plan = FaultPlan(seed)
        plan.add(Fault(FaultKind.ERROR_AFTER, probability=0.3))
        return [len(kinds(plan)) for _ in range(200)]

    assert strikes(5) == strikes(5) != strikes(6)
    assert 30 < sum(strikes(5)) < 90


def test_a_cleared_plan_strikes_nobody() -> None:
    plan = FaultPlan()
    plan.add(Fault(FaultKind.HANG))
    plan.clear()
    assert kinds(plan) == []


def test_a_fault_begins_at_its_moment() -> None:
    plan = FaultPlan()
    plan.add(Fault(FaultKind.HANG, since=100.0))
    assert kinds(plan, *CALL[:3], 99.9) == []
    assert kinds(plan, *CALL[:3], 100.0) == [FaultKind.HANG]


def test_a_schedule_depends_only_on_its_seed_and_stays_within_its_time() -> None:
    def storm(seed: int) -> tuple[Fault, ...]:
        return seeded_schedule(seed, start=1000.0, duration=100.0, mean_gap=1.0, accounts=("kraken:a", "kraken:b"))

    faults = storm(1)
    assert faults == storm(1) != storm(2)
    assert 60 < len(faults) < 150
    assert all(fault.since is not None and 1000 <= fault.since < 1100 for fault in faults)
    assert {fault.account for fault in faults} == {"kraken:a", "kraken:b"}
    assert all(fault.count in (1, 2, 3) for fault in faults)
