from .base_models import (
    find_base as find_base,
)
from .chat_samples import (
    ChatExample as ChatExample,
    read_chat_examples as read_chat_examples,
)
from .dataset import (
    Example as Example,
    read_examples as read_examples,
)
from .leaks import (
    near_duplicates as near_duplicates,
    refuse_shared as refuse_shared,
)
from .lora import (
    fine_tune as fine_tune,
    fine_tune_blip as fine_tune_blip,
)
from .presets import (
    PRESETS as PRESETS,
    Preset as Preset,
    add_lora as add_lora,
    preset as preset,
    trainable_share as trainable_share,
)
from .promote import (
    NotBetter as NotBetter,
    Promotion as Promotion,
    promote as promote,
)
from .recipe import (
    Recipe as Recipe,
)
from .versions import (
    check_version as check_version,
    load_answerer as load_answerer,
    load_version as load_version,
    merge_version as merge_version,
    store_version as store_version,
)

__all__ = [
    "PRESETS",
    "ChatExample",
    "Example",
    "NotBetter",
    "Preset",
    "Promotion",
    "Recipe",
    "add_lora",
    "check_version",
    "find_base",
    "fine_tune",
    "fine_tune_blip",
    "load_answerer",
    "load_version",
    "merge_version",
    "near_duplicates",
    "preset",
    "promote",
    "read_chat_examples",
    "read_examples",
    "refuse_shared",
    "store_version",
    "trainable_share",
]
