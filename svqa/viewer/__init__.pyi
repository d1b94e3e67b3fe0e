from .bundle import (
    page_style as page_style,
    viewer_script as viewer_script,
)
from .document import (
    asked_question as asked_question,
    card as card,
    picture_query as picture_query,
    poster_s as poster_s,
    thumbnail_s as thumbnail_s,
    view_document as view_document,
)
from .notebook import (
    as_html as as_html,
)
from .page import (
    export_page as export_page,
    last_asked as last_asked,
)
from .pictures import (
    data_uri as data_uri,
    pictures_at as pictures_at,
)
from .question_rows import (
    corrected_questions as corrected_questions,
    write_question_file as write_question_file,
)
from .served_files import (
    ServedFiles as ServedFiles,
)

__all__ = [
    "ServedFiles",
    "as_html",
    "asked_question",
    "card",
    "corrected_questions",
    "data_uri",
    "export_page",
    "last_asked",
    "page_style",
    "picture_query",
    "pictures_at",
    "poster_s",
    "thumbnail_s",
    "view_document",
    "viewer_script",
    "write_question_file",
]
