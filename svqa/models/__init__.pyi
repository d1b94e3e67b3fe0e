from .base import (
    MODEL_SIZE_PX as MODEL_SIZE_PX,
)
from .base import (
    Answerer as Answerer,
)
from .base import (
    Captioner as Captioner,
)
from .base import (
    Detector as Detector,
)
from .base import (
    Encoder as Encoder,
)
from .base import (
    SoundEncoder as SoundEncoder,
)
from .base import (
    TextEncoder as TextEncoder,
)
from .base import (
    Transcriber as Transcriber,
)
from .blip import (
    BlipAnswerer as BlipAnswerer,
)
from .blip import (
    BlipCaptioner as BlipCaptioner,
)
from .blip import (
    encode_question as encode_question,
)
from .blip import (
    frame_memory as frame_memory,
)
from .checkpoint import (
    CHECKSUMS_FILE as CHECKSUMS_FILE,
)
from .checkpoint import (
    SHIPPED as SHIPPED,
)
from .checkpoint import (
    resolve as resolve,
)
from .checkpoint import (
    write_checksums as write_checksums,
)
from .clap import (
    ClapEncoder as ClapEncoder,
)
from .clip import (
    ClipEncoder as ClipEncoder,
)
from .conse import (
    ConseEncoder as ConseEncoder,
)
from .disk_cache import (
    DEFAULT_BYTES as DEFAULT_BYTES,
)
from .disk_cache import (
    DiskCache as DiskCache,
)
from .frame_cache import (
    FrameCache as FrameCache,
)
from .frame_strategies import (
    FRAME_STRATEGIES as FRAME_STRATEGIES,
)
from .frame_strategies import (
    BestFrame as BestFrame,
)
from .frame_strategies import (
    FrameGrid as FrameGrid,
)
from .frame_strategies import (
    FrameStrategy as FrameStrategy,
)
from .frame_strategies import (
    WeightedVote as WeightedVote,
)
from .frame_strategies import (
    frame_grid as frame_grid,
)
from .hub import (
    HUB_MODELS as HUB_MODELS,
)
from .hub import (
    load_pretrained as load_pretrained,
)
from .hub import (
    locate as locate,
)
from .hub import (
    pull as pull,
)
from .imagenet import (
    ImageNetTagger as ImageNetTagger,
)
from .labels import (
    imagenet_labels as imagenet_labels,
)
from .log_mel_encoder import (
    LogMelEncoder as LogMelEncoder,
)
from .minilm import (
    MiniLM as MiniLM,
)
from .tags import (
    CamDetector as CamDetector,
)
from .tags import (
    TagCaptioner as TagCaptioner,
)
from .video_lm import (
    VideoLanguageAnswerer as VideoLanguageAnswerer,
)
from .weights import (
    WEIGHTS as WEIGHTS,
)
from .weights import (
    sha256_of as sha256_of,
)
from .whisper import (
    WhisperTranscriber as WhisperTranscriber,
)
from .yolo import (
    YoloDetector as YoloDetector,
)
from .zoo import (
    MODEL_SETS as MODEL_SETS,
)
from .zoo import (
    ROLES as ROLES,
)
from .zoo import (
    ModelSet as ModelSet,
)
from .zoo import (
    describe as describe,
)
from .zoo import (
    known_sets as known_sets,
)
from .zoo import (
    load_set as load_set,
)
from .zoo import (
    verify as verify,
)

__all__ = [
    "CHECKSUMS_FILE",
    "DEFAULT_BYTES",
    "FRAME_STRATEGIES",
    "HUB_MODELS",
    "MODEL_SETS",
    "MODEL_SIZE_PX",
    "ROLES",
    "SHIPPED",
    "WEIGHTS",
    "Answerer",
    "BestFrame",
    "BlipAnswerer",
    "BlipCaptioner",
    "CamDetector",
    "Captioner",
    "ClapEncoder",
    "ClipEncoder",
    "ConseEncoder",
    "Detector",
    "DiskCache",
    "Encoder",
    "FrameCache",
    "FrameGrid",
    "FrameStrategy",
    "ImageNetTagger",
    "LogMelEncoder",
    "MiniLM",
    "ModelSet",
    "SoundEncoder",
    "TagCaptioner",
    "TextEncoder",
    "Transcriber",
    "VideoLanguageAnswerer",
    "WeightedVote",
    "WhisperTranscriber",
    "YoloDetector",
    "describe",
    "encode_question",
    "frame_grid",
    "frame_memory",
    "imagenet_labels",
    "known_sets",
    "load_pretrained",
    "load_set",
    "locate",
    "pull",
    "resolve",
    "sha256_of",
    "verify",
    "write_checksums",
]
