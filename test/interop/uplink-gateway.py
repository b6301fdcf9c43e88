"""A gateway written from docs/uplink.md alone: Python's standard library and Mosquitto's two clients.

usage: uplink-gateway.py HOST PORT USER PASSWORD SITE GATEWAY BUFFER COUNT

Numbers samples 1 … COUNT of one counter, keeps its batches in the file BUFFER until they are acknowledged,
executes commands for one lamp, and prints a line for each thing that happens.
"""
import json, os, random, subprocess, sys, threading, time

host, port, user, password, site, gateway, buffer_file, count = sys.argv[1:9]
base = "lamplighter/1/%s/%s/" % (site, gateway)
instance = "%08x" % random.getrandbits(32)
login = ["-h", host, "-p", port, "-u", user, "-P", password, "-q", "1"]
LANES = ("hazard", "live", "backfill")


def publish(channel, message, retain=False):
    text = message if isinstance(message, str) else json.dumps(message)
    flags = ["-r"] if retain else []
    subprocess.run(["mosquitto_pub", *login, *flags, "-t", base + channel, "-s"],
                   input=text.encode(), check=True)


# The buffer: one line per batch, and the epoch in the first. Batches stay until they are acknowledged.
if os.path.exists(buffer_file):
    with open(buffer_file) as f:
        epoch, *lines = f.read().splitlines()
    batches = [json.loads(line) for line in lines]
else:
    epoch, batches = "py-%08x" % random.getrandbits(32), []
    start = int(time.time() * 1000) - int(count) * 1000
    for number, first in enumerate(range(1, int(count) + 1, 10), start=1):
        values = list(range(first, min(first + 10, int(count) + 1)))
        batches.append({
            "version": 1, "epoch": epoch, "lane": "live", "number": number,
            "points": ["%s-meter/energy_import" % gateway], "point": [0] * len(values),
            "time": [start + first * 1000] + [1000] * (len(values) - 1), "value": values,
        })
    with open(buffer_file, "w") as f:
        f.write("\n".join([epoch] + [json.dumps(b) for b in batches]))
        f.flush()
        os.fsync(f.fileno())

label = {"zh": "表", "en": "Meter"}
meter = gateway + "-meter"
birth = {
    "site": site, "gateway": gateway, "version": "1",
    "devices": [{"device": meter, "name": label, "space": "room", "connection": "own", "profile": "own/meter"}],
    "points": [
        {"point": meter + "/energy_import", "device": meter, "kind": "counter", "unit": "kW.h",
         "quantity": "activeEnergy", "name": label, "category": "electricity", "expectEvery": 60000},
        {"point": meter + "/switch_1", "device": meter, "kind": "state", "unit": "1",
         "quantity": "lightSwitch", "name": label, "expectEvery": 60000,
         "command": {"values": [0, 1], "settleMs": 100, "proof": "readBack", "tolerance": 0}},
    ],
}


def greet():
    publish("birth", birth, retain=True)
    publish("state", {"state": "online", "epoch": epoch, "timeMs": int(time.time() * 1000),
                      "version": "py", "instance": instance, "catalogue": "1"}, retain=True)


stored = {}
lamp = {"value": 0}
executed = {}
wake = threading.Event()


def on_ack(message):
    if message.get("ask") == "birth":
        stored.clear()
        greet()
    elif message.get("refuse") == instance:
        print("refused", flush=True)
        os._exit(3)
    elif message.get("epoch") == epoch:
        stored[message["lane"]] = message["storedThrough"]
        wake.set()


def on_command(command):
    if command["id"] not in executed:
        lamp["value"] = command["value"]
        publish("reply", {"id": command["id"], "state": "accepted", "timeMs": int(time.time() * 1000)})
        executed[command["id"]] = {"id": command["id"], "state": "verified", "shown": lamp["value"]}
        print("executed", command["id"], command["value"], flush=True)
    publish("reply", dict(executed[command["id"]], timeMs=int(time.time() * 1000)))


will = ["--will-topic", base + "state", "--will-qos", "1", "--will-retain",
        "--will-payload", json.dumps({"state": "offline", "instance": instance})]
listener = subprocess.Popen(
    ["mosquitto_sub", *login, *will, "-F", "%t %p", "-t", base + "ack", "-t", base + "command"],
    stdout=subprocess.PIPE, text=True)


def listen():
    for line in listener.stdout:
        topic, text = line.split(" ", 1)
        message = json.loads(text)
        (on_ack if topic.endswith("/ack") else on_command)(message)


threading.Thread(target=listen, daemon=True).start()
time.sleep(0.5)
last = batches[-1]["number"]
while stored.get("live", 0) < last:
    if len(stored) < 3:
        wake.clear()
        greet()
        wake.wait(10)
        time.sleep(0.2)
        continue
    through = stored["live"]
    for batch in [b for b in batches if b["number"] > through][:8]:
        publish("data/live", batch)
        print("sent", batch["number"], flush=True)
    deadline = time.time() + 10
    while stored.get("live", 0) == through and time.time() < deadline:
        wake.clear()
        wake.wait(0.5)
print("done", flush=True)
time.sleep(float(os.environ.get("STAY_S", "0")))
publish("state", {"state": "offline", "instance": instance}, retain=True)
listener.terminate()
