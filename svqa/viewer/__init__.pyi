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
from .question_rows import (
    corrected_questions as corrected_questions,
    write_question_file as write_question_file,
)

__all__ = [
    "corrected_questions",
    "data_uri",
    "export_page",
    "middle_s",
    "pictures_at",
    "view_document",
    "write_question_file",
]
