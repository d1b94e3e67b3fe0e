from .machine import (
    MemoryMeter as MemoryMeter,
    describe_gpu as describe_gpu,
    resident_peak as resident_peak,
)
from .performance import (
    Benchmark as Benchmark,
    MetricsService as MetricsService,
    metrics_service as metrics_service,
)
from .provenance import (
    commit_and_dirty as commit_and_dirty,
    hardware as hardware,
    package_versions as package_versions,
    this_machine as this_machine,
)
from .timing import (
    Timer as Timer,
    Timing as Timing,
    Timings as Timings,
)
from .video_statistics import (
    VideoStatistics as VideoStatistics,
    flat as flat,
)

__all__ = [
    "Benchmark",
    "MemoryMeter",
    "MetricsService",
    "Timer",
    "Timing",
    "Timings",
    "VideoStatistics",
    "commit_and_dirty",
    "describe_gpu",
    "flat",
    "hardware",
    "metrics_service",
    "package_versions",
    "resident_peak",
    "this_machine",
]
