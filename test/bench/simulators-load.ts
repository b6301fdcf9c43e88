/**
 * The masters of the simulators' bench, a process of its own: on each port reads two blocks of one meter
 * every second for as long as it is told, and prints how many answers were whole and how many were not.
 */
import { connect } from "node:net";

const order: { readonly ports: readonly number[]; readonly seconds: number } = JSON.parse(
  process.argv[2] ?? "{}",
);
/** Unit 2, input registers 0–79 and 342–375, most of what an SDM630 has. */
const REQUESTS = ["000100000006020400000050", "000200000006020401560022"].map((text) =>
  Buffer.from(text, "hex"),
);
const ANSWER_BYTES = [9 + 160, 9 + 68];
let whole = 0;
let damaged = 0;

for (const [i, port] of order.ports.entries()) {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let waiting = Buffer.alloc(0);
  let turn = 0;
  socket.on("data", (chunk) => {
    waiting = Buffer.concat([waiting, Buffer.from(chunk)]);
    const expected = ANSWER_BYTES[turn] ?? 0;
    if (waiting.length < expected) return;
    if (waiting.length === expected && waiting[7] === 4) whole++;
    else damaged++;
    waiting = Buffer.alloc(0);
    turn++;
    const next = REQUESTS[turn];
    if (next) socket.write(next);
  });
  const poll = (): void => {
    turn = 0;
    socket.write(REQUESTS[0] ?? "");
  };
  socket.once("connect", () => setTimeout(() => setInterval(poll, 1_000), (i * 5) % 1_000));
}

setTimeout(() => {
  process.stdout.write(JSON.stringify({ whole, damaged }));
  process.exit(0);
}, order.seconds * 1_000);
