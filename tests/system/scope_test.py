"""A service that creates a task and ends does not take the work along: the worker moves into a scope
of the user's service manager. The manager, the service and the scope are real; they live in a
mount and process namespace of the test, so that nothing of the machine is changed."""

import os
import subprocess

from loong_system import PROGRAM, SystemTest, main

MANAGER = "/lib/systemd/systemd"

# The manager only runs where the machine seems to have been started by one.
SCRIPT = r"""
set -eu
for group in $GROUPS_OF_TEST; do echo $$ > "$group/cgroup.procs"; done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0
chmod 700 /run/user/0
export XDG_RUNTIME_DIR=/run/user/0
mkfifo "$DIRECTORY/ready"
# It is asked until it answers: it has no other way of saying that it is ready.
(until systemctl --user list-units >/dev/null 2>&1; do read -r -t 0.05 _ <> "$DIRECTORY/ready" || :
done; echo > "$DIRECTORY/is-up") &
%s --user >"$DIRECTORY/manager.log" 2>&1 &
read -r _ < "$DIRECTORY/is-up"
call() { systemd-run --user --quiet --collect --wait --pipe -p KillMode=control-group \
    --unit="$1" --setenv=LOONG_HOME="$LOONG_HOME" --setenv=PATH="$PATH" -- sh -c "$2"; }

echo "the control: what a service leaves behind ends with it"
call control 'setsid sh -c "read _ < $0" "'"$DIRECTORY"'/gate" & echo $! > "'"$DIRECTORY"'/left"'
if kill -0 "$(cat "$DIRECTORY/left")" 2>/dev/null; then echo CONTROL-LIVES; fi

echo "a task outlives the service that created it"
call creator "$PROGRAM tasks create -q 'read _ < $DIRECTORY/gate; cat /proc/self/cgroup'" \
    > "$DIRECTORY/task" 2> "$DIRECTORY/said"
"$PROGRAM" tasks wait --until running "$(cat "$DIRECTORY/task")"
echo > "$DIRECTORY/gate"
"$PROGRAM" tasks wait "$(cat "$DIRECTORY/task")"
"$PROGRAM" tasks output "$(cat "$DIRECTORY/task")" > "$DIRECTORY/groups"
systemctl --user exit
"""


def own_groups():
    """The directories of this process's control groups, in every hierarchy that there is."""
    found = set()
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file.read().splitlines():
            _, kinds, path = line.split(":", 2)
            # A new group for cpusets takes nobody in before it has processors, and a manager of
            # a user asks for none.
            if "cpuset" in kinds:
                continue
            for name in (kinds.removeprefix("name="), "unified", "."):
                found.add(os.path.normpath(f"/sys/fs/cgroup/{name}/{path}"))
    return [place for place in found if os.path.exists(os.path.join(place, "cgroup.procs"))]


def make_groups():
    """A group of the test's own in each hierarchy: a manager moves all that is in its group."""
    made = [os.path.join(place, f"loong-scope-test-{os.getpid()}") for place in own_groups()]
    for place in made:
        os.mkdir(place)
    return made


def remove_groups(places):
    """Whoever was in them has ended with the namespace."""
    for place in places:
        for folder, _, _ in os.walk(place, topdown=False):
            os.rmdir(folder)


def why_not():
    if os.geteuid() != 0:
        return "only root can make the namespaces that it needs"
    for program in (MANAGER, "/usr/bin/systemd-run", "/usr/bin/unshare"):
        if not os.access(program, os.X_OK):
            return f"there is no {program}"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"],
                           capture_output=True, check=False)
    return "" if tried.returncode == 0 else tried.stderr.decode().strip()


class ScopeTest(SystemTest):
    def setUp(self):
        super().setUp()
        reason = why_not()
        if reason:
            self.skipTest(reason)

    def test_the_work_outlives_the_service_that_created_it(self):
        try:
            groups = make_groups()
        except OSError as failure:
            self.skipTest(f"control groups cannot be made: {failure}")
        self.addCleanup(remove_groups, groups)
        os.mkfifo(self.path("gate"))
        os.mkfifo(self.path("is-up"))
        gate = os.open(self.path("gate"), os.O_RDWR | os.O_CLOEXEC)
        try:
            done = subprocess.run(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash",
                 "-c", SCRIPT % MANAGER],
                env={**self.environment, "PROGRAM": PROGRAM, "DIRECTORY": self.directory,
                     "GROUPS_OF_TEST": " ".join(groups)},
                stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        finally:
            os.close(gate)
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        log = self.read("manager.log")
        self.assertEqual(done.returncode, 0, said + log)
        self.assertNotIn("CONTROL-LIVES", said, "the service manager ends nothing, so this proves "
                                                "nothing")
        self.assertEqual(self.read("said"), "", "there is nothing to warn of")
        self.assertRegex(said, "(?s)running.*completed")
        groups = self.read("groups")
        self.assertIn(".scope", groups)
        self.assertNotIn("creator.service", groups)


if __name__ == "__main__":
    main()
