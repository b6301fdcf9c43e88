/** The ports of the demo, moved together by `--offset`; a taken one is found before anything starts. */
import { createServer } from "node:net";
import { LamplighterError } from "../../core/errors.ts";

export interface DemoPorts {
  readonly http: number;
  readonly uplink: number;
  readonly devices: number;
  readonly control: number;
  readonly opcua: number;
  readonly modbusFirst: number;
}

const DEFAULTS: DemoPorts = {
  http: 8_080,
  uplink: 1_883,
  devices: 1_884,
  control: 15_000,
  opcua: 14_840,
  modbusFirst: 15_020,
};

export function demoPorts(offset: number, http: number | undefined): DemoPorts {
  const moved = Object.entries(DEFAULTS).map(([name, port]) => [name, port + offset]);
  const ports: DemoPorts = Object.fromEntries(moved);
  return http === undefined ? ports : { ...ports, http };
}

/** Throws PORT_IN_USE with every taken port at once. */
export async function requireFree(ports: DemoPorts): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports)) {
    if (!(await isFree(port))) taken.push(`${port} (${name})`);
  }
  if (taken.length === 0) return;
  throw new LamplighterError(
    "PORT_IN_USE",
    `These ports of 127.0.0.1 are taken by other programs: ${taken.join(", ")}. Stop those, or move all ports with --offset 1000 (only the page: --port 9000).`,
    { fields: { ports: taken } },
  );
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
