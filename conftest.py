"""How every test process runs: one thread, no network, no hub, nobody's own settings.

All of it stands in the environment before anything heavy is imported, so the workers, commands and
notebook kernels that a test starts inherit it.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

OFFLINE = Path(__file__).parent / "tests" / "helpers" / "offline"

for name in [name for name in os.environ if name.startswith("SVQA_")]:
    del os.environ[name]
os.environ.update(
    OMP_NUM_THREADS="1",  # on two busy cores two threads can be 60 times slower than one
    TOKENIZERS_PARALLELISM="false",
    PYTHONWARNINGS="ignore:IProgress not found",  # tqdm's advice, which notebooks would show
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    YOLO_OFFLINE="1",
    YOLO_AUTOINSTALL="False",
    YOLO_CONFIG_DIR=str(Path(tempfile.gettempdir()) / "svqa-tests-ultralytics"),
    ULTRALYTICS_SAFE_LOAD="1",
    PYTHONPATH=os.pathsep.join([str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]),
)


def _deny_network() -> None:
    spec = importlib.util.spec_from_file_location(
        "svqa_tests_offline", OFFLINE / "sitecustomize.py"
    )
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


_deny_network()


def pytest_configure(config):
    """nbval's kernels are spoken to through unix sockets, as those of `run_notebook` are."""
    if config.pluginmanager.hasplugin("nbval"):
        import nbval.kernel

        manager = nbval.kernel.KernelManager

        def through_unix_sockets(**options):
            return manager(
                transport="ipc",
                connection_file=f"{tempfile.mkdtemp(prefix='svqa-')}/kernel.json",
                **options,
            )

        nbval.kernel.KernelManager = through_unix_sockets


# files that take minutes: begun last, they would keep one of the cores waiting for the other
LONGEST = (
    "test_docs.py",
    "05_lora_fine_tuning.ipynb",
    "test_ingest.py",
    "test_train_blip.py",
    "test_view_pictures.py",
    "test_urls.py",
    "02_models_on_frames.ipynb",
    "06_model_comparison.ipynb",
)


def pytest_collection_modifyitems(items):
    """The longest files come first, the others as they were (`--no-loadscope-reorder`)."""
    items.sort(key=lambda item: LONGEST.index(n) if (n := item.path.name) in LONGEST else 99)
