/**
 * What some devices need besides being polled: events that are taken over and then cleared in the
 * device, signs of life for its watchdog, and the search for its SunSpec models.
 */
import type { Clock } from "../../../../core/clock.ts";
import { wordsOf } from "../../../../core/errors.ts";
import { seconds } from "../../../../core/time.ts";
import type { ModbusHandshake } from "../../../../device-profiles/profile.ts";
import type { Log } from "../../../../platform/log.ts";
import type { SampleSink } from "../../source.ts";
import { decodeRaw } from "../decode.ts";
import { encodeWrite } from "../encode.ts";
import type { Demands } from "./demands.ts";
import type { Block, DeviceState } from "./device.ts";
import { type Attempt, isRefusal, type LineState } from "./line-state.ts";
import type { Requests } from "./requests.ts";
import type { Errand, ReadTask } from "./tasks.ts";

/** An event that could not be cleared within this is read again. */
const CLEAR_WITHIN = seconds(5);

export interface ErrandsOptions {
  readonly state: LineState;
  readonly requests: Requests;
  readonly demands: Demands;
  readonly sink: SampleSink;
  readonly clock: Clock;
  readonly log: Log;
}

export class Errands {
  readonly #options: ErrandsOptions;
  /** Handshakes whose event is on its way to the disk. */
  readonly #takingOver = new Set<ReadTask["key"]>();
  /** Signs of life given to each device. */
  readonly #signs = new Map<number, number>();

  constructor(options: ErrandsOptions) {
    this.#options = options;
  }

  /**
   * The device holds an event until it is cleared, and it is cleared only once it is durable here.
   * A gateway that dies in between reads it a second time: twice is better than never.
   */
  async takeOver(task: ReadTask, device: DeviceState, asked: Block): Promise<void> {
    task.failures = 0;
    const key = `${task.device}:${task.key}`;
    const [point] = task.read.points;
    const { handshake } = point ?? {};
    if (point === undefined || handshake === undefined || this.#takingOver.has(key)) return;
    const flag = decodeRaw(handshake.ready, (_, address) => asked.values[address - asked.address]);
    if (!flag.ok || !handshake.values.includes(Number(flag.value))) return;
    const blocks = await this.#options.requests.readPoint(task.device, device, point);
    if (!blocks.ok) return;
    const values = device.applied({ points: [point] }, blocks.value);
    this.#takingOver.add(key);
    // The line goes on meanwhile: the disk may take its time.
    this.#options.sink
      .keep(values)
      .then(() => this.#clear(task.device, device, handshake.clear))
      .catch((error: unknown) => {
        const fields = { device: device.device, error: wordsOf(error) };
        this.#options.log.warn("modbus event not kept, left in the device", fields);
      })
      .finally(() => this.#takingOver.delete(key));
  }

  async #clear(index: number, device: DeviceState, clear: ModbusHandshake["clear"]): Promise<void> {
    const write = encodeWrite(clear, clear.value);
    if (!write.ok) return;
    await this.#options.demands.add(
      CLEAR_WITHIN,
      async () => void (await this.#options.requests.tell(index, device, write.value)),
      () => undefined,
    );
  }

  async keepAlive(task: Errand, device: DeviceState, attempt: Attempt): Promise<void> {
    const { keepAlive } = device.profile;
    if (keepAlive === undefined) return;
    const given = this.#signs.get(task.device) ?? 0;
    this.#signs.set(task.device, given + 1);
    const write = encodeWrite(
      keepAlive.write,
      keepAlive.values[given % keepAlive.values.length] ?? 0,
    );
    if (!write.ok) return;
    const { requests, state } = this.#options;
    const answer = await requests.write(device, write.value);
    if (answer.ok) state.answered(task.device, attempt, "answered");
    else state.errandFailed(task, attempt, answer.error);
  }

  /** One step of a search; the next follows at once, behind what cannot wait. */
  async discover(task: Errand, device: DeviceState, attempt: Attempt): Promise<void> {
    const address = device.searchedAddress;
    if (address === undefined) return;
    const { requests, state, clock } = this.#options;
    const answer = await requests.read(device, { table: "holding", address, count: 2 });
    if (answer.ok) state.answered(task.device, attempt, "answered");
    else state.errandFailed(task, attempt, answer.error);
    if (!answer.ok && !isRefusal(answer.error)) return;
    state.offer(device.searched(answer.ok ? answer.value : undefined));
    if (device.isLocated) state.plan(task.device);
    else if (!device.isSearchAtStart) task.due = clock.monotonic();
  }
}
