from .agent_tools import (
    agent_server as agent_server,
)
from .app import (
    create_app as create_app,
)
from .guard import (
    Door as Door,
)

__all__ = [
    "Door",
    "agent_server",
    "create_app",
]
