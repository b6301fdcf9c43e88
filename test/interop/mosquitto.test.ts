/** The same client against a broker that we did not write. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type BrokerUnderTest, mqttClientSuite } from "../contract/mqtt-client-suite.ts";
import { eventually } from "../support/eventually.ts";
import { freePort, isListening } from "../support/ports.ts";

const MOSQUITTO = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].find(existsSync);

if (MOSQUITTO !== undefined) {
  mqttClientSuite("Mosquitto", () => startMosquitto(MOSQUITTO));
} else if (process.env.LAMPLIGHTER_RINGS === "all") {
  it("finds Mosquitto", () => expect.fail("Mosquitto is not installed: apt-get install mosquitto"));
} else {
  it.skip("Mosquitto is not installed (apt-get install mosquitto), so this ring is left out", () => {});
}

async function startMosquitto(program: string): Promise<BrokerUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
  const port = await freePort();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const passwords = file("passwords", "");
  for (const user of ["plant", "door"]) {
    execFileSync("mosquitto_passwd", ["-b", passwords, user, "secret"], { stdio: "pipe" });
  }
  const rights = file("rights", "user plant\ntopic #\nuser door\ntopic door/#\n");
  const configuration = file(
    "mosquitto.conf",
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous false",
      `password_file ${passwords}`,
      `acl_file ${rights}`,
      "max_queued_messages 0",
      // Without this it becomes another user when started as root, who cannot read the files above.
      ...(process.getuid?.() === 0 ? ["user root"] : []),
    ].join("\n"),
  );
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(program, ["-c", configuration], { stdio: "ignore" });
    await eventually("Mosquitto listens", () => isListening(port));
    return child;
  };
  let child = await start();
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    restart: async () => {
      await kill();
      child = await start();
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}
