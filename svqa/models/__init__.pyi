from .base import (
    Answerer as Answerer,
    Captioner as Captioner,
    Detector as Detector,
    Encoder as Encoder,
    SoundEncoder as SoundEncoder,
    TextEncoder as TextEncoder,
    TextReader as TextReader,
    Transcriber as Transcriber,
)
from .blip import (
    BlipAnswerer as BlipAnswerer,
    BlipCaptioner as BlipCaptioner,
)
from .blip_parts import (
    encode_question as encode_question,
    encode_questions as encode_questions,
    frame_memory as frame_memory,
    keys_values as keys_values,
    spoken as spoken,
)
from .chat_endpoint import (
    EndpointChatModel as EndpointChatModel,
    EndpointError as EndpointError,
)
from .chat_local import (
    LocalChatModel as LocalChatModel,
)
from .chat_model import (
    ChatModel as ChatModel,
    ChatPart as ChatPart,
    ChatReply as ChatReply,
    ChatTurn as ChatTurn,
    FunctionChatModel as FunctionChatModel,
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
from .colours import (
    CLEAR_SHARE as CLEAR_SHARE,
    COLOUR_TERMS as COLOUR_TERMS,
    clear_colours as clear_colours,
    colour_shares as colour_shares,
    name_colours as name_colours,
    surface_shares as surface_shares,
)
from .conse import (
    ConseEncoder as ConseEncoder,
)
from .detr import (
    DetrDetector as DetrDetector,
)
from .disk_cache import (
    DEFAULT_BYTES as DEFAULT_BYTES,
    DiskCache as DiskCache,
)
from .endpoint_address import (
    Endpoint as Endpoint,
)
from .frame_cache import (
    FrameCache as FrameCache,
)
from .frame_sequence import (
    FrameSequenceBlip as FrameSequenceBlip,
    add_time_code as add_time_code,
    blip_class as blip_class,
    concatenate_frames as concatenate_frames,
    even_times as even_times,
    frames_of as frames_of,
)
from .frame_strategies import (
    FRAME_STRATEGIES as FRAME_STRATEGIES,
    BestFrame as BestFrame,
    FrameGrid as FrameGrid,
    FrameSequence as FrameSequence,
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
    CocoCategory as CocoCategory,
    coco_categories as coco_categories,
    coco_supercategories as coco_supercategories,
    imagenet_labels as imagenet_labels,
)
from .log_mel_encoder import (
    LogMelEncoder as LogMelEncoder,
)
from .minilm import (
    MiniLM as MiniLM,
)
from .model_folder import (
    read_json_object as read_json_object,
)
from .model_sets import (
    MODEL_SETS as MODEL_SETS,
    ROLES as ROLES,
    ModelSpec as ModelSpec,
)
from .model_spec import (
    parse_spec as parse_spec,
)
from .network_runtime import (
    measured_runtimes as measured_runtimes,
)
from .ocr import (
    RapidOcrReader as RapidOcrReader,
)
from .pretrained import (
    load_pretrained as load_pretrained,
    locate as locate,
)
from .remembered_texts import (
    RememberedTexts as RememberedTexts,
)
from .smollm2 import (
    SmolLM2 as SmolLM2,
    unpacked_smollm2 as unpacked_smollm2,
)
from .ssd import (
    DetectorUnion as DetectorUnion,
    SsdDetector as SsdDetector,
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
    joined as joined,
    sha256_of as sha256_of,
)
from .whisper import (
    WhisperTranscriber as WhisperTranscriber,
)
from .yolo import (
    YoloDetector as YoloDetector,
)
from .yolov7 import (
    Yolov7Detector as Yolov7Detector,
)
from .zoo import (
    ModelSet as ModelSet,
    added_models as added_models,
    describe as describe,
    known_sets as known_sets,
    load_set as load_set,
    named_models as named_models,
    verify as verify,
)

__all__ = [
    "CHECKSUMS_FILE",
    "CLEAR_SHARE",
    "COLOUR_TERMS",
    "DEFAULT_BYTES",
    "FRAME_STRATEGIES",
    "HUB_MODELS",
    "MODEL_SETS",
    "ROLES",
    "SHIPPED",
    "WEIGHTS",
    "Answerer",
    "BestFrame",
    "BlipAnswerer",
    "BlipCaptioner",
    "CamDetector",
    "Captioner",
    "ChatModel",
    "ChatPart",
    "ChatReply",
    "ChatTurn",
    "ClapEncoder",
    "ClipEncoder",
    "CocoCategory",
    "ConseEncoder",
    "Detector",
    "DetectorUnion",
    "DetrDetector",
    "DiskCache",
    "Encoder",
    "Endpoint",
    "EndpointChatModel",
    "EndpointError",
    "FrameCache",
    "FrameGrid",
    "FrameSequence",
    "FrameSequenceBlip",
    "FrameStrategy",
    "FunctionChatModel",
    "ImageNetTagger",
    "LocalChatModel",
    "LogMelEncoder",
    "MiniLM",
    "ModelSet",
    "ModelSpec",
    "RapidOcrReader",
    "RememberedTexts",
    "SmolLM2",
    "SoundEncoder",
    "SsdDetector",
    "TagCaptioner",
    "TextEncoder",
    "TextReader",
    "Transcriber",
    "VideoLanguageAnswerer",
    "WeightedVote",
    "WhisperTranscriber",
    "YoloDetector",
    "Yolov7Detector",
    "add_time_code",
    "added_models",
    "blip_class",
    "clear_colours",
    "coco_categories",
    "coco_supercategories",
    "colour_shares",
    "concatenate_frames",
    "describe",
    "encode_question",
    "encode_questions",
    "even_times",
    "frame_grid",
    "frame_memory",
    "frames_of",
    "imagenet_labels",
    "joined",
    "keys_values",
    "known_sets",
    "load_pretrained",
    "load_set",
    "locate",
    "measured_runtimes",
    "name_colours",
    "named_models",
    "parse_spec",
    "pull",
    "quiet_second",
    "read_json_object",
    "resolve",
    "sha256_of",
    "spoken",
    "surface_shares",
    "unpacked_smollm2",
    "verify",
    "write_checksums",
]
