from .audio import (
    read_audio as read_audio,
    stream_audio as stream_audio,
)
from .files import (
    FileStamp as FileStamp,
    check_readable as check_readable,
    check_unchanged as check_unchanged,
    file_sha256 as file_sha256,
    file_stamp as file_stamp,
)
from .limits import (
    Limits as Limits,
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
from .video import (
    FrameStream as FrameStream,
    read_frames as read_frames,
    stream_frames as stream_frames,
)

__all__ = [
    "FileStamp",
    "FrameStream",
    "Limits",
    "Sampling",
    "ShotFinder",
    "check_readable",
    "check_unchanged",
    "file_sha256",
    "file_stamp",
    "identify",
    "open_shot_finder",
    "probe",
    "read_audio",
    "read_frames",
    "shots",
    "stream_audio",
    "stream_frames",
]
