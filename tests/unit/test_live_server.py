"""The server of the live page, over real sockets: who is let in, what is told, what never waits."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from engram import Brain, InvalidValueError, Process, RegionType, save_brain
from engram.errors import BusyError, MissingExtraError, UnknownNameError
from engram.live import actions, hub
from engram.live.command import Wanted, serve
from engram.live.page import LivePage, worded
from engram.live.safety import Door, Rate
from tests.unit.live_reading import frame
from tests.unit.test_live_frames import built

PATIENCE = 60.0


class Client:
    """A page without a picture."""

    def __init__(self, page: LivePage, **more) -> None:
        query = f"?token={more.pop('token')}" if "token" in more else ""
        address = f"ws://127.0.0.1:{page.port}/ws{query}"
        self._open = contextlib.ExitStack()
        self.socket = self._open.enter_context(
            connect(address, max_size=None, proxy=None, close_timeout=0.1, **more)
        )
        self.texts: list[dict] = []
        self.frames: list = []
        self.answers: dict[int, dict] = {}
        self._id = 0

    def hear(self) -> None:
        got = self.socket.recv(timeout=PATIENCE)
        if isinstance(got, bytes):
            self.frames.append(frame(got))
            return
        told = json.loads(got)
        if "type" in told:
            self.texts.append(told)
        else:
            self.answers[told.get("id", -1)] = told

    def until(self, condition) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "nothing came"
            self.hear()

    def send(self, name: str, /, **given) -> int:
        self._id += 1
        self.socket.send(json.dumps({"id": self._id, "do": name, **given}))
        return self._id

    def do(self, name: str, /, **given) -> dict:
        number = self.send(name, **given)
        self.until(lambda: number in self.answers)
        return self.answers.pop(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with LivePage(built(), run=True) as page:
        page.pace.choose(1.0)
        page.start()
        yield page


def get(page, path, **headers):
    line = http.client.HTTPConnection("127.0.0.1", page.port, timeout=PATIENCE)
    with contextlib.closing(line):
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_a_page_gets_everything_it_needs(page):
    with Client(page) as client:
        client.until(lambda: len(client.frames) >= 3)
        kinds = [told["type"] for told in client.texts if told["type"] != "event"]
        assert kinds[:4] == ["hello", "structure", "settings", "history"]
        assert client.texts[0]["owned"] is True
        numbers = [f.head["number"] for f in client.frames]
        assert numbers == sorted(numbers)
        assert client.frames[-1].head["version"] == client.texts[1]["version"]
        assert client.do("pause")["ok"]
        step = page.brain.step_count
        told = client.do("fingerprint")["result"]["fingerprint"]
        assert told == page.brain.fingerprint()
        assert page.brain.step_count == step
        assert "did you mean" in client.do("pauze")["error"]
        assert client.do("ping")["ok"]


def test_files_are_those_of_the_package_only(page):
    status, headers, body = get(page, "/")
    assert status == 200
    assert b"<" in body
    assert "default-src 'self'" in headers["content-security-policy"]
    assert get(page, "/player")[2] == body
    for path in (
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/static/",
        "/static/nothing.js",
        "/nothing",
    ):
        assert get(page, path)[0] == 404, path


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "10.0.0.1", "", "["]
)
def test_names_that_were_made_to_mean_this_machine_are_refused(page, host):
    assert get(page, "/", Host=host)[0] in (400, 403)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1.evil.example",
        "http://127.0.0.1:1",
        "null",
        "file://",
        "http://localhost.evil.example",
        "http://[",
    ],
)
def test_pages_of_other_sites_are_refused(page, origin):
    with pytest.raises(InvalidStatus) as refused:
        Client(page, origin=origin)
    assert refused.value.response.status_code == 403
    assert get(page, "/", Origin=origin)[0] == 403


def test_the_page_itself_is_let_in(page):
    with Client(page, origin=f"http://127.0.0.1:{page.port}") as client:
        assert client.do("ping")["ok"]


def test_doors():
    here = Door("127.0.0.1", None)
    assert here.refused("localhost:8", None) is None
    assert here.refused("localhost:8", "http://localhost:8") is None
    assert here.refused("[::1]:8", "http://[::1]:8") is None
    assert here.refused("localhost:8", "http://127.0.0.1:8")
    assert here.refused(None, None)
    assert here.refused("192.168.1.5:8", None)
    there = Door("0.0.0.0", "secret")
    assert there.refused("192.168.1.5:8", "http://192.168.1.5:8") is None
    assert there.refused("192.168.1.5:8", "http://evil.example")
    assert there.knows("secret")
    assert not there.knows("secre")
    assert not there.knows(None)
    assert not there.knows("sécret")


def test_whoever_does_not_know_the_token_is_refused():
    with LivePage(built(), run=True, token="abc") as page:
        page.start()
        assert page.address.endswith("/#token=abc")
        for given in ({}, {"token": "abd"}, {"token": ""}):
            with pytest.raises(InvalidStatus):
                Client(page, **given)
        with Client(page, token="abc") as client:
            assert client.do("ping")["ok"]


def test_other_addresses_get_a_token():
    with LivePage(built(), run=True, host="0.0.0.0") as page:
        assert "#token=" in page.address
        assert len(page.address.split("#token=")[1]) >= 32
    with LivePage(built(), run=True) as page:
        assert "#" not in page.address


def test_bad_messages_get_an_error_and_change_nothing(page):
    with Client(page) as client:
        client.do("pause")
        before = client.do("fingerprint")["result"]
        for text in ("{", "[]", '{"id":5}', '{"id":5,"do":"play","x":' + "[" * 20):
            client.socket.send(text)
            client.until(lambda: -1 in client.answers)
            assert client.answers.pop(-1)["error"]
        client.socket.send(b"\x00\x01")
        client.until(lambda: -1 in client.answers)
        assert client.do("fingerprint")["result"] == before


def test_messages_that_are_too_long_end_the_connection(page):
    with Client(page) as client:
        client.socket.send("x" * 300_000)
        with pytest.raises(ConnectionClosed) as ended:
            client.until(lambda: False)
        assert ended.value.rcvd.code == 1009
    with Client(page) as client:
        assert client.do("ping")["ok"]


def test_too_many_messages_are_left_out(page):
    with Client(page) as client:
        for _ in range(200):
            client.socket.send('{"id":1,"do":"ping"}')
        client.until(lambda: -1 in client.answers)
        assert "too many" in client.answers[-1]["error"]


def test_rates(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    rate = Rate(10.0, 20.0)
    assert [rate.allows() for _ in range(25)] == [True] * 20 + [False] * 5
    now[0] = 1.0
    assert sum(rate.allows() for _ in range(25)) == 10


def test_two_people_press_at_once(page):
    with Client(page) as one, Client(page) as two:
        one.do("pause")
        sent = []
        for k in range(20):
            sent.append((one, one.send("reward", amount=0.5, target="proj:eye->cortex")))
            sent.append((two, two.send("set", part="growth", name="min_spikes", value=5 + k)))
        for client, number in sent:
            client.until(lambda c=client, n=number: n in c.answers)
            assert client.answers[number]["ok"]
        assert page.brain.growth.min_spikes == 24
        rewards = [t for t in two.texts if t.get("event") == "reward"]
        two.until(lambda: len([t for t in two.texts if t.get("event") == "reward"]) == 20)
        assert len(rewards) <= 20


def test_three_pages_at_once_and_no_more_than_eight(page):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(page)) for _ in range(3)]
        for client in clients:
            client.until(lambda c=client: len(c.frames) >= 2)
        clients += [stack.enter_context(Client(page)) for _ in range(5)]
        clients[-1].do("ping")
        with Client(page) as ninth, pytest.raises(ConnectionClosed) as ended:
            ninth.until(lambda: False)
        assert ended.value.rcvd.code == 1013


def test_pages_hear_of_the_end(page):
    with Client(page) as client:
        client.until(lambda: client.frames)
        threading.Thread(target=page.close).start()
        with pytest.raises(ConnectionClosed) as ended:
            client.until(lambda: False)
        assert ended.value.rcvd.code == 1000
        assert client.texts[-1]["event"] == "ended"
    page.close()


def test_slow_pages_lose_frames_and_no_texts():
    async def play() -> None:
        told = hub.Hub()
        told.serve_from(asyncio.get_running_loop())
        slow = hub.Page()
        told.pages.append(slow)
        told.tell({"n": -1})
        told.greet(slow, [{"hello": 1}])
        for n in range(50):
            told.tell({"n": n})
            told.show(0, bytes([n]))
            told.show(1, bytes([n]))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [json.loads(t) for t in slow.texts] == [{"hello": 1}, *({"n": n} for n in range(50))]
        assert slow.frames == {0: b"\x31", 1: b"\x31"}
        for n in range(hub.MOST_TEXTS):
            told.tell({"n": n})
        await asyncio.sleep(0)
        assert slow.behind
        assert not slow.texts

    asyncio.run(play())


def test_a_page_that_does_not_listen_holds_up_nobody(page):
    idle = socket.create_connection(("127.0.0.1", page.port))
    with contextlib.closing(idle), Client(page, max_queue=1) as deaf, Client(page) as client:
        deaf.until(lambda: deaf.frames)
        page.pace.choose(None)
        step = page.brain.network.tables["clock"].copy()[0]
        client.until(lambda: client.frames and client.frames[-1].head["step"] > step + 3000)


def test_the_page_changes_nothing_in_the_brain():
    one, two = built(), built()
    with LivePage(two, run=False) as page:
        page.start()
        with Client(page) as client:
            for brain in (one, two):
                brain.hold("eye", [0.7, 0.1])
                brain.run(3000)
                brain.present("cortex", [0.4], 50, rest=20)
            client.until(lambda: client.frames)
    assert one.fingerprint() == two.fingerprint()


def test_a_script_is_paused_by_a_page_and_goes_on_when_it_closes():
    brain = built()
    with LivePage(brain, run=False) as page:
        page.start()
        with Client(page) as client:
            client.do("pause")
            running = threading.Thread(target=brain.run, args=(2000,), kwargs={"progress": False})
            running.start()
            number = client.send("step", n=7)
            client.until(lambda: number in client.answers)
            client.until(lambda: client.frames and client.frames[-1].head["step"] > 0)
            assert client.do("paint", region="eye", neurons=[1], amount=1, duration=None)["ok"]
            assert running.is_alive()
        running.join(PATIENCE)
        assert not running.is_alive()
    assert brain.step_count == 2000


PAUSED = """
import signal
from engram.live.page import LivePage
from tests.unit.test_live_frames import built
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
brain = built()
page = LivePage(brain, run=False)
page.pace.watched = 1
page.pace.pause()
wait = page._sleep
def told(early):
    print("paused", flush=True)
    page._sleep = wait
    wait(early)
page._sleep = told
brain.run(10_000_000, progress=False)
"""


def test_control_c_ends_a_run_that_a_page_has_paused():
    command = [sys.executable, "-c", PAUSED]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            assert program.stdout.readline() == "paused\n"
            program.send_signal(signal.SIGINT)
            _, err = program.communicate(timeout=PATIENCE)
        finally:
            program.kill()
    assert err.rstrip().endswith("KeyboardInterrupt")


def test_a_saved_brain_is_shown(tmp_path, monkeypatch):
    """The command line's own function, until the page is closed."""
    brain = built()
    brain.run(20)
    path = save_brain(brain, tmp_path / "mine")
    told = []
    begun = []

    def drive(page: LivePage) -> None:
        told.append(page.brain.fingerprint())
        begun.append((page.title, page.pace.factor))

    monkeypatch.setattr(LivePage, "drive", drive)
    serve(Wanted(path, 0, "127.0.0.1", False), told.append)
    assert begun == [("mine.engram", 1.0)]
    assert told[0].startswith("http://127.0.0.1:")
    assert told[1] == brain.fingerprint()


def test_commands_are_carried_out_while_nobody_runs_the_brain():
    brain = built()
    with LivePage(brain, run=False) as page:
        page.start()
        with Client(page) as client:
            assert client.do("reward", amount=1.0, target="proj:eye->cortex")["ok"]
            assert brain.dopamine("proj:eye->cortex") == pytest.approx(1.0, abs=0.1)


def test_a_program_waits_for_a_command_instead_of_being_refused():
    brain = built()
    network = brain.network
    inside, leave = threading.Event(), threading.Event()

    def visit() -> None:
        with network.visit() as free:
            assert free
            inside.set()
            leave.wait(PATIENCE)

    visitor = threading.Thread(target=visit)
    visitor.start()
    inside.wait(PATIENCE)
    threading.Timer(0.05, leave.set).start()
    brain.run(10)
    assert leave.is_set()
    visitor.join()
    network.thread = -1
    with network.visit() as free:
        assert not free
    with pytest.raises(BusyError):
        brain.run(1)
    network.thread = 0


def test_what_goes_wrong_on_the_page_does_not_end_a_run(monkeypatch):
    brain = built()
    with LivePage(brain, run=False) as page:
        monkeypatch.setattr(page.pace, "arrive", lambda _: 1 / 0)
        with pytest.warns(UserWarning, match="the live page shows nothing more: ZeroDivisionError"):
            brain.run(100)
    assert brain.step_count == 100


class Faulty(Process):
    """A user's own, with a mistake in it."""

    name = "faulty"

    def next_act(self, step):
        return max(40, step + 1)

    def act(self, step):
        del step
        raise ValueError("my own mistake")


def test_a_part_that_fails_pauses_the_brain_and_leaves_the_page(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    brain = built()
    brain.add_process(Faulty())
    with LivePage(brain, run=True, playing=False) as page, Client(page) as client:
        page.start()
        client.do("snapshot")
        for _ in range(2):
            client.do("play")
            client.until(lambda: any(t.get("event") == "trouble" for t in client.texts))
            told = next(t for t in client.texts if t.get("event") == "trouble")
            assert "the brain has stopped: ValueError: my own mistake" in told["text"]
            client.texts.clear()
            client.until(lambda: any(t["type"] == "settings" for t in client.texts))
            assert client.texts[-1]["running"] is False
            client.texts.clear()
        with Client(page) as late:
            late.until(lambda: late.frames)
        assert client.do("save", name="kept")["ok"]
        assert client.do("rewind", step=0)["result"]["step"] == 0
    err = capfd.readouterr().err
    assert err.count("ValueError: my own mistake\n") == 1


def test_looking_that_fails_leaves_commands(page, monkeypatch, capfd):
    stage = page.stages[0]
    monkeypatch.setattr(stage, "frame", lambda *_: 1 / 0)
    with Client(page) as client:
        client.until(lambda: any(t.get("event") == "trouble" for t in client.texts))
        assert client.do("fingerprint")["ok"]
        assert not page.pace.running
    assert capfd.readouterr().err.count("ZeroDivisionError: ") == 1


def test_errors_of_the_disk_name_no_folders():
    missing = FileNotFoundError(2, "No such file or directory", "/somewhere/secret/x.film")
    assert worded(missing) == "No such file or directory: x.film"
    assert worded(ValueError()) == "ValueError"
    assert worded(ValueError("a\nb"), kind=False) == "a b"


def test_settings_say_that_steps_have_ended(page):
    with Client(page) as client:
        client.do("pause")
        client.texts.clear()
        client.do("step", n=5)
        told = client.texts
        client.until(lambda: [t["running"] for t in told if t["type"] == "settings"][1:] == [False])


def test_a_command_that_fails_in_some_other_way_gets_an_error(page, monkeypatch):
    monkeypatch.setitem(actions.ACTIONS, "files", (lambda *_: 1 / 0, ()))
    with Client(page) as client:
        assert client.do("files")["error"] == "division by zero"
        assert client.do("ping")["ok"]


def test_a_port_in_use_is_named(page):
    with pytest.raises(InvalidValueError, match=f"port {page.port} is in use"):
        LivePage(built(), run=True, port=page.port)
    with pytest.raises(InvalidValueError, match="no address of this machine"):
        LivePage(built(), run=True, host="192.0.2.1")


def test_arguments_of_brain_live():
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, n_neurons=5)
    with brain.live(open_browser=False, positions={"a": [[0, 0, k] for k in range(5)]}) as page:
        assert page.brain is brain
        assert str(page.port) in page.address
        assert page.address in repr(page)
    with brain.live(open_browser=False, run=True) as page, Client(page) as client:
        client.until(lambda: client.frames and client.frames[-1].head["step"] > 0)
    with pytest.raises(UnknownNameError):
        brain.live(open_browser=False, positions={"b": [[0, 0, 0]]})
    for bad in ({"positions": {"a": [[0, 0, 0]]}}, {"port": 70_000}, {"host": ""}, {"token": ""}):
        with pytest.raises(InvalidValueError):
            brain.live(open_browser=False, **bad)


def test_without_the_extra_the_error_names_it(monkeypatch):
    real = builtins.__import__

    def lacking(name, *args, **kwargs):
        if name.split(".")[0] in ("starlette", "uvicorn"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in [n for n in sys.modules if n.startswith("engram.live.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(MissingExtraError, match=r'pip install ".\[live\]"'):
        Brain(seed=1).live(open_browser=False)


COMMAND = """
import signal
from engram.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
import sys
sys.argv = ["engram", "live", "--no-browser"]
main()
"""


def test_the_command_line(tmp_path):
    command = [sys.executable, "-c", COMMAND]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            address = program.stdout.readline().strip()
            port = int(address.removeprefix("http://127.0.0.1:").removesuffix("/"))
            with connect(f"ws://127.0.0.1:{port}/ws", max_size=None, proxy=None) as client:
                assert json.loads(client.recv(timeout=PATIENCE))["title"] == "demonstration"
            program.send_signal(signal.SIGINT)
            out, err = program.communicate(timeout=PATIENCE)
        finally:
            program.kill()
    assert (program.returncode, out) == (130, "")
    assert err.strip() == "engram: interrupted"
    assert not list(tmp_path.iterdir())


def test_the_command_line_refuses_what_does_not_go_together():
    from typer.testing import CliRunner

    from engram.cli import app

    runner = CliRunner()
    for options in (["--world", "grid", "--digits"], ["--world", "moon"], ["nothing.engram"]):
        found = runner.invoke(app, ["live", "--no-browser", *options])
        assert found.exit_code == 2, options
