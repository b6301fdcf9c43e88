/**
 * Where a device in the field is, as one word on the command line → what a gateway's file would say
 * of that connection. Pure; every refusal says what would be right.
 *
 *   tcp://10.0.0.7:502   rtu+tcp://10.0.0.8:4001   serial:///dev/ttyUSB0?baud=9600&parity=even
 *   opc.tcp://10.0.0.9:4840/path                   mqtt://10.0.0.10:1883
 */
import { failure, type Outcome, success } from "../../core/outcome.ts";
import type { ModbusConnection } from "../configuration.ts";

export type ConnectionAddress =
  | { readonly protocol: "modbus"; readonly connection: ModbusConnection }
  | { readonly protocol: "opcua"; readonly endpoint: string }
  | { readonly protocol: "mqtt"; readonly url: string };

const ID = "field";
const MODBUS_PORT = 502;
const BAUD = { min: 300, max: 921_600, default: 9_600 };
const PARITIES = ["none", "even", "odd"] as const;

export const ADDRESS_FORMS =
  "tcp://host:502, rtu+tcp://host:4001, serial:///dev/ttyUSB0?baud=9600&parity=none&stopBits=1, " +
  "opc.tcp://host:4840/path, mqtt://host:1883";

export function parseConnectionAddress(text: string): Outcome<ConnectionAddress, string> {
  const url = URL.parse(text);
  switch (url?.protocol) {
    case "tcp:":
      return overNetwork(text, url, "tcp");
    case "rtu+tcp:":
      return overNetwork(text, url, "rtu-over-tcp");
    case "serial:":
      return overSerial(text, url);
    case "opc.tcp:":
      return success({ protocol: "opcua", endpoint: text });
    case "mqtt:":
    case "mqtts:":
      if (url.password !== "") return failure("a password in an address is seen by everybody");
      return success({ protocol: "mqtt", url: text });
    default:
      return failure(`"${text}" is no address of a connection; known are ${ADDRESS_FORMS}`);
  }
}

function overNetwork(
  text: string,
  url: URL,
  transport: "tcp" | "rtu-over-tcp",
): Outcome<ConnectionAddress, string> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") return failure(`"${text}" names no host`);
  const rest = `${url.pathname}${url.search}`;
  if (rest !== "" && rest !== "/") return failure(`"${text}": after the port comes nothing`);
  const port = url.port === "" ? MODBUS_PORT : Number(url.port);
  if (port < 1) return failure(`"${text}": a port is 1 to 65535`);
  return success({
    protocol: "modbus",
    connection: { id: ID, protocol: "modbus", transport, host, port },
  });
}

function overSerial(text: string, url: URL): Outcome<ConnectionAddress, string> {
  // `serial://COM3` has its port where others have a host.
  const path = decodeURIComponent(url.hostname === "" ? url.pathname : url.hostname);
  if (path === "" || path === "/") return failure(`"${text}" names no serial port`);
  for (const name of url.searchParams.keys()) {
    if (["baud", "parity", "stopBits"].includes(name)) continue;
    return failure(`"${text}": "${name}" is not known; known are baud, parity and stopBits`);
  }
  const baud = Number(url.searchParams.get("baud") ?? BAUD.default);
  if (!Number.isInteger(baud) || baud < BAUD.min || baud > BAUD.max) {
    return failure(`"${text}": baud is a number from ${BAUD.min} to ${BAUD.max}`);
  }
  const givenParity = url.searchParams.get("parity") ?? "none";
  const parity = PARITIES.find((word) => word === givenParity);
  if (parity === undefined) return failure(`"${text}": parity is ${PARITIES.join(", ")}`);
  const givenStop = url.searchParams.get("stopBits") ?? "1";
  if (givenStop !== "1" && givenStop !== "2") return failure(`"${text}": stopBits is 1 or 2`);
  const stopBits = givenStop === "1" ? 1 : 2;
  return success({
    protocol: "modbus",
    connection: { id: ID, protocol: "modbus", transport: "serial", path, baud, parity, stopBits },
  });
}
