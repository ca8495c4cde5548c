"""Hello, over the API."""

from support.system import System, unique


async def test_a_greeting_waits_for_a_timer_and_a_child(system: System) -> None:
    name = unique()
    answer = await system.orchestrator.post("/start/ada", params={"hello_id": name})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/hello/hello-{name}"

    state = await system.finished(f"hello-{name}")
    assert state["output"]["greetings"] == ["Hello, ada!", "Hello, ada, from a child!"]
    short = await system.orchestrator.get(f"/status/hello-{name}")
    assert short.json()["output"] == state["output"]
    child = await system.status(f"hello-{name}:child-ada")
    assert child["status"] == "COMPLETED"


async def test_a_failed_activity_is_retried(system: System) -> None:
    instance = await system.start(
        "/hello", hello_id=unique(), user_name="ada", simulate="retries", rest_seconds=1
    )
    assert (await system.finished(instance))["output"]["compensated"] is False


async def test_an_activity_that_fails_permanently_is_compensated(system: System) -> None:
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="failure")
    state = await system.finished(instance)
    assert state["output"]["compensated"] is True
    assert state["custom_status"]["step"] == "compensated"
