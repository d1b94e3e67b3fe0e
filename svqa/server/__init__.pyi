from .app import (
    create_app as create_app,
)
from .guard import (
    Door as Door,
)

__all__ = [
    "Door",
    "create_app",
]
