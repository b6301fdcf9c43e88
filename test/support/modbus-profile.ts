/** Profiles and points for Modbus tests, with everything unsaid at its plainest. */
import { milliseconds, minutes, seconds } from "../../core/time.ts";
import type {
  ModbusAddress,
  ModbusOrder,
  ModbusPoint,
  ModbusProfile,
} from "../../device-profiles/profile.ts";

export const BIG: ModbusOrder = { words: "big", bytes: "big" };

export const at = (
  address: number,
  type: ModbusAddress["type"] = "uint16",
  more: Partial<ModbusAddress> = {},
): ModbusAddress => ({ table: "holding", address, type, order: BIG, ...more });

export const modbusPoint = (
  name: string,
  read: ModbusAddress,
  more: Partial<ModbusPoint> = {},
): ModbusPoint => ({
  name,
  kind: "gauge",
  unit: "1",
  quantity: "test",
  label: { zh: name, en: name },
  personal: false,
  momentary: false,
  poll: "power",
  deadband: 0,
  heartbeat: minutes(1),
  sentinels: [],
  scale: 1,
  offset: 0,
  multiplyBy: [],
  read,
  ...more,
});

export const modbusProfile = (
  points: readonly ModbusPoint[],
  limits: Partial<ModbusProfile["limits"]> = {},
  more: Partial<ModbusProfile> = {},
): ModbusProfile => ({
  id: "test/device",
  vendor: "test",
  model: "device",
  name: { zh: "设备", en: "device" },
  sources: [],
  confirmed: true,
  notes: [],
  settings: {},
  protocol: "modbus",
  limits: {
    registersMax: 125,
    coilsMax: 2_000,
    readAlone: [],
    prohibited: [],
    gapMax: 16,
    pauseAfterConnect: milliseconds(0),
    pauseBetween: milliseconds(0),
    answerWithin: seconds(0.3),
    ...limits,
  },
  points,
  ...more,
});
