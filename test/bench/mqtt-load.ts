/** Devices for the MQTT bench, in a process of their own: QoS 1 messages at a steady pace, acks counted. */
import { connect } from "node:net";
import { connectPacket, publishPacket } from "../support/raw-mqtt.ts";

const [port = "0", devices = "100", perSecond = "50", seconds = "10"] = process.argv.slice(2);
const TICK_MS = 20;
/** Messages of one device that may wait for their acknowledgement. */
const WINDOW = 200;

const delays: number[] = [];
let sent = 0;
let acknowledged = 0;

function device(index: number): void {
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  const sentAt = new Map<number, number>();
  let id = 0;
  let done = 0;
  const start = performance.now();
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.write(connectPacket(`d${index}`, "plant", "secret"));
  socket.on("data", (chunk) => {
    const bytes = Buffer.from(chunk);
    // CONNACK and PUBACK have 4 bytes each; packet id in the last two.
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      if (bytes[at] !== 0x40) continue;
      const at0 = sentAt.get(bytes.readUInt16BE(at + 2));
      if (at0 === undefined) continue;
      sentAt.delete(bytes.readUInt16BE(at + 2));
      acknowledged++;
      delays.push(performance.now() - at0);
    }
  });
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1_000) * Number(perSecond);
    for (; done < due && sentAt.size < WINDOW; done++) {
      id = (id % 65_000) + 1;
      const state = {
        time: new Date().toISOString(),
        gas_lel: (sent % 1_000) / 50,
        temperature: 20 + (sent % 50) / 10,
        humidity: 40 + (sent % 20),
        sensor_state: "normal",
        firmware: "1.0.0",
      };
      socket.write(
        publishPacket(`plant/lab-${index}/state`, Buffer.from(JSON.stringify(state)), id),
      );
      sentAt.set(id, performance.now());
      sent++;
    }
  }, TICK_MS);
  setTimeout(() => clearInterval(timer), Number(seconds) * 1_000);
}

for (let i = 0; i < Number(devices); i++) device(i);
setTimeout(
  () => {
    delays.sort((a, b) => a - b);
    const p99 = delays[Math.floor(delays.length * 0.99)] ?? 0;
    process.send?.({ sent, acknowledged, p99 });
    process.exit(0);
  },
  (Number(seconds) + 2) * 1_000,
);
