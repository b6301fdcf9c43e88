import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { modbusPorts } from "../../../../simulators/campus/configuration.ts";
import { demoCampus } from "../../../../simulators/campus/demo.ts";
import { readPasswords, writeCampusConfiguration } from "../../../../simulators/campus/write.ts";

const campus = demoCampus();
const PORTS = {
  http: 8_080,
  uplink: 1_883,
  devices: 1_884,
  opcua: 14_840,
  modbus: modbusPorts(campus, 15_020),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "configuration-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("writes files, and passwords that only their owner reads and no two of which are alike", async () => {
  const written = await writeCampusConfiguration(campus, PORTS, folder);
  expect(written.map((path) => path.slice(folder.length + 1))).toEqual([
    "site.yaml",
    "server.yaml",
    "gateways/main.yaml",
  ]);
  const passwords = await readPasswords(campus, folder);
  expect(passwords.size).toBe(17);
  expect(new Set(passwords.values()).size).toBe(17);
  for (const [name, password] of passwords) {
    expect(password.length, name).toBeGreaterThanOrEqual(32);
    expect(statSync(join(folder, "secrets", `${name}.password`)).mode & 0o777).toBe(0o600);
  }
});

it("keeps passwords when written again, and follows changed ports", async () => {
  await writeCampusConfiguration(campus, PORTS, folder);
  const before = await readPasswords(campus, folder);
  await writeCampusConfiguration(campus, { ...PORTS, http: 9_090 }, folder);
  expect(await readPasswords(campus, folder)).toEqual(before);
  expect(readFileSync(join(folder, "server.yaml"), "utf8")).toContain("9090");
});

it("says where it could not write, and what to do", async () => {
  const file = join(folder, "taken");
  writeFileSync(file, "");
  await expect(writeCampusConfiguration(campus, PORTS, file)).rejects.toMatchObject({
    code: "DATA_FOLDER_UNWRITABLE",
    message: expect.stringContaining("Choose another directory"),
  });
});

it("says which password is missing, and how to make it", async () => {
  await expect(readPasswords(campus, folder)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("lamplighter simulate configuration"),
  });
});
