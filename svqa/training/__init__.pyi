from .dataset import (
    Example as Example,
)
from .dataset import (
    read_examples as read_examples,
)
from .leaks import (
    near_duplicates as near_duplicates,
)
from .leaks import (
    refuse_shared as refuse_shared,
)
from .lora import (
    fine_tune_blip as fine_tune_blip,
)
from .presets import (
    PRESETS as PRESETS,
)
from .presets import (
    Preset as Preset,
)
from .presets import (
    add_lora as add_lora,
)
from .presets import (
    preset as preset,
)
from .presets import (
    trainable_share as trainable_share,
)
from .promote import (
    NotBetter as NotBetter,
)
from .promote import (
    Promotion as Promotion,
)
from .promote import (
    promote as promote,
)
from .recipe import (
    Recipe as Recipe,
)
from .versions import (
    check_version as check_version,
)
from .versions import (
    find_base as find_base,
)
from .versions import (
    load_answerer as load_answerer,
)
from .versions import (
    load_version as load_version,
)
from .versions import (
    merge_version as merge_version,
)
from .versions import (
    store_version as store_version,
)

__all__ = [
    "PRESETS",
    "Example",
    "NotBetter",
    "Preset",
    "Promotion",
    "Recipe",
    "add_lora",
    "check_version",
    "find_base",
    "fine_tune_blip",
    "load_answerer",
    "load_version",
    "merge_version",
    "near_duplicates",
    "preset",
    "promote",
    "read_examples",
    "refuse_shared",
    "store_version",
    "trainable_share",
]
