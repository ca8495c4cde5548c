"""How often each case occurs in the load."""

from collections.abc import Mapping

from support.fault_suite import cases, cases_ledger, cases_people
from support.fault_suite.case import Case
from support.fault_suite.cases import Make, Making

MIX: dict[Make, int] = {
    cases.task: 8,
    cases.rejected_task: 1,
    cases.hello: 2,
    cases.compensated_hello: 1,
    cases.application: 2,
    cases.declined_application: 1,
    cases_ledger.order: 3,
    cases_ledger.compensated_order: 2,
    cases_ledger.rejected_order: 1,
    cases_ledger.batch: 1,
    cases_ledger.research: 1,
    cases_ledger.reviewed_research: 1,
    cases_people.small_purchase: 1,
    cases_people.purchase: 2,
    cases_people.paused_purchase: 1,
    cases_people.early_purchase: 1,
    cases_people.cancelled_purchase: 1,
    cases_people.onboarding: 1,
    cases_people.compensated_onboarding: 1,
    cases_people.disordered_onboarding: 1,
    cases_people.tracked: 2,
    cases_people.monitor: 1,
}


REMOVABLE: dict[Make, int] = {
    cases.task: 4,
    cases.rejected_task: 1,
    cases.application: 2,
    cases_people.small_purchase: 1,
    cases_people.purchase: 2,
}
"""Those of which nothing has to be read once the instance is removed."""

TIMED: dict[Make, int] = {
    cases.task: 2,
    cases.hello: 3,
    cases_people.cancelled_purchase: 3,
    cases_people.monitor: 1,
}
"""Most of them wait for a timer for some seconds."""


def draw(making: Making, mix: Mapping[Make, int] = MIX) -> Case:
    """Return a case of a mix."""
    [make] = making.random.choices(list(mix), weights=list(mix.values()))
    return make(making)
