"""A live lease is not taken over, whatever the host is called and whatever its clock says."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta

import pytest

import svqa.database.ingest as ingesting
import svqa.database.leases as leases
from svqa.database import lease_owner, open_store
from svqa.database.columns import utc_now
from svqa.database.lease_owner import holds, new_owner
from tests.helpers.database import video_info

LEASE = timedelta(minutes=10)


def parts(owner: str) -> tuple[list[str], list[str]]:
    place, *numbers = owner.rsplit(":", 3)
    return place.split("/"), numbers


def joined(place: list[str], numbers: list[str]) -> str:
    return ":".join(["/".join(place), *numbers])


def test_a_living_process_holds_its_lease_until_it_runs_out():
    now = utc_now()
    owner = new_owner(now)
    assert holds(owner, now + LEASE, now) and not holds(owner, now - LEASE, now)


@pytest.mark.parametrize("which", ["boot", "namespace"])
def test_a_process_of_another_container_or_boot_cannot_be_asked(which):
    """It has the same host name, and its number is nobody's here."""
    now = utc_now()
    place, numbers = parts(new_owner(now))
    place[{"boot": -3, "namespace": -2}[which]] = "another"
    numbers[0] = "4194304"
    assert holds(joined(place, numbers), now + LEASE, now)
    assert not holds(joined(place, numbers), now - LEASE, now)


@pytest.mark.parametrize("hours", [-24, -1, 1, 24, 24 * 365])
def test_a_clock_that_is_set_takes_no_lease_away(hours):
    now = utc_now()
    owner = new_owner(now)
    later = now + timedelta(hours=hours)
    assert holds(owner, now + LEASE, later)
    # renewed after the clock was set
    assert holds(owner, later + LEASE, later)


def test_a_dead_process_and_a_later_one_of_its_number_hold_nothing():
    now = utc_now()
    place, numbers = parts(new_owner(now))
    assert not holds(joined(place, ["4194304", *numbers[1:]]), now + LEASE, now)
    later = joined(place, [numbers[0], str(int(numbers[1]) - 1), numbers[2]])
    assert not holds(later, now + LEASE, now)


def test_a_killed_process_that_nobody_has_waited_for_holds_nothing():
    code = (
        "from svqa.database.lease_owner import new_owner; from svqa.database.columns import "
        "utc_now; print(new_owner(utc_now()), flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        owner, now = child.stdout.readline().strip(), utc_now()
        assert holds(owner, now + LEASE, now)
        child.kill()
        child.stdout.read()
        until = time.monotonic() + 10  # its files close a moment before it ends
        while holds(owner, now + LEASE, now) and time.monotonic() < until:
            time.sleep(0.01)
        assert not holds(owner, now + LEASE, now)


def test_two_stores_agree_while_the_clock_is_set(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/a.db"
    with open_store(url) as store, open_store(url) as other:
        store.claim_video(video_info(), {})
        real = utc_now
        for module in (ingesting, leases):
            monkeypatch.setattr(module, "utc_now", lambda: real() + timedelta(hours=3))
        assert other.claim_video(video_info(), {}).status == "busy"
        monkeypatch.setattr(lease_owner.socket, "gethostname", lambda: "other")
        assert other.claim_video(video_info(), {}).status == "new"  # it can only go by the clock
