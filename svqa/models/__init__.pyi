from .base import (
    MODEL_SIZE_PX as MODEL_SIZE_PX,
    Answerer as Answerer,
    Captioner as Captioner,
    Detector as Detector,
    Encoder as Encoder,
    SoundEncoder as SoundEncoder,
    TextEncoder as TextEncoder,
    Transcriber as Transcriber,
)
from .blip import (
    BlipAnswerer as BlipAnswerer,
    BlipCaptioner as BlipCaptioner,
)
from .blip_parts import (
    encode_question as encode_question,
    frame_memory as frame_memory,
)
from .checkpoint import (
    CHECKSUMS_FILE as CHECKSUMS_FILE,
    SHIPPED as SHIPPED,
    resolve as resolve,
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
    DiskCache as DiskCache,
)
from .frame_cache import (
    FrameCache as FrameCache,
)
from .frame_strategies import (
    FRAME_STRATEGIES as FRAME_STRATEGIES,
    BestFrame as BestFrame,
    FrameGrid as FrameGrid,
    FrameStrategy as FrameStrategy,
    WeightedVote as WeightedVote,
    frame_grid as frame_grid,
)
from .hub import (
    HUB_MODELS as HUB_MODELS,
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
from .model_sets import (
    MODEL_SETS as MODEL_SETS,
    ROLES as ROLES,
    ModelSpec as ModelSpec,
)
from .pretrained import (
    load_pretrained as load_pretrained,
    locate as locate,
)
from .tags import (
    CamDetector as CamDetector,
    TagCaptioner as TagCaptioner,
)
from .video_lm import (
    VideoLanguageAnswerer as VideoLanguageAnswerer,
)
from .voice_activity import (
    quiet_second as quiet_second,
)
from .weights import (
    WEIGHTS as WEIGHTS,
    sha256_of as sha256_of,
)
from .whisper import (
    WhisperTranscriber as WhisperTranscriber,
)
from .yolo import (
    YoloDetector as YoloDetector,
)
from .zoo import (
    ModelSet as ModelSet,
    describe as describe,
    known_sets as known_sets,
    load_set as load_set,
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
    "ModelSpec",
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
    "quiet_second",
    "resolve",
    "sha256_of",
    "verify",
    "write_checksums",
]
