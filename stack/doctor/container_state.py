"""The containers: which are missing, which do not run, and which have been killed or restarted."""

from collections.abc import Iterator, Sequence
from typing import Any

from stack.docker import compose
from stack.docker.inspect import inspected
from stack.doctor import grafana_state
from stack.doctor.finding import Finding
from stack.doctor.memory_use import raise_limit
from stack.process import last_lines, run


def container_states(containers: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Findings about each container, as Compose lists them, and about services that have none.

    Raises:
        StepError: the engine or Compose can't be asked.

    """
    missing = set(compose.project()["services"]) - {container["Service"] for container in containers}
    # It may be missing for a good reason, which its own finding tells.
    missing.discard(grafana_state.SERVICE)
    if missing:
        yield Finding("services", f"{', '.join(sorted(missing))} have no container", "`make up` starts them.")
    described = inspected([container["ID"] for container in containers])
    for container, description in zip(containers, described, strict=True):
        yield of_container(container["Service"], description)


def of_container(service: str, description: dict[str, Any]) -> Finding:
    """What the engine's description of a service's container says of its state."""
    state = description["State"]
    limit = description["HostConfig"]["Memory"]
    logs = f"`make logs SERVICE={service}` shows why."
    if (
        state["Status"] == "exited"
        and state["ExitCode"] == 0
        and description["HostConfig"]["RestartPolicy"]["Name"] == "no"
    ):
        return Finding(service, "has done its work")
    if state["OOMKilled"]:
        return Finding(service, "was killed for memory", f"{raise_limit(service, limit)} {logs}")
    if state["Status"] != "running":
        found = f"is {state['Status']} (exit code {state['ExitCode']}){_last_words(description['Id'])}"
        return Finding(service, found, f"{logs} `make up` starts it.")
    if state.get("Health", {}).get("Status") == "unhealthy":
        return Finding(service, "runs, but its health check fails", logs)
    if description["RestartCount"]:
        # The engine forgets at the next start that it was memory.
        remedy = f"It crashed. {logs} Where its log ends without a word: {raise_limit(service, limit)}"
        return Finding(service, f"runs, after {description['RestartCount']} restarts", remedy)
    return Finding(service, "runs")


def _last_words(container: str) -> str:
    """The last line of a container's log, to stand behind what is found."""
    answer = run(["docker", "logs", "--tail", "5", container], timeout=5)
    line = last_lines(answer.stdout, 1)
    return f"; its log ends with: {line[:200]}" if answer.returncode == 0 and line else ""
