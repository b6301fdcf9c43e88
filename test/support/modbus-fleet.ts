/**
 * A process of many Modbus TCP devices, each on a port of its own, for load: `node modbus-fleet.ts
 * <count> <dead> <slow>` prints their ports as JSON. The dead ones accept and never answer, the
 * slow ones answer after three seconds.
 */
import { createServer } from "node:net";

const SLOW_MS = 3_000;
const [count = 1, dead = 0, slow = 0] = process.argv.slice(2).map(Number);

function listen(behaviour: "well" | "dead" | "slow"): Promise<number> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (request: Buffer) => {
      // Reads of whole requests only, which is what our client sends.
      const registers = request.readUInt16BE(10);
      const answer = Buffer.alloc(9 + 2 * registers);
      request.copy(answer, 0, 0, 2);
      answer.writeUInt16BE(3 + 2 * registers, 4);
      answer.set([request.readUInt8(6), request.readUInt8(7), 2 * registers], 6);
      for (let i = 0; i < registers; i += 2) answer.writeFloatBE(230 + i / 10, 9 + 2 * i);
      if (behaviour === "well") socket.write(answer);
      if (behaviour === "slow") setTimeout(() => socket.write(answer), SLOW_MS);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

const ports: number[] = [];
for (let i = 0; i < count; i++) {
  ports.push(await listen(i < dead ? "dead" : i < dead + slow ? "slow" : "well"));
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.resume().once("end", () => process.exit());
