"""A disk that fills is seen while there is time: each store's own series says so in VictoriaMetrics."""

from collections.abc import Iterator

import pytest

from stack.backup import volumes
from stack.docker import compose
from stack.docker.endpoints import endpoints
from stack.process import run
from stack.stores.victoria_metrics import VictoriaMetrics
from tests.retention.conftest import command_of, write_override
from tests.support.eventually import eventually
from tests.support.own_project import own_project, up

PROJECT = "integr8scode-disk"
MIB = 1024 * 1024
DISK_MIB = 400
FILL_MIB = 300
# volume → (service, what it says of its disk as a number of free bytes)
FREE_BYTES = {
    "loki_data": ("loki", f"(1 - loki_ingester_wal_disk_usage_percent) * {DISK_MIB * MIB}"),
    "victoria_metrics_data": ("victoria-metrics", "vm_free_disk_space_bytes"),
    "jaeger_data": ("jaeger", "jaeger_storage_badger_value_log_bytes_available"),
}


@pytest.fixture(scope="module", autouse=True)
def small_disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every store on a disk of its own: a file system in memory, of a size that can be filled in a second."""
    owner = {"type": "tmpfs", "device": "tmpfs", "o": f"size={DISK_MIB}m,uid=10001,gid=10001,mode=0750"}
    disks = {volume: {"driver_opts": owner} for volume in FREE_BYTES}
    # Jaeger looks at its disk every 5 minutes.
    often = {"jaeger": {"command": [*command_of("jaeger"), "--badger.maintenance-interval=5s"]}}
    override = write_override(tmp_path_factory.mktemp("disk") / "disks.yml", {"volumes": disks, "services": often})
    with own_project(PROJECT, override):
        up("loki", "jaeger", "victoria-metrics")
        yield


@pytest.mark.parametrize("key", FREE_BYTES)
def test_a_disk_that_fills_is_seen_while_there_is_room(key: str) -> None:
    service, promql = FREE_BYTES[key]

    def free_mib() -> float:
        found = VictoriaMetrics(endpoints().victoria_metrics).query(promql)
        return float(found[0]["value"][1]) / MIB if found else 0.0

    before = eventually(free_mib, sent=promql, components=(service, "victoria-metrics"), within=60)
    assert FILL_MIB < before <= DISK_MIB
    volume = next(volume for volume in volumes.of_project(compose.project()) if volume.key == key)
    _fill(volume.name, volume.user)
    eventually(
        free_mib,
        lambda free: 0 < free < before - 0.9 * FILL_MIB,
        sent=f"a file of {FILL_MIB} MiB beside {before:.0f} MiB free",
        components=(service, "victoria-metrics"),
        within=90,
    )


def _fill(volume: str, user: str) -> None:
    script = f"head --bytes {FILL_MIB}M /dev/zero > /volume/filler"
    helper = ["docker", "run", "--rm", f"--user={user}", f"--volume={volume}:/volume", "--entrypoint=sh"]
    filled = run([*helper, compose.APPLICATION_IMAGE, "-euc", script])
    assert filled.returncode == 0, filled.stdout
