"""The result of a turn or an activity is sent for the dispatch that the sidecar waits for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import grpc
from dapr.ext.workflow._durabletask.internal import orchestrator_service_pb2_grpc as services

from orchestrator.dapr_sdk.failures import ShortFailures
from orchestrator.dapr_sdk.late_results import LateResults
from orchestrator.dapr_sdk.private import TaskHubSidecarServiceStub, protos
from orchestrator.dapr_sdk.result_delivery import ResultDelivery

SERVICE = "/TaskHubSidecarService"
OK, AWAY = grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE


class Sidecar:
    """The calls of one worker, as the interceptor passes them on."""

    def __init__(self, settle_seconds: float = 0.0) -> None:
        self.late_results = LateResults(settle_seconds)
        self.delivered: list[Any] = []
        self.answer = OK

    def stream(self, *items: Any) -> Iterator[Any]:
        """Return a new stream of work items."""
        details: Any = SimpleNamespace(method=f"{SERVICE}/GetWorkItems")
        calls: Any = lambda details, request: iter(items)  # noqa: E731
        stream: Iterator[Any] = self.late_results.intercept_unary_stream(calls, details, None)
        return stream

    def deliver(self, result: Any) -> grpc.StatusCode:
        """Deliver a result, and return the code of the call."""
        kind = "Activity" if isinstance(result, protos.ActivityResponse) else "Orchestrator"
        details: Any = SimpleNamespace(method=f"{SERVICE}/Complete{kind}Task")

        def call(details: Any, request: Any) -> Any:
            self.delivered.append(request)
            return SimpleNamespace(code=lambda: self.answer)

        outcome = self.late_results.intercept_unary_unary(call, details, result)
        code: grpc.StatusCode = outcome.code()
        return code


def turn(instance: str = "task-1") -> Any:
    return protos.WorkItem(workflowRequest=protos.WorkflowRequest(instanceId=instance))


def turn_result(item: Any) -> Any:
    return protos.WorkflowResponse(
        instanceId=item.workflowRequest.instanceId, completionToken=item.completionToken
    )


def activity(call: str, task: int = 2) -> Any:
    request = protos.ActivityRequest(taskId=task, taskExecutionId=call)
    request.workflowInstance.instanceId = "task-1"
    return protos.WorkItem(activityRequest=request)


def activity_result(item: Any) -> Any:
    return protos.ActivityResponse(
        instanceId="task-1",
        taskId=item.activityRequest.taskId,
        completionToken=item.completionToken,
    )


def test_a_turn_that_was_dispatched_again_has_one_result_that_of_the_latest() -> None:
    sidecar = Sidecar()
    first, again = sidecar.stream(turn(), turn())
    assert sidecar.deliver(turn_result(first)) is OK
    assert sidecar.delivered == []
    assert sidecar.deliver(turn_result(again)) is OK
    assert sidecar.deliver(turn_result(first)) is OK
    assert sidecar.delivered == [turn_result(again)]


def test_what_is_dispatched_again_in_the_first_second_of_a_stream_has_one_result() -> None:
    sidecar = Sidecar(settle_seconds=0.5)
    stream = sidecar.stream(turn(), turn())
    first = next(stream)
    with ThreadPoolExecutor(1) as worker:
        delivery = worker.submit(sidecar.deliver, turn_result(first))
        again = next(stream)
        assert not delivery.done()
        assert delivery.result() is OK
    assert sidecar.delivered == []
    sidecar.deliver(turn_result(again))
    assert sidecar.delivered == [turn_result(again)]


def test_the_result_of_an_activity_is_sent_at_once() -> None:
    sidecar = Sidecar(settle_seconds=60.0)
    (item,) = sidecar.stream(activity("call-1"))
    assert sidecar.deliver(activity_result(item)) is OK
    assert sidecar.delivered == [activity_result(item)]


def test_a_result_is_not_sent_once_the_next_turn_has_arrived() -> None:
    """A delivery that timed out is repeated; the sidecar may have taken it all the same."""
    sidecar = Sidecar()
    stream = sidecar.stream(turn(), turn())
    first = next(stream)
    sidecar.answer = grpc.StatusCode.DEADLINE_EXCEEDED
    sidecar.deliver(turn_result(first))
    following = next(stream)
    sidecar.answer = OK
    sidecar.deliver(turn_result(first))
    sidecar.deliver(turn_result(following))
    assert sidecar.delivered == [turn_result(first), turn_result(following)]


def test_other_instances_are_not_concerned() -> None:
    sidecar = Sidecar()
    one, other = sidecar.stream(turn("task-1"), turn("task-2"))
    sidecar.deliver(turn_result(one))
    sidecar.deliver(turn_result(other))
    assert sidecar.delivered == [turn_result(one), turn_result(other)]


def test_each_execution_of_one_call_of_an_activity_has_its_result_sent() -> None:
    """The sidecar answers OK to the result of a dispatch that it has cancelled, and ignores it."""
    sidecar = Sidecar()
    first, again = sidecar.stream(activity("call-1"), activity("call-1"))
    sidecar.deliver(activity_result(first))
    sidecar.deliver(activity_result(again))
    assert sidecar.delivered == [activity_result(first), activity_result(again)]


def test_what_was_delivered_is_forgotten() -> None:
    sidecar = Sidecar()
    items = list(sidecar.stream(turn(), activity("call-1"), activity("call-1")))
    for item in items:
        sidecar.deliver(
            turn_result(item) if item.HasField("workflowRequest") else activity_result(item)
        )
    assert sidecar.late_results.awaited == 0


def test_the_result_of_one_activity_is_not_taken_for_that_of_another_generation() -> None:
    """Which has the same id of a task, after the instance continued as new."""
    sidecar = Sidecar()
    first, again, following = sidecar.stream(
        activity("call-1"), activity("call-1"), activity("call-2")
    )
    sidecar.deliver(activity_result(first))
    sidecar.deliver(activity_result(again))
    sidecar.deliver(activity_result(following))
    assert sidecar.delivered == [activity_result(following)]


def test_a_delivery_that_fails_may_be_repeated() -> None:
    sidecar = Sidecar()
    (item,) = sidecar.stream(turn())
    sidecar.answer = AWAY
    assert sidecar.deliver(turn_result(item)) is AWAY
    sidecar.answer = OK
    assert sidecar.deliver(turn_result(item)) is OK
    assert sidecar.delivered == [turn_result(item)] * 2


def test_what_an_earlier_stream_received_is_no_longer_awaited() -> None:
    sidecar = Sidecar()
    (item,) = sidecar.stream(turn())
    (again,) = sidecar.stream(turn())
    sidecar.deliver(turn_result(item))
    sidecar.deliver(turn_result(again))
    assert sidecar.delivered == [turn_result(again)]


def test_other_calls_and_streams_pass() -> None:
    late_results, stream = LateResults(), iter([turn()])
    other: Any = SimpleNamespace(method=f"{SERVICE}/StreamInstanceHistory")
    assert late_results.intercept_unary_stream(lambda *_: stream, other, None) is stream
    hello: Any = SimpleNamespace(method=f"{SERVICE}/Hello")
    assert late_results.intercept_unary_unary(lambda *_: stream, hello, None) is stream


class Backend(services.TaskHubSidecarServiceServicer):
    """What a sidecar serves to a worker, over gRPC."""

    def __init__(self) -> None:
        self.work: SimpleQueue[Any] = SimpleQueue()
        self.results: list[Any] = []

    def Hello(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Greet."""
        return request

    def GetWorkItems(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Serve the work items until one is None."""
        yield from iter(self.work.get, None)

    def CompleteOrchestratorTask(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take a result."""
        self.results.append(request)
        return protos.CompleteTaskResponse()

    CompleteActivityTask = CompleteOrchestratorTask

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port, which is yielded."""
        server = grpc.server(ThreadPoolExecutor(4))
        services.add_TaskHubSidecarServiceServicer_to_server(self, server)  # type: ignore[no-untyped-call]
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            self.work.put(None)
            server.stop(None).wait()


def test_one_result_of_a_turn_that_was_dispatched_twice_arrives() -> None:
    backend = Backend()
    with backend.serving() as address, grpc.insecure_channel(address) as plain:
        channel = grpc.intercept_channel(plain, ResultDelivery(), LateResults(), ShortFailures())
        stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
        stream = stub.GetWorkItems(protos.GetWorkItemsRequest())
        for item in (turn(), turn(), activity("call-1")):
            backend.work.put(item)
        first, again, other = (next(stream) for _ in range(3))
        for item in (first, again):
            stub.CompleteOrchestratorTask(turn_result(item))
        stub.CompleteActivityTask(activity_result(other))
        stream.cancel()
    assert backend.results == [turn_result(again), activity_result(other)]
