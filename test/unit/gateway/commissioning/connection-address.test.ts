import { describe, expect, it } from "vitest";
import { parseConnectionAddress } from "../../../../gateway/commissioning/connection-address.ts";

const network = { id: "field", protocol: "modbus" };
const serial = { ...network, transport: "serial", parity: "none", stopBits: 1, baud: 9_600 };

describe("an address on the command line", () => {
  it.each([
    ["tcp://10.0.0.7:1502", { ...network, transport: "tcp", host: "10.0.0.7", port: 1502 }],
    ["tcp://meter.example", { ...network, transport: "tcp", host: "meter.example", port: 502 }],
    ["tcp://[fe80::1]:502", { ...network, transport: "tcp", host: "fe80::1", port: 502 }],
    [
      "rtu+tcp://10.0.0.8:4001/",
      { ...network, transport: "rtu-over-tcp", host: "10.0.0.8", port: 4001 },
    ],
    ["serial:///dev/ttyUSB0", { ...serial, path: "/dev/ttyUSB0" }],
    [
      "serial:///dev/serial/by-id/usb-FTDI?baud=19200&parity=even&stopBits=2",
      { ...serial, path: "/dev/serial/by-id/usb-FTDI", baud: 19_200, parity: "even", stopBits: 2 },
    ],
    ["serial://COM3?parity=odd", { ...serial, path: "COM3", parity: "odd" }],
  ])("%s is a Modbus connection", (text, connection) => {
    const parsed = parseConnectionAddress(text);
    expect(parsed).toEqual({ ok: true, value: { protocol: "modbus", connection } });
  });

  it.each([
    ["opc.tcp://10.0.0.9:4840/path", { protocol: "opcua" }],
    ["mqtt://10.0.0.10:1883", { protocol: "mqtt" }],
    ["mqtts://broker.example", { protocol: "mqtt" }],
  ])("%s is kept as it is", (text, value) => {
    const parsed = parseConnectionAddress(text);
    expect(parsed).toMatchObject({ ok: true, value });
    expect(Object.values(parsed.ok ? parsed.value : {})).toContain(text);
  });

  it.each([
    ["10.0.0.7:502", "known are tcp://host:502"],
    ["http://10.0.0.7", "known are tcp://host:502"],
    ["tcp://10.0.0.7:0", "1 to 65535"],
    ["tcp://10.0.0.7:70000", "is no address"],
    ["tcp://10.0.0.7:502/3", "after the port comes nothing"],
    ["tcp://:502", "is no address"],
    ["serial://", "names no serial port"],
    ["serial:///dev/ttyUSB0?baud=299", "300 to 921600"],
    ["serial:///dev/ttyUSB0?baud=fast", "300 to 921600"],
    ["serial:///dev/ttyUSB0?parity=mark", "none, even, odd"],
    ["serial:///dev/ttyUSB0?stopBits=3", "1 or 2"],
    ["serial:///dev/ttyUSB0?bits=7", '"bits" is not known'],
    ["mqtt://me:secret@10.0.0.10", "seen by everybody"],
  ])("%s is refused", (text, why) => {
    const parsed = parseConnectionAddress(text);
    expect(parsed.ok ? "accepted" : parsed.error).toContain(why);
    expect(parsed.ok ? "" : parsed.error).not.toContain("secret");
  });
});
