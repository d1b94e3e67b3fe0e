from .document import (
    middle_s as middle_s,
    view_document as view_document,
)
from .page import (
    export_page as export_page,
)
from .pictures import (
    data_uri as data_uri,
    pictures_at as pictures_at,
)

__all__ = [
    "data_uri",
    "export_page",
    "middle_s",
    "pictures_at",
    "view_document",
]
