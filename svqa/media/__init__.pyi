from .audio import (
    read_audio as read_audio,
)
from .audio import (
    stream_audio as stream_audio,
)
from .files import (
    FileStamp as FileStamp,
)
from .files import (
    check_unchanged as check_unchanged,
)
from .files import (
    file_sha256 as file_sha256,
)
from .files import (
    file_stamp as file_stamp,
)
from .limits import (
    Limits as Limits,
)
from .probing import (
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
)
from .shot_finders import (
    shots as shots,
)
from .video import (
    FrameStream as FrameStream,
)
from .video import (
    read_frames as read_frames,
)
from .video import (
    stream_frames as stream_frames,
)

__all__ = [
    "FileStamp",
    "FrameStream",
    "Limits",
    "Sampling",
    "ShotFinder",
    "check_unchanged",
    "file_sha256",
    "file_stamp",
    "open_shot_finder",
    "probe",
    "read_audio",
    "read_frames",
    "shots",
    "stream_audio",
    "stream_frames",
]
