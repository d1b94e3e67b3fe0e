from .audio import (
    read_audio as read_audio,
    stream_audio as stream_audio,
)
from .clip import (
    Clip as Clip,
    cut_clip as cut_clip,
)
from .files import (
    FileStamp as FileStamp,
    refuse_url as refuse_url,
)
from .films import (
    check_readable as check_readable,
    check_unchanged as check_unchanged,
    file_sha256 as file_sha256,
    file_stamp as file_stamp,
)
from .geometry import (
    fit_frame as fit_frame,
)
from .limits import (
    Limits as Limits,
)
from .objects import (
    StoredObject as StoredObject,
    is_folder as is_folder,
    is_object as is_object,
    objects_below as objects_below,
)
from .pictures import (
    picture_pixels as picture_pixels,
    picture_sha256 as picture_sha256,
    read_picture as read_picture,
)
from .probing import (
    identify as identify,
    probe as probe,
)
from .sampling import (
    Sampling as Sampling,
)
from .shot_finder import (
    ShotFinder as ShotFinder,
)
from .shot_finders import (
    open_shot_finder as open_shot_finder,
    shots as shots,
)
from .spans import (
    join_spans as join_spans,
)
from .video import (
    FrameStream as FrameStream,
    read_frames as read_frames,
    stream_frames as stream_frames,
)

__all__ = [
    "Clip",
    "FileStamp",
    "FrameStream",
    "Limits",
    "Sampling",
    "ShotFinder",
    "StoredObject",
    "check_readable",
    "check_unchanged",
    "cut_clip",
    "file_sha256",
    "file_stamp",
    "fit_frame",
    "identify",
    "is_folder",
    "is_object",
    "join_spans",
    "objects_below",
    "open_shot_finder",
    "picture_pixels",
    "picture_sha256",
    "probe",
    "read_audio",
    "read_frames",
    "read_picture",
    "refuse_url",
    "shots",
    "stream_audio",
    "stream_frames",
]
