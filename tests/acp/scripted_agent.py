#!/usr/bin/env python3
"""An agent that does as it is told: scripted_agent.py SCENARIO [WORD...]

Each scenario is one way in which a real agent behaves over the Agent Client Protocol. What a test has
to know about what the agent was told lies in $ACP_NOTES, a line of JSON for each message that came.
"""

import json
import os
import signal
import subprocess
import sys
import time

SCENARIO = sys.argv[1]
WORDS = sys.argv[2:]
NOTES = os.environ.get("ACP_NOTES")
OPTIONS = [
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]


def write(text):
    data = text if isinstance(text, bytes) else text.encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def send(message):
    write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def note(message):
    if NOTES:
        with open(NOTES, "a", encoding="utf-8") as file:
            file.write(json.dumps(message) + "\n")


class Over(Exception):
    """The client has closed our input."""


class Agent:
    def __init__(self):
        self.session = "ses-1"
        self.prompt_id = None
        self.cancelled = False
        self.next_id = 0

    # ---- talking ------------------------------------------------------------------------------

    def receive(self):
        line = sys.stdin.readline()
        if not line:
            raise Over
        message = json.loads(line)
        note(message)
        return message

    def reply(self, message, result):
        send({"id": message["id"], "result": result})

    def fail(self, message, code, text="it failed", data=None):
        error = {"code": code, "message": text}
        if data is not None:
            error["data"] = data
        send({"id": message["id"], "error": error})

    def update(self, variant, **fields):
        send({"method": "session/update",
              "params": {"sessionId": self.session,
                         "update": {"sessionUpdate": variant, **fields}}})

    def say(self, text, kind="agent_message_chunk", **fields):
        self.update(kind, content={"type": "text", "text": text}, **fields)

    def end(self, reason="end_turn", **fields):
        send({"id": self.prompt_id, "result": {"stopReason": reason, **fields}})

    def request(self, method, params, number=None):
        """Sends it, and serves what comes until it is answered; None where we were cancelled."""
        number = self.next_id if number is None else number
        self.next_id += 1
        send({"id": number, "method": method, "params": params})
        while True:
            message = self.receive()
            if "method" not in message and message.get("id") == number:
                return message
            if message.get("method") == "session/cancel":
                self.cancelled = True

    def ask(self, options=None, number=None, call=None):
        call = call or {"toolCallId": "call-1", "title": "Run: make test", "kind": "execute",
                        "rawInput": {"command": "make test"}}
        answer = self.request("session/request_permission",
                              {"sessionId": self.session, "toolCall": call,
                               "options": options or OPTIONS}, number)
        outcome = answer.get("result", {}).get("outcome", {})
        return outcome.get("optionId") or outcome.get("outcome")

    # ---- the protocol -------------------------------------------------------------------------

    def abilities(self):
        table = {"load": {"loadSession": True}, "late_replay": {"loadSession": True},
                 "trace": {"loadSession": True},
                 "resume": {"loadSession": True,
                            "sessionCapabilities": {"resume": {}, "close": {}}}}
        return table.get(SCENARIO, {"loadSession": SCENARIO in ("wait", "stubborn"),
                                    "sessionCapabilities": {"close": {}}})

    def modes(self):
        if SCENARIO == "mode_option":
            return {"configOptions": [
                {"id": "how", "name": "Mode", "category": "mode", "type": "select",
                 "currentValue": "build",
                 "options": [{"name": "Build", "value": "build"},
                             {"name": "Ask", "value": "default"}]}]}
        return {"modes": {"currentModeId": "auto",
                          "availableModes": [{"id": "auto", "name": "Auto"},
                                             {"id": "default", "name": "Ask"}]}}

    def replay(self):
        self.say("old prompt", "user_message_chunk")
        self.say("old answer")

    def serve(self):
        while True:
            message = self.receive()
            method = message.get("method")
            if method == "session/cancel":
                self.cancelled = True
            if method is None or "id" not in message:
                continue
            if method == "initialize":
                self.on_initialize(message)
            elif method == "session/new":
                self.on_new(message)
            elif method in ("session/load", "session/resume"):
                self.on_load(message)
            elif method == "session/prompt":
                self.prompt_id = message["id"]
                self.cancelled = False
                getattr(self, "play_" + SCENARIO, self.play_hello)(message)
            elif method in ("session/close", "session/set_mode", "session/set_config_option"):
                self.reply(message, None if method == "session/close" else {})
            else:
                self.fail(message, -32601, "method not found")

    def on_initialize(self, message):
        if SCENARIO == "die_initialize":
            sys.exit(3)
        if SCENARIO == "mute":
            return
        if SCENARIO == "garbage":
            write("Welcome to the agent!\n\n{\"half\": \n")
            write(b"\xff\xfe bad bytes\n")
            write("[" * 40 + "]" * 40 + "\n[1,2]\n{}\n\"text\"\n")
            write('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"what?"}}\n')
        version = 2 if SCENARIO == "version_2" else 1
        # A method of login does not mean that a login is needed.
        self.reply(message, {"protocolVersion": version, "agentCapabilities": self.abilities(),
                             "agentInfo": {"name": "scripted", "version": "1.0"},
                             "authMethods": [{"id": "web", "name": "Log in on the web"},
                                             {"id": "key", "name": "API key",
                                              "type": "terminal"}],
                             "surprise": {"a": [1, 2.5, None]}})

    def on_new(self, message):
        if SCENARIO == "die_new":
            sys.exit(4)
        if SCENARIO == "login" and not os.path.exists("logged-in"):
            self.fail(message, -32000, "Authentication required")
            return
        self.reply(message, {"sessionId": self.session, **self.modes(), "models": {"x": 1}})

    def on_load(self, message):
        if WORDS[:1] == ["forgets"]:
            self.fail(message, -32002, "Resource not found", {"uri": message["params"]["sessionId"]})
            return
        self.session = message["params"]["sessionId"]
        if SCENARIO != "late_replay" and message["method"] == "session/load":
            self.replay()
        self.reply(message, self.modes() if SCENARIO == "resume" else None)
        if SCENARIO == "late_replay":
            self.replay()

    # ---- scenarios ----------------------------------------------------------------------------

    def play_hello(self, message):
        self.say("hello")
        self.end()

    def play_echo(self, message):
        text = message["params"]["prompt"][0]["text"]
        for at in range(0, len(text), 1000):
            self.say(text[at:at + 1000])
        self.end()

    def play_wait(self, message):
        started, go = message["params"]["prompt"][0]["text"].split("\n")[-1].split(" ")
        with open(started, "w", encoding="utf-8") as file:
            file.write("started\n")
        reader = os.open(go, os.O_RDONLY | os.O_NONBLOCK)
        import select
        while True:
            ready = select.select([reader, sys.stdin], [], [])[0]
            if sys.stdin in ready:
                message = self.receive()
                if message.get("method") == "session/cancel":
                    self.end("cancelled")
                    return
            if reader in ready and os.read(reader, 100):
                break
        self.say("went on\n")
        self.end()

    def play_stubborn(self, message):
        """Obeys nothing, and neither does what it has started in a session of its own."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        command = "trap '' TERM HUP; echo started > %s; while :; do sleep 60; done"
        target = message["params"]["prompt"][0]["text"].split("\n")[-1]
        subprocess.Popen(["/bin/sh", "-c", command % target], start_new_session=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while True:
            time.sleep(60)

    def play_ask(self, message):
        chosen = self.ask()
        self.say("chose " + chosen)
        self.end()

    def play_ask_twice(self, message):
        first, second = self.ask(), self.ask()
        self.say(first + " " + second)
        self.end()

    def play_two_once(self, message):
        chosen = self.ask([{"optionId": "switch", "name": "Yes, and switch", "kind": "reject_once"},
                           {"optionId": "one", "name": "Yes", "kind": "allow_once"},
                           {"optionId": "two", "name": "Yes, auto", "kind": "allow_once"}])
        self.say("chose " + chosen)
        self.end()

    def play_only_always(self, message):
        self.say("chose " + self.ask([{"optionId": "ever", "name": "Ever", "kind": "allow_always"},
                                      {"optionId": "odd", "name": "Odd", "kind": "maybe"}]))
        self.end()

    def play_no_options(self, message):
        self.say("chose " + self.ask([{"optionId": "odd", "name": "Odd", "kind": "maybe"}]))
        self.end()

    def play_rejected_open(self, message):
        """The call is begun, refused and never closed."""
        self.update("tool_call", toolCallId="call-1", title="Run: make test", kind="execute",
                    status="pending")
        self.say("chose " + self.ask())
        self.end()

    def play_rejected_stops(self, message):
        self.ask()
        self.end("cancelled")

    def play_ids(self, message):
        """The same id as the client's own first request; then a text, then the null of JSON."""
        words = [self.ask(number=0), self.ask(number="0"), self.ask(number="text")]
        self.say(" ".join(words))
        self.end()

    def play_cancel_end_turn(self, message):
        self.ask()
        self.end("end_turn")

    def play_cancel_withdraws(self, message):
        send({"id": 77, "method": "session/request_permission",
              "params": {"sessionId": self.session, "options": OPTIONS,
                         "toolCall": {"toolCallId": "call-1", "title": "Run: make test"}}})
        while self.receive().get("method") != "session/cancel":
            pass
        send({"method": "$/cancel_request", "params": {"requestId": 77}})
        self.end("cancelled")

    def play_withdraw(self, message):
        send({"id": "q-9", "method": "session/request_permission",
              "params": {"sessionId": self.session, "options": OPTIONS,
                         "toolCall": {"toolCallId": "call-1", "title": "Run: make test"}}})
        send({"method": "$/cancel_request", "params": {"requestId": "q-8"}})
        send({"method": "$/cancel_request", "params": {"requestId": "q-9"}})
        while self.receive().get("id") != "q-9":
            pass
        self.say("went on without it")
        self.end()

    def play_stream(self, message):
        """Talks until it is cancelled."""
        for number in range(3):
            self.say(f"line {number}\n")
        while self.receive().get("method") != "session/cancel":
            pass
        self.say("one more\n")
        self.end("cancelled")

    def play_deaf(self, message):
        """Tries again and again, and answers nothing."""
        self.say("trying\n")
        while True:
            self.receive()

    def play_error(self, message):
        code = int(WORDS[0])
        if code == -32000 and os.path.exists("logged-in"):
            self.play_hello(message)
            return
        self.fail(message, code, "bad request", {"details": "the model said no"})

    def play_stop(self, message):
        self.end(WORDS[0])

    def play_no_reason(self, message):
        send({"id": self.prompt_id, "result": None})

    def play_die(self, message):
        self.say("about to die\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def play_die_asking(self, message):
        send({"id": 1, "method": "session/request_permission",
              "params": {"sessionId": self.session, "options": OPTIONS,
                         "toolCall": {"toolCallId": "call-1", "title": "Run: make test"}}})
        sys.stdin.readline()
        sys.exit(5)

    def play_close_output(self, message):
        os.close(1)
        time.sleep(600)

    def play_lingers(self, message):
        """Goes on after its input has ended, and leaves a process behind."""
        subprocess.Popen(["sleep", "600"], start_new_session=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL)
        self.say("done")
        self.end()
        try:
            while True:
                self.receive()
        except Over:
            time.sleep(600)

    def play_afterwards(self, message):
        self.say("done")
        self.end()
        self.update("session_info_update", title="A title")
        self.say(" (afterthought)")
        send({"method": "qwen/notify/done", "params": {}})

    def play_long_line(self, message):
        self.update("available_commands_update",
                    availableCommands=[{"name": "x" * 600_000, "description": ""}])
        self.say("after it")
        self.end()

    def play_unknown(self, message):
        self.update("subagent_update", whatever=[1])
        self.update("plan_removed")
        self.say("", kind="compaction_summary_chunk")
        send({"method": "_vendor/thing", "params": {}})
        codes = [self.request(method, {"sessionId": self.session})["error"]["code"]
                 for method in ("craft/drainMidTurnQueue", "fs/read_text_file", "terminal/create")]
        self.say(json.dumps(codes))
        self.end()

    def play_other_session(self, message):
        send({"method": "session/update",
              "params": {"sessionId": "ses-2", "update": {
                  "sessionUpdate": "agent_message_chunk",
                  "content": {"type": "text", "text": "not ours"}}}})
        self.say("ours")
        self.end()

    def play_tells(self, message):
        print("warming up", file=sys.stderr, flush=True)
        self.say("let me\nthink", kind="agent_thought_chunk")
        self.update("plan", entries=[
            {"content": "look", "priority": "high", "status": "completed"},
            {"content": "change", "priority": "high", "status": "in_progress"},
            {"content": "test", "priority": "low", "status": "pending"}])
        self.update("tool_call", toolCallId="c1", title="Read a file", kind="read",
                    status="in_progress")
        self.update("tool_call_update", toolCallId="c1", status="completed")
        self.update("tool_call", toolCallId="c2", title="Edit it", kind="edit")
        self.update("tool_call_update", toolCallId="c2", status="failed")
        self.update("usage_update", used=1200, size=200000, cost={"amount": 0.045,
                                                                  "currency": "USD"})
        self.update("notice", severity="warning", title="low on space")
        self.say("The answer ", messageId="m1")
        self.say("is 42.", messageId="m1")
        self.end(usage={"totalTokens": 5})

    def play_elicit(self, message):
        schema = {"type": "object", "properties": {"count": {"type": "integer"}}}
        answer = self.request("elicitation/create",
                              {"sessionId": self.session, "mode": "form",
                               "message": "How many?", "requestedSchema": schema})
        self.say(json.dumps(answer["result"]))
        self.end()

    def play_edit(self, message):
        """Asks to edit a file, before any word of that call, and names it no second time."""
        chosen = self.ask(call={
            "toolCallId": "call-9", "title": "Edit notes.txt", "kind": "edit",
            "locations": [{"path": os.path.join(os.getcwd(), "notes.txt"), "line": 3}],
            "content": [{"type": "diff", "path": os.path.join(os.getcwd(), "notes.txt"),
                         "oldText": "a\nb\n", "newText": "a\nc\n"}]})
        self.update("tool_call_update", toolCallId="call-9", status="completed")
        self.say("chose " + chosen)
        self.end()

    def play_load(self, message):
        self.say("chose " + self.ask())
        self.end()

    play_late_replay = play_resume = play_load

    def play_trace(self, message):
        """Does the work that its task names, in a process of its own."""
        tag = message["params"]["prompt"][0]["text"].split()[-1]
        subprocess.run(["sh", "work.sh", tag], check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        self.say("done")
        self.end()

    def play_writes(self, message):
        """Tries to write outside of where it works, without asking anybody."""
        try:
            with open(message["params"]["prompt"][0]["text"], "w", encoding="utf-8") as file:
                file.write("out\n")
            self.say("written")
        except OSError as error:
            self.say("refused: " + error.strerror)
        self.end()


try:
    Agent().serve()
except Over:
    pass
