"""A process with the decoder libraries loaded -> workers that are copies of it, one a request.

Started by `svqa.media.worker_start`. Loading the libraries takes longer than decoding a short clip,
and this process does it once: a copy costs a few milliseconds. It never opens a file itself.

It is asked over a socket, whose number is its argument: with descriptors for a copy that has them
as its own from 0 on, answered by its process id; with such an id for how that copy ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys

from svqa.media import jobs, worker

_MOST = 8
_HIGHEST = 64  # above all that come or are open, but where more was open when this was started


def main() -> int:
    """Until the parent is gone, or in a copy the work of a worker -> its exit code."""
    assert jobs.JOBS, "loaded for the copies"
    requests = socket.socket(fileno=int(sys.argv[1]))
    while True:
        asked, descriptors, _, _ = socket.recv_fds(requests, 64, _MOST)
        if descriptors:
            pid = os.fork()
            if pid == 0:
                requests.close()  # where a copy kept it, nobody would see that the template is gone
                _take(descriptors)
                return worker.main()
            with contextlib.suppress(OSError):  # the copy may have done it, or ended
                os.setpgid(pid, pid)
            for descriptor in descriptors:
                os.close(descriptor)
            requests.send(str(pid).encode())
        elif asked:
            _, status = os.waitpid(int(asked), 0)
            requests.send(str(os.waitstatus_to_exitcode(status)).encode())
        else:
            return 0


def _take(descriptors: list[int]) -> None:
    """A process group of its own, the descriptors as 0, 1, 2 ..., and no others."""
    os.setpgid(0, 0)
    count = len(descriptors)
    # first out of the way, wherever there is room: few files may be allowed to be open
    above = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, count) for descriptor in descriptors]
    for number, descriptor in enumerate(above):
        os.dup2(descriptor, number)
    os.closerange(count, max(_HIGHEST, *above, *descriptors) + 1)


if __name__ == "__main__":
    sys.exit(main())
