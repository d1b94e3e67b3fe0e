from .machine import (
    MemoryMeter as MemoryMeter,
)
from .machine import (
    resident_peak as resident_peak,
)
from .performance import (
    Benchmark as Benchmark,
)
from .performance import (
    MetricsService as MetricsService,
)
from .performance import (
    VideoStatistics as VideoStatistics,
)
from .performance import (
    describe_gpu as describe_gpu,
)
from .performance import (
    flat as flat,
)
from .performance import (
    metrics_service as metrics_service,
)
from .provenance import (
    commit_and_dirty as commit_and_dirty,
)
from .provenance import (
    hardware as hardware,
)
from .provenance import (
    package_versions as package_versions,
)
from .timing import (
    Timing as Timing,
)

__all__ = [
    "Benchmark",
    "MemoryMeter",
    "MetricsService",
    "Timing",
    "VideoStatistics",
    "commit_and_dirty",
    "describe_gpu",
    "flat",
    "hardware",
    "metrics_service",
    "package_versions",
    "resident_peak",
]
