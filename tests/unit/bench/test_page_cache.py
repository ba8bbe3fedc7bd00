"""Which of the kernel's settings the benchmark changes."""

from pathlib import Path

from bench.systems.page_cache import read_ahead_of


def test_a_file_system_without_a_disk_has_no_read_ahead() -> None:
    assert read_ahead_of(Path("/proc")) is None
