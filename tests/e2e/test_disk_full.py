#!/usr/bin/env python3
"""A full disk stops the run with a clear message, loses nothing, and the same command goes on once there is room.

Goal: promise 6 under ENOSPC. Method: the run's folder lies on a small file system of its own (tmpfs), ballast leaves it a
drawn number of bytes; the first run must end with a message about space, the ballast goes, the second must end well.
"""
from harness import *

RECORDS = 40
DISK_BYTES = 64 << 20


def mount(work):
    folder = work.path("disk")
    os.mkdir(folder)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % DISK_BYTES, "tmpfs", folder], stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failed("cannot mount a tmpfs: " + text(done.stderr))
    return folder


def fill(folder, free_bytes):
    """Writes ballast until about `free_bytes` are left."""
    with open(os.path.join(folder, "ballast"), "wb") as file:
        left = os.statvfs(folder)
        file.write(b"\0" * max(0, left.f_bavail * left.f_frsize - free_bytes))


@test
def the_same_command_goes_on_once_there_is_room(work):
    folder = mount(work)
    try:
        prompts = work.prompts(RECORDS)
        reference = work.emulator("reference")
        check_status(work.run(reference, prompts, "undisturbed.jsonl", "--state-dir", work.path("other")), OK,
                     "the undisturbed run")
        used = sum(os.path.getsize(os.path.join(place, name)) for place, _, names in os.walk(work.path("other")) for name in names)
        expected = read_bytes(work.path("undisturbed.jsonl"))
        full = 0
        for number, share in enumerate((0, 10, 25, 45, 70, 90)):
            full += once(work, folder, prompts, number, used * share // 100, expected)
        check(full >= 3, "%d of 6 runs met a full disk" % full)
    finally:
        subprocess.run(["umount", "-l", folder])


def once(work, folder, prompts, number, free_bytes, expected):
    state = os.path.join(folder, "state-%d" % number)
    os.mkdir(state)
    fill(folder, free_bytes)
    emulator = work.emulator("emulator-%d" % number)
    results = "results-%d.jsonl" % number
    first = work.run(emulator, prompts, results, "--state-dir", state)
    if first.status != OK:
        check(first.status in (USAGE, REFUSED, STOPPED), "with %d bytes free it stops (status %d)" % (free_bytes, first.status), first.err)
        check("space" in first.err or "disk" in first.err, "  and says why: %s" % first.err.strip().split("\n")[-1][:100], first.err)
    os.remove(os.path.join(folder, "ballast"))
    check_status(work.run(emulator, prompts, results, "--state-dir", state), OK, "with room again the same command")
    check(read_bytes(work.path(results)) == expected, "the results are those of the undisturbed run")
    work.judge(emulator, prompts, results)
    shutil.rmtree(state)
    return first.status != OK


if os.geteuid() != 0 and "PENSTOCK_UNSHARED" not in os.environ:  # a mount needs a namespace where we are root
    os.environ["PENSTOCK_UNSHARED"] = "1"
    os.execvp("unshare", ["unshare", "-rm", sys.executable] + sys.argv)
main(__doc__)
